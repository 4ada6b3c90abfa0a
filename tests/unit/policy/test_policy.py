"""Test who may decide on what, by the policy."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Decision, Details, Fact, Fields, Kind, Money, Proposal, Verdict
from bot.core.policy import Band, Judgement, Policy, PolicyAction, band_for, groups_of, is_vip, standing
from tests.support.policies import (
    ANA,
    AT,
    BEN,
    LARGE,
    LEA,
    ONE,
    SAM,
    SMALL,
    TWO,
    ask,
    decision,
    policy_of,
    proposal,
    shipped,
    usd,
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shipped()


def test_a_judgement_says_the_rule_and_what_is_missing(policy: Policy) -> None:
    rule = "over 100.00 USD: two people, at least one of leads"
    assert ask(policy, proposal(LARGE), (decision(ANA),), BEN) == Judgement(
        allowed=True,
        complete=False,
        quorum=2,
        approvals=2,
        rule=rule,
        missing="waiting for a lead",
        in_groups=("finance",),
    )
    assert ask(policy, proposal(LARGE), (decision(LEA),), SAM) == Judgement(
        allowed=False,
        complete=False,
        quorum=2,
        approvals=1,
        rule=rule,
        missing="waiting for one more of finance or leads",
        why_not=f"Only finance or leads may approve this. Rule: {rule}.",
    )


@pytest.mark.parametrize(
    ("asked", "decisions", "rule", "missing"),
    [
        (proposal(SMALL), (), "up to 100.00 USD: one person of finance", "waiting for one of finance"),
        (proposal(SMALL), (decision(ANA),), "up to 100.00 USD: one person of finance", None),
        (
            proposal(None),
            (),
            "no amount stated: two people, at least one of leads",
            "waiting for a lead and one more of finance or leads",
        ),
        (
            proposal(Money(amount_minor=500, currency="CHF")),
            (decision(ANA), decision(BEN)),
            "no limit for 5.00 CHF: two people, at least one of leads",
            "waiting for a lead",
        ),
        (
            proposal(SMALL, authors=(ANA,)),
            (),
            "up to 100.00 USD: one person of finance",
            "waiting for one of finance who neither asked for it nor edited it",
        ),
        (proposal(None, kind=Kind.BRAND_CREATE), (), "one person of finance", "waiting for one of finance"),
    ],
)
def test_a_standing_says_in_words_what_the_card_waits_for(
    policy: Policy, asked: Proposal, decisions: Sequence[Decision], rule: str, missing: str | None
) -> None:
    now = standing(policy, asked, decisions)
    assert (now.rule, now.missing) == (rule, missing)


def test_a_standing_counts_different_people_of_the_band(policy: Policy) -> None:
    others = (decision(SAM), decision(BEN, version=1), decision(LEA, verdict=Verdict.REJECT))
    now = standing(policy, proposal(LARGE), (decision(ANA), decision(ANA), *others))
    assert (now.quorum, now.approvals) == (2, 1)


USD_100, USD_1000 = 'up_to = { USD = "100.00" }\n', 'up_to = { USD = "1000.00", EUR = "900.00" }\n'
REFUND = 'kinds = ["refund"]\n'


@pytest.mark.parametrize(
    ("bands", "kind", "money", "expected"),
    [
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(10_000), 0),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(10_001), 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, None, 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.REFUND, usd(-1), 1),
        ((REFUND + USD_100 + ONE, REFUND + TWO, ONE), Kind.DISPUTE, usd(10_001), 2),
        ((REFUND + USD_100 + ONE, TWO), Kind.REFUND, usd(10_001), 1),
        ((USD_100 + ONE, USD_1000 + TWO, TWO), Kind.REFUND, Money(amount_minor=100, currency="EUR"), 1),
        ((USD_100 + ONE, USD_1000 + ONE, TWO), Kind.REFUND, Money(amount_minor=100, currency="CHF"), 2),
        # over every band for refunds: "everything else" asks for less, so the highest for refunds holds
        ((REFUND + USD_100 + ONE, REFUND + USD_1000 + TWO, ONE), Kind.REFUND, usd(100_001), 1),
        ((REFUND + USD_100 + ONE, REFUND + USD_1000 + TWO, ONE), Kind.REFUND, None, 1),
        # a band that names the kind and no limit is followed as written, even if it asks for fewer people
        ((REFUND + USD_100 + TWO, REFUND + ONE, ONE), Kind.REFUND, usd(10_001), 1),
        (('kinds = ["brand_create"]\n' + TWO, ONE), Kind.BRAND_CREATE, None, 0),
        (('kinds = ["brand_create"]\n' + TWO, ONE), Kind.BRAND_UPDATE, None, 1),
    ],
)
def test_the_first_band_that_fits_decides(
    bands: tuple[str, ...], kind: Kind, money: Money | None, expected: int
) -> None:
    policy = policy_of(*bands)
    assert band_for(policy, kind, money) is policy.bands[expected]


def test_a_group_of_a_band_that_the_kind_never_meets_may_not_act() -> None:
    policy = policy_of(REFUND + 'quorum = 1\ngroups = ["leads"]\n', ONE)
    assert not ask(policy, proposal(SMALL), (), ANA, PolicyAction.ACT).allowed
    assert groups_of(policy, Kind.REFUND) == ("leads",)


@pytest.mark.parametrize(
    ("fields", "vip"),
    [
        (Fields(vip=True), True),
        (Fields(email="Dana@Example.com "), True),
        (Fields(account_id="acct-7"), True),
        (Fields(vip=False, email="other@example.com", account_id="ACCT-70"), False),
        (Fields(), False),
    ],
)
def test_a_customer_is_a_vip_by_flag_email_or_account(fields: Fields, vip: bool) -> None:
    policy = policy_of(ONE, more='[vip]\nemails = ["dana@example.com"]\naccounts = ["ACCT-7"]\n')
    assert is_vip(policy, Details(fields=fields)) is vip


@pytest.mark.parametrize(
    ("name", "says", "vip"), [("contact", True, True), ("contact", False, False), ("x", True, False)]
)
def test_a_customer_is_a_vip_where_hubspot_says_so(policy: Policy, name: str, says: bool, vip: bool) -> None:
    told = Fact(name=name, source="HubSpot", observed_at=AT, values={"vip": says})
    assert is_vip(policy, Details(), [told]) is vip


@given(
    limits=st.lists(st.integers(1, 10**6), min_size=1, max_size=4, unique=True),
    amounts=st.tuples(st.integers(0, 2 * 10**6), st.integers(0, 2 * 10**6)),
)
def test_more_money_never_needs_fewer_people(limits: list[int], amounts: tuple[int, int]) -> None:
    rising = tuple(
        Band(kinds=(Kind.REFUND,), up_to={"USD": limit}, quorum=n, groups=("finance",))
        for n, limit in enumerate(sorted(limits), 1)
    )
    policy = Policy(channels={}, groups={}, bands=(*rising, Band(quorum=1, groups=("finance",))))
    less, more = sorted(amounts)
    assert band_for(policy, Kind.REFUND, usd(less)).quorum <= band_for(policy, Kind.REFUND, usd(more)).quorum
    assert band_for(policy, Kind.REFUND, usd(more)).quorum <= band_for(policy, Kind.REFUND, None).quorum
