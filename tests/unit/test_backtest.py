"""A backtest says what triage, the policy and its limits would say, and counts what differs."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.backtest import Evaluator, replay, weigh
from bot.core.model import (
    CaseState,
    Details,
    Earlier,
    Fact,
    Fields,
    Kind,
    Money,
    Verdict,
)
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Band, Known, Policy, Spent, automatic, band_for
from bot.core.policy.model import Automatic, Intake, KindRules, Limits, Vip
from bot.core.triage import triage
from tests.support.backtests import ABLE, KINDS, LONG_AGO, OFF, START, Past, changed, details, facts, stored, usd
from tests.support.policies import ANA, BEN, LEA

# --- the fast way is the real way -----------------------------------------------------------------------------------

INTENTS = [*(kind.value for kind in KINDS), "refund_request", "Failed Renewal", "nonsense", None]
NEEDED = sorted({name for book in PLAYBOOKS.values() for need in book.needs for name in need.any_of} - {"money"})
GIVEN = {"website_url": "https://a.example", "logo_url": "https://a.example/l.png", "brand_name": "Harbour Lane"}
MONIES = st.none() | st.builds(
    Money,
    amount_minor=st.sampled_from([-5, 0, 1, 999, 1_000, 1_001, 5_000, 10**6]),
    currency=st.sampled_from(["USD", "JPY"]),
)
CONFIDENCE = st.sampled_from([None, 0.0, 0.69, 0.7, 0.85, 0.95, 1.0])
FLAG = st.sampled_from([True, False, None])


@st.composite
def the_details(draw: st.DrawFn) -> Details:
    stated: dict[str, Any] = {name: GIVEN.get(name, "x") for name in draw(st.sets(st.sampled_from(NEEDED)))}
    if draw(st.booleans()):  # else hardly any case would have all that it needs
        stated = {name: GIVEN.get(name, "x") for name in NEEDED}
    stated |= {"call_intent": draw(st.sampled_from(INTENTS)), "confidence": draw(CONFIDENCE), "vip": draw(FLAG)}
    if draw(st.booleans()):
        stated["email"] = draw(st.sampled_from(["vip@example.com", " VIP@Example.com", "dana@example.com"]))
    if "billing_address" in stated:
        stated["billing_address"] = {"line1": "1 Road"}
    return Details(
        fields=Fields(**stated),
        money=draw(MONIES),
        doubts=draw(st.sampled_from([(), (), ("Two amounts.",)])),
        from_summary=draw(st.sampled_from([(), (), ("amount",)])),
        redactions=draw(st.sampled_from([(), (), ("card",)])),
    )


PLAIN = st.builds(
    details,
    amount=st.sampled_from([999, 1_000, 1_001, 2_000, 5_000, 10**6]),
    confidence=st.sampled_from([0.85, 0.95, 1.0]),
    vip=st.sampled_from([None, None, None, True]),
    email=st.sampled_from(["dana@example.com", "vip@example.com", None]),
)


@st.composite
def the_calls(draw: st.DrawFn) -> tuple[Details, tuple[Fact, ...], tuple[Earlier, ...]]:
    """Half of them plain refunds, since of the others hardly any is without a reason to look twice."""
    if draw(st.booleans()):
        about = draw(PLAIN)
        return about, facts(about, disputed=draw(st.sampled_from([False, False, False, True]))), draw(EARLIER)
    return draw(the_details()), draw(the_facts()), draw(EARLIER)


@st.composite
def the_facts(draw: st.DrawFn) -> tuple[Fact, ...]:
    charge = {
        "payment_id": "x",
        "status": "succeeded",
        "disputed": draw(st.sampled_from([False, False, True])),
        "amount_minor": 10**6,
        "left_minor": 10**6,
        "currency": "USD",
    }
    found = [("charge", charge), ("refunds", {"count": 0, "refunded_minor": 0}), ("contact", {"vip": draw(FLAG)})]
    missing = draw(st.sampled_from([None, None, None, "not found"]))
    return tuple(
        Fact(
            name=name,
            source="Stripe",
            observed_at=START,
            values=values,
            missing=missing if name == "charge" else None,
            doubt=draw(st.sampled_from([None, None, None, "It looks odd."])),
        )
        for name, values in found
        if draw(st.integers(0, 9)) > 0
    )


AMOUNT = st.sampled_from([1_000, 5_000, 10**6, 10**6])
AMOUNTS = st.dictionaries(st.sampled_from(["USD", "JPY"]), AMOUNT, max_size=2)
SOME = st.fixed_dictionaries({"USD": AMOUNT}, optional={"JPY": AMOUNT})
BAND = st.builds(
    Band,
    kinds=st.none() | st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).map(tuple),
    up_to=st.none() | AMOUNTS,
    quorum=st.integers(1, 3),
    groups=st.sampled_from([("finance",), ("leads",), ("finance", "leads")]),
)
CHANNELS = OFF.channels | {"fallback": "#elsewhere"}
ALONE = st.builds(
    Automatic,
    enabled=st.sampled_from([True, True, False]),
    up_to=SOME,
    per_day=SOME,
    confidence=st.sampled_from([0, 0.95]),
)
POLICY = st.builds(
    lambda bands, **more: OFF.model_copy(
        update={"channels": CHANNELS, "bands": (*bands, Band(quorum=1, groups=("finance",))), **more}
    ),
    bands=st.lists(BAND, max_size=4),
    kinds=st.dictionaries(
        st.sampled_from(KINDS[:-1]),
        st.builds(
            KindRules,
            enabled=st.sampled_from([True, True, False]),
            channel=st.sampled_from([None, "vip", "brands", "gone"]),
        ),
        max_size=2,
    ),
    limits=st.builds(Limits, per_case=st.just({}) | AMOUNTS, per_customer_per_day=SOME),
    automatic=st.fixed_dictionaries({Kind.REFUND: ALONE}, optional={Kind.DISPUTE: ALONE}),
    intake=st.builds(Intake, confidence_floor=st.sampled_from([0.0, 0.7, 0.9])),
    vip=st.builds(Vip, emails=st.sampled_from([(), (), ("vip@example.com",)])),
    intents=st.sampled_from([OFF.intents, {"nonsense": Kind.REFUND, "refund": Kind.RECEIPT}]),
)
EARLIER = st.sampled_from(
    [
        (),
        (),
        (),
        (),
        (),
        (),
        *(
            (
                Earlier(
                    case_id="C-2",
                    kind=Kind.REFUND,
                    state=CaseState.DONE,
                    opened_at=START,
                    why="payment x",
                    exact=exact,
                    paid=Money(amount_minor=999, currency="USD"),
                    paid_at=START,
                ),
            )
            for exact in (True, False)
        ),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    about=the_calls(),
    now=POLICY,
    new=POLICY,
    author=st.sampled_from([None, None, None, None, ANA]),
    available_operations=st.sampled_from([ABLE, ABLE, frozenset()]),
)
def test_what_it_says_of_a_case_is_what_triage_and_the_policy_say(
    about: tuple[Details, tuple[Fact, ...], tuple[Earlier, ...]],
    now: Policy,
    new: Policy,
    author: str | None,
    available_operations: frozenset[str],
) -> None:
    said, known, earlier = about
    row, call, offered = stored(said, known, now, author, available_operations, earlier)
    evaluation = weigh(Evaluator(now), Evaluator(new), row)
    for policy, would in zip((now, new), evaluation.would, strict=True):
        real = triage(
            "call_1", [call], said, known, policy=policy, available_operations=ABLE, now=START, earlier=earlier
        )
        changes = {"kind": real.kind, "actions": real.actions}
        proposal = offered if real.kind is offered.kind else offered.model_copy(update=changes)
        answer = automatic(policy, proposal, Known(details=said, facts=known, earlier=earlier), spent=Spent())
        assert would.kind is real.kind
        assert would.channel == policy.channels[real.channel]
        assert would.alone is (answer.allowed and bool(proposal.actions))
        assert policy.bands[would.band] is band_for(policy, real.kind, said.money)


EACH_SIDE = [None, *(usd(amount) for amount in (-5, 0, 500, 1_000, 1_001, 5_000, 10**7))]


@given(policy=POLICY, monies=st.permutations(EACH_SIDE), kind=st.sampled_from(KINDS))
def test_bands_that_are_kept_for_the_next_amount_are_those_of_each_amount(
    policy: Policy, monies: list[Money | None], kind: Kind
) -> None:
    for lens in (Evaluator(policy), Evaluator(OFF)):
        for money in monies:
            asked = (money.amount_minor, money.currency) if money else None
            assert lens.policy.bands[lens.band(kind, asked)] is band_for(lens.policy, kind, money)


STEP = st.tuples(
    st.sampled_from(["call", "call", "approve", "approve", "reject"]),
    st.integers(0, 6),  # which customer, or which case
    st.sampled_from([300, 700, 1_100, 1_900, 9_000, 12_000]),
    st.sampled_from([ANA, BEN, LEA]),
    st.sampled_from([0, 1, 5, 11, 23]),  # hours
)
TIGHT = changed(
    ("refund = { enabled = false", "refund = { enabled = true"),
    ('per_day = { USD = "200.00" }', 'per_day = { USD = "30.00" }'),
    ('per_customer_per_day = { USD = "500.00" }', 'per_customer_per_day = { USD = "100.00" }'),
    ('per_approver_per_day = { USD = "5000.00" }', 'per_approver_per_day = { USD = "150.00" }'),
    ('per_case             = { USD = "10000.00" }', 'per_case = { USD = "110.00" }'),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, min_size=5, max_size=30))
def test_under_the_policy_that_was_in_force_it_says_what_really_happened(steps: list[tuple[Any, ...]]) -> None:
    past, cases = Past(TIGHT), list[str]()
    for n, (what, which, amount, who, hours) in enumerate(steps):
        past.later(hours=hours, seconds=1)
        if what == "call":
            email = f"customer{which % 3}@example.com"
            cases.append(past.call(amount=amount + n, email=email))
        elif cases:
            past.click(cases[which % len(cases)], who, reject=what == "reject")
    says_what_happened(past)


def says_what_happened(past: Past) -> None:
    rows = past.db.run(lambda store: store.replay(LONG_AGO, "", "~", {Kind.REFUND}))
    amount_for_policy = [weigh(Evaluator(TIGHT), Evaluator(TIGHT), row) for row in rows]
    for case, ruled in zip(amount_for_policy, replay(TIGHT, amount_for_policy, 0), strict=True):
        file = past.db.run(lambda store, case_id=case.case_id: store.case_file(case_id))  # type: ignore[misc]  # bound
        made = [one for one in file.decisions if one.verdict is Verdict.APPROVE]
        assert ruled.kind is file.case.kind
        assert ruled.alone is any(one.user_id.startswith("policy:") for one in made)
        if made and not ruled.alone:
            assert set(ruled.over) == {limit for one in made for limit in one.over_limits}
            assert ruled.enough is (file.case.state is not CaseState.OPEN and not case.rejected)
    report = past.tried(TIGHT)
    assert (report.changed_cases, report.changed) == (0, ())


def test_a_limit_that_was_met_stays_met_when_the_day_is_over() -> None:
    past = Past(TIGHT)
    past.click(past.call(amount=9_500), ANA)
    past.later(hours=1)
    slow = past.call(amount=10_500)
    past.click(slow, ANA)
    past.later(hours=24)
    past.click(slow, LEA)
    says_what_happened(past)


def test_the_limit_of_an_approver_counts_all_that_they_approved_in_a_day() -> None:
    past = Past(TIGHT)
    for n, hours in enumerate((0, 1, 24)):
        past.later(hours=hours)
        past.click(past.call(amount=9_000 + n, email=f"customer{n}@example.com"), ANA)
    says_what_happened(past)
    limited = changed(('per_approver_per_day = { USD = "5000.00" }', 'per_approver_per_day = { USD = "150.00" }'))
    [second] = past.tried(limited, now=OFF).changed
    assert second.differs == ("more_people",)
    assert second.new.endswith("in 24 hours for one approver: two people, at least one of leads")
