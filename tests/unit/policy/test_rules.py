"""Test each rule of who decides, by name: a case that passes, and one that is refused by exactly that rule."""

from typing import Any, NamedTuple

import pytest

from bot.core.model import Kind, Money, Option, Verdict
from bot.core.policy import Judgement, Policy, PolicyAction, Spent
from tests.support.policies import (
    ANA,
    BEN,
    LARGE,
    LEA,
    ONE,
    SAM,
    SMALL,
    TWO,
    a_refund,
    ask,
    decision,
    person,
    policy_of,
    proposal,
    shipped,
    usd,
)

SHIPPED = shipped()
LEADS_ONLY = 'kinds = ["refund"]\nquorum = 1\ngroups = ["leads"]\n'
UP_TO_100 = 'kinds = ["refund"]\nup_to = { USD = "100.00", EUR = "90.00" }\n' + ONE
TWO_OF_FINANCE = 'kinds = ["refund"]\nquorum = 2\ngroups = ["finance"]\n'
LIMITS = '[limits]\nper_customer_per_day = { USD = "500.00" }\nper_approver_per_day = { USD = "500.00" }\n'
LIMITED = policy_of(UP_TO_100, LEADS_ONLY, ONE, more=LIMITS)
CASE_LIMITED = policy_of(UP_TO_100, LEADS_ONLY, ONE, more='[limits]\nper_case = { USD = "50.00" }\n')
BY_KIND = policy_of('kinds = ["dispute"]\nquorum = 1\ngroups = ["leads"]\n', ONE)
ONLY_ONE = policy_of(ONE, more=LIMITS)
EURO = {"money": Money(amount_minor=9_000, currency="EUR")}
ANOTHER_WAY = Option(name="refund", label="Refund it", actions=(a_refund(SMALL),))
SAM_FOR_ANA, SAM_FOR_LEA = person(SAM, **{ANA: ["finance"]}), person(SAM, **{LEA: ["leads"]})
BEN_FOR_LEA = person(BEN, **{LEA: ["leads"]})
ANA_BY_SAM = decision(SAM, groups=["finance"], stood_in_for=(ANA,))


class Rule(NamedTuple):
    """Hold what both have in common, the one that passes, the one that does not, and what is then said."""

    both: dict[str, Any]
    passes: dict[str, Any]
    refused: dict[str, Any]
    because: str


LATE = {"money": LARGE, "decisions": (decision(LEA),)}  # one of two has approved

RULES = {
    # bands
    "a group of the band approves": Rule({}, {"who": ANA}, {"who": SAM}, "Only finance may approve this."),
    "a group of a higher band is not asked": Rule({}, {"who": ANA}, {"who": LEA}, "Only finance may approve this."),
    "an amount within the band": Rule({}, {"money": SMALL}, {"money": LARGE}, "waiting for a lead"),
    "an amount in another currency of the band": Rule(
        {}, EURO, {"money": Money(amount_minor=9_001, currency="EUR")}, "waiting for a lead"
    ),
    "a currency without a band needs the highest": Rule(
        {}, EURO, {"money": Money(amount_minor=1, currency="CHF")}, "waiting for a lead"
    ),
    "an amount that is not stated needs the highest": Rule({}, {"money": SMALL}, {"money": None}, "waiting for a lead"),
    "bands by kind": Rule(
        {"policy": BY_KIND}, {"kind": Kind.REFUND}, {"kind": Kind.DISPUTE}, "Only leads may approve this."
    ),
    # how many
    "a quorum": Rule(
        {"policy": policy_of(TWO_OF_FINANCE, ONE)},
        {"who": ANA, "decisions": (decision(BEN),)},
        {"who": ANA, "decisions": ()},
        "waiting for one more of finance",
    ),
    "at least one of a group": Rule(
        {"money": LARGE},
        {"who": ANA, "decisions": (decision(LEA),)},
        {"who": ANA, "decisions": (decision(BEN),)},
        "waiting for a lead",
    ),
    "different people": Rule(LATE, {"who": ANA}, {"who": LEA}, "each person decides once"),
    "approvals of this version": Rule(
        {"money": LARGE, "who": ANA},
        {"decisions": (decision(LEA),)},
        {"decisions": (decision(LEA, version=1),)},
        "waiting for a lead",
    ),
    "an approval of an earlier version bars nobody from this one": Rule(
        {"who": ANA}, {"decisions": (decision(ANA, version=1),)}, {"decisions": (decision(ANA),)}, "decides once"
    ),
    "approvals of people whom the band still names": Rule(
        {"money": LARGE, "who": LEA},
        {"decisions": (decision(BEN),)},
        {"decisions": (decision(SAM),)},
        "waiting for one more of finance or leads",
    ),
    "approvals of this case": Rule(
        {"money": LARGE, "who": ANA},
        {"decisions": (decision(LEA),)},
        {"decisions": (decision(LEA, case_id="C-2"),)},
        "waiting for a lead",
    ),
    "a version that nobody rejected": Rule(
        {"who": ANA}, {"decisions": ()}, {"decisions": (decision(BEN, verdict=Verdict.REJECT),)}, "already rejected"
    ),
    "a version that is complete": Rule({}, {}, {"actions": ()}, "Complete this case first."),
    "a version whose way is chosen": Rule(
        {}, {}, {"actions": (), "options": (ANOTHER_WAY,)}, "Choose first how to settle it."
    ),
    # authors
    "nobody alone on what they asked for or edited": Rule(
        {"who": ANA}, {"authors": (BEN,)}, {"authors": (ANA,)}, "You asked for this or edited it"
    ),
    "nor several who all did": Rule(
        {**LATE, "who": ANA}, {"authors": (ANA,)}, {"authors": (ANA, LEA)}, "You asked for this or edited it"
    ),
    "nor through somebody who stands in": Rule(
        {"who": SAM_FOR_ANA}, {"authors": (BEN,)}, {"authors": (ANA,)}, "You stand in for somebody who asked for this"
    ),
    "nor by having stood in for the author": Rule(
        {"money": LARGE, "who": LEA, "decisions": (ANA_BY_SAM,)},
        {"authors": (ANA,)},
        {"authors": (ANA, LEA)},
        "You asked for this or edited it",
    ),
    "nor by asking oneself while standing in": Rule(
        {"who": SAM_FOR_ANA}, {"authors": (LEA,)}, {"authors": (SAM,)}, "You asked for this or edited it"
    ),
    # delegation
    "lent groups count": Rule({}, {"who": SAM_FOR_ANA}, {"who": person(SAM)}, "Only finance may approve this."),
    "lent groups are those that the other has": Rule(
        {}, {"who": SAM_FOR_ANA}, {"who": SAM_FOR_LEA}, "Only finance may approve this."
    ),
    "a person counts once, who stands in": Rule(
        {"policy": policy_of(TWO_OF_FINANCE, ONE), "who": SAM_FOR_ANA},
        {"decisions": (decision(BEN),)},
        {"decisions": (decision(ANA),)},
        "counts for this version already",
    ),
    "a person counts once, who comes back": Rule(
        {"policy": policy_of(TWO_OF_FINANCE, ONE), "decisions": (ANA_BY_SAM,)},
        {"who": BEN},
        {"who": ANA},
        "stands in for you has approved",
    ),
    "a person counts once, by two who stand in": Rule(
        {"policy": policy_of(TWO_OF_FINANCE, ONE), "decisions": (ANA_BY_SAM,)},
        {"who": person(LEA, **{BEN: ["finance"]})},
        {"who": person(LEA, **{ANA: ["finance"]})},
        "counts for this version already",
    ),
    "what somebody lends who has approved adds no group": Rule(
        {"money": LARGE, "who": BEN_FOR_LEA},
        {"decisions": (decision(ANA),)},
        {"decisions": (decision(LEA, groups=["finance"]),)},
        "waiting for a lead",
    ),
    "what an author lends adds no group to one's own": Rule(
        {"money": LARGE, "who": BEN_FOR_LEA, "decisions": (decision(ANA),)},
        {"authors": (ANA,)},
        {"authors": (LEA,)},
        "waiting for a lead",
    ),
    # limits
    "the limit for a customer and day": Rule(
        {"policy": LIMITED, "who": ANA},
        {"spent": Spent(customer=40_000)},
        {"spent": Spent(customer=40_001)},
        "Only leads may approve this. Rule: over the limit of 500.00 USD in 24 hours for this customer",
    ),
    "the limit for an approver and day": Rule(
        {"policy": LIMITED, "who": ANA},
        {"spent": Spent(approvers={ANA: 40_000})},
        {"spent": Spent(approvers={ANA: 40_001})},
        "Only leads may approve this. Rule: over the limit of 500.00 USD in 24 hours for one approver",
    ),
    "the limit for an approver, where nothing is above": Rule(
        {"policy": ONLY_ONE, "who": ANA},
        {"spent": Spent(approvers={ANA: 40_000})},
        {"spent": Spent(approvers={ANA: 40_001})},
        "waiting for one more of finance",
    ),
    "the limit for a case": Rule(
        {"policy": CASE_LIMITED, "who": ANA},
        {"money": usd(5_000)},
        {"money": usd(5_001)},
        "Only leads may approve this. Rule: over the limit of 50.00 USD for one case",
    ),
    "a limit that an approval met stays": Rule(
        {"policy": policy_of(UP_TO_100, TWO_OF_FINANCE, ONE, more=LIMITS), "who": ANA, "spent": Spent()},
        {"decisions": (decision(BEN, over=("per_customer_per_day",)),)},
        {"decisions": (decision(SAM, over=("per_customer_per_day",)),)},
        "waiting for one more of finance",
    ),
    "limits are about what is paid": Rule(
        {"policy": LIMITED, "who": ANA, "spent": Spent(customer=40_001)},
        {"actions": (a_refund(SMALL, name="evidence", operation="stage_evidence"),)},
        {"actions": (a_refund(SMALL),)},
        "over the limit of 500.00 USD",
    ),
    "a refund by hand is paid too": Rule(
        {"policy": LIMITED, "who": ANA, "spent": Spent(customer=40_001)},
        {"actions": (a_refund(SMALL, name="task", operation="by_hand", params={}),)},
        {"actions": (a_refund(SMALL, operation="by_hand", params={}),)},
        "over the limit of 500.00 USD",
    ),
    # everything else that people do
    "who could be asked may reject, also as the author": Rule(
        {"deed": PolicyAction.REJECT, "authors": (ANA,)}, {"who": ANA}, {"who": LEA}, "Only finance may do"
    ),
    "who stands in may reject": Rule(
        {"deed": PolicyAction.REJECT}, {"who": SAM_FOR_ANA}, {"who": person(SAM)}, "Only finance may do this."
    ),
    "over a limit the next band may reject too": Rule(
        {"policy": LIMITED, "deed": PolicyAction.REJECT, "who": LEA},
        {"spent": Spent(customer=40_001)},
        {"spent": Spent(customer=40_000)},
        "Only finance may do this.",
    ),
    "the groups of the kind may act": Rule(
        {"deed": PolicyAction.ACT}, {"who": LEA}, {"who": SAM}, "Only finance or leads may do this."
    ),
    "but not those of another kind": Rule(
        {"deed": PolicyAction.ACT, "who": LEA},
        {"kind": Kind.REFUND},
        {"kind": Kind.BRAND_CREATE},
        "Only finance may do this.",
    ),
    "who stands in may act": Rule(
        {"deed": PolicyAction.ACT}, {"who": SAM_FOR_LEA}, {"who": person(SAM)}, "Only finance or leads may do this."
    ),
}


def answer(
    policy: Policy = SHIPPED,
    who: Any = ANA,
    money: Money | None = SMALL,
    decisions: Any = (),
    deed: PolicyAction = PolicyAction.APPROVE,
    spent: Spent | None = None,
    **asked: Any,
) -> Judgement:
    return ask(policy, proposal(money, **asked), decisions, who, deed, spent)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_lets_pass_what_keeps_it_and_stops_what_does_not(rule: Rule) -> None:
    passed, stopped = answer(**{**rule.both, **rule.passes}), answer(**{**rule.both, **rule.refused})
    assert (passed.allowed, passed.complete) == (True, True), passed
    assert not stopped.complete
    assert passed.why_not is None
    assert (stopped.why_not is None) == stopped.allowed
    assert rule.because in ((stopped.missing if stopped.allowed else stopped.why_not) or ""), stopped
    assert len(set(rule.passes) | set(rule.refused)) <= 2  # nothing else makes the difference


def test_an_author_may_be_the_first_of_two() -> None:
    first = answer(money=LARGE, who=LEA, authors=(LEA,))
    assert (first.allowed, first.complete) == (True, False)


def test_the_highest_band_stays_and_says_that_a_limit_is_passed() -> None:
    highest = policy_of(UP_TO_100, TWO, ONE, more='[limits]\nper_case = { USD = "10000.00" }\n')
    over = answer(highest, money=usd(1_000_001), who=ANA, decisions=(decision(LEA),))
    assert (over.complete, over.quorum) == (True, 2)
    assert over.rule == "over the limit of 10,000.00 USD for one case: two people, at least one of leads"


def test_over_two_limits_it_is_one_band_up_and_both_are_named() -> None:
    spent = Spent(customer=50_000, approvers={ANA: 500_000})
    judgement = answer(who=ANA, spent=spent)
    assert judgement.over_limits == ("per_customer_per_day", "per_approver_per_day")
    assert judgement.limit == (
        "over the limit of 500.00 USD in 24 hours for this customer"
        " and over the limit of 5,000.00 USD in 24 hours for one approver"
    )
    assert judgement.missing == "waiting for a lead"


def test_one_band_up_is_one_that_the_currency_can_meet_and_that_asks_for_no_less() -> None:
    euros = 'kinds = ["refund"]\nup_to = { EUR = "900.00" }\nquorum = 3\ngroups = ["finance"]\n'
    policy = policy_of(UP_TO_100, euros, LEADS_ONLY, ONE, more=LIMITS)
    assert answer(policy, who=LEA, spent=Spent(customer=50_000)).complete
    less = policy_of(
        'kinds = ["refund"]\nup_to = { USD = "100.00" }\nquorum = 2\ngroups = ["finance"]\n', ONE, more=LIMITS
    )
    assert answer(less, spent=Spent(customer=50_000)).missing == "waiting for one more of finance"


def test_every_one_who_approved_is_held_to_their_own_limit() -> None:
    """Check that several approvals that wait for a lead do not add up unseen."""
    spent = Spent(approvers={ANA: 500_000, LEA: 0})
    judgement = answer(money=LARGE, who=LEA, decisions=(decision(ANA),), spent=spent)
    assert judgement.over_limits == ("per_approver_per_day",)


@pytest.mark.parametrize(
    ("who", "in_groups", "stood_in_for"),
    [
        (ANA, ("finance",), ()),
        (SAM_FOR_LEA, ("leads",), (LEA,)),
        (BEN_FOR_LEA, ("finance", "leads"), (LEA,)),
        (person(ANA, **{BEN: ["finance"]}), ("finance",), ()),  # nothing that she has not herself
        (person(SAM, **{ANA: ["finance"], BEN: ["finance"]}), ("finance",), (ANA,)),  # as few as will do
    ],
)
def test_a_decision_keeps_by_which_groups_it_was_made_and_for_whom(
    who: Any, in_groups: tuple[str, ...], stood_in_for: tuple[str, ...]
) -> None:
    judgement = answer(money=LARGE, who=who)
    assert (judgement.in_groups, judgement.stood_in_for) == (in_groups, stood_in_for)


def test_a_limit_without_a_policy_that_names_it_any_more_is_still_said() -> None:
    changed = policy_of(UP_TO_100, LEADS_ONLY, ONE)
    judgement = answer(changed, decisions=(decision(BEN, over=("per_customer_per_day",)),))
    assert "over the limit in 24 hours for this customer" in (judgement.why_not or "")
