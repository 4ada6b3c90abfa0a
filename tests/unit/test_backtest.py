"""Test that a backtest says what happened under the policy in force, and what would have under another."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.backtest import Trial, evaluate, replay
from bot.core.model import CaseState, Kind, Verdict
from bot.core.policy import Limit
from tests.support.backtests import OFF, ON, Past, changed
from tests.support.policies import ANA, BEN, LEA

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
    trial = Trial(TIGHT, TIGHT)
    cases = [evaluate(trial, row) for row in past.rows()]
    for case, ruled in zip(cases, replay(TIGHT, cases, 0), strict=True):
        file = past.db.run(lambda store, case_id=case.case_id: store.case_file(case_id))  # type: ignore[misc]  # bound
        approvals = [decision for decision in file.decisions if decision.verdict is Verdict.APPROVE]
        assert ruled.kind is file.case.kind
        assert ruled.channel == TIGHT.channels[file.case.channel]
        assert ruled.alone is any(decision.user_id.startswith("policy:") for decision in approvals)
        if approvals and not ruled.alone:
            assert set(ruled.over) == {limit for decision in approvals for limit in decision.over_limits}
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


def test_a_row_of_an_older_release_that_lacks_a_member_is_read_too() -> None:
    past, trial = Past(), Trial(ON, OFF)
    past.call()
    [row] = past.rows()
    tree = json.loads(row.case)
    del tree["earlier"], tree["details"]["doubts"], tree["facts"][0]["doubt"], tree["facts"][1]["missing"]
    older = evaluate(trial, row._replace(case=json.dumps(tree)))
    assert older == evaluate(trial, row)
    assert [offer.alone for offer in older.offers] == [True, False]


def test_steps_of_another_kind_count_as_connected() -> None:
    past = Past(changed(('refund_request    = "refund"', 'refund_request    = "billing_question"')))
    past.call()
    [row] = past.rows()
    evaluation = evaluate(Trial(past.policy, ON), row)
    assert [offer.proposal.kind for offer in evaluation.offers] == [Kind.BILLING_QUESTION, Kind.REFUND]
    assert [offer.alone for offer in evaluation.offers] == [False, True]


def test_a_lowered_amount_is_judged_by_what_was_offered_before() -> None:
    past, trial = Past(), Trial(OFF, OFF)
    past.call(amount=50_000)
    [row] = past.rows()
    offered = json.loads(row.proposal)
    lowered = {
        **offered,
        "money": {"amount_minor": 500, "currency": "USD"},
        "highest": offered["money"],
        "actions": [],
        "options": [],
    }
    [ruled] = replay(OFF, [evaluate(trial, row._replace(proposal=json.dumps(lowered)))], 0)
    assert ruled.band is OFF.bands[1]


def test_what_was_approved_in_somebodys_place_counts_against_their_limit() -> None:
    past = Past(TIGHT)
    past.click(past.call(amount=9_000), BEN)
    past.later(hours=1)
    past.click(past.call(amount=9_001, email="other@example.com"), ANA)
    first, second = sorted(past.rows(), key=lambda row: json.loads(row.case)["opened_at"])
    approval = json.loads(first.decisions[0]) | {"stood_in_for": [ANA]}
    rows = [first._replace(decisions=(json.dumps(approval),)), second]
    for told, over in ((rows, (Limit.PER_APPROVER,)), ([first, second], ())):
        cases = [evaluate(Trial(TIGHT, TIGHT), row) for row in told]
        assert [ruled.over for ruled in replay(TIGHT, cases, 0)] == [(), over]
