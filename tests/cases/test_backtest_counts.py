"""Test what a backtest counts, from cases stored on either engine and by the command."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import backtest
from bot.core.backtest import Stored, Trial
from bot.core.model import Call, Case, Details, Kind, Proposal
from storage import Database, open_database
from tests.support.backtests import LONG_AGO, OFF, ON, START, Past, changed, details, facts, tell
from tests.support.policies import ANA, BEN
from tests.support.rows import held


def test_what_a_new_policy_pays_alone_is_counted_with_its_money(past: Past) -> None:
    past.call(amount=1_500)
    past.call(amount=2_001, email="other@example.com")
    counts = past.tried(ON).kinds[Kind.REFUND]
    assert (counts.calls, counts.automatic.now, counts.automatic.new) == (2, 0, 1)
    assert counts.without_review["USD"].model_dump() == {"now": 0, "new": 1_500}


def test_a_day_ends_after_24_hours_and_its_limit_is_for_all_customers_together(past: Past) -> None:
    policy = changed(("refund = { enabled = false", "refund = { enabled = true"), ('USD = "200.00"', 'USD = "30.00"'))
    for hours in (0, 1, 1, 22, 0.001):
        past.later(hours=hours)
        past.call(amount=1_500 - past.calls, email=f"customer{past.calls}@example.com")
    assert past.tried(policy).total.automatic.new == 3  # the first two, and the fifth: the first is a day ago


def test_what_people_approved_counts_against_the_limit_of_a_customer(past: Past) -> None:
    large = past.call(amount=9_500)
    past.click(large, ANA)
    past.later(hours=1)
    past.call(amount=1_500)
    limited = ('per_customer_per_day = { USD = "500.00" }', 'per_customer_per_day = { USD = "100.00" }')
    on = ("refund = { enabled = false", "refund = { enabled = true")
    assert past.tried(changed(on, limited)).total.automatic.new == 0
    assert past.tried(changed(on)).total.automatic.new == 1


def test_what_another_case_paid_later_does_not_make_this_one_a_review_when_it_opened(past: Past) -> None:
    first, second = past.call(amount=1_500), past.call(amount=1_500)
    past.later(hours=1)
    past.click(first, ANA)
    blocked = past.db.run(lambda store: held(store, second))
    assert [one.paid_at for one in blocked.earlier] == [past.now]
    third = past.call(amount=1_500)
    found = past.tried(OFF).kinds
    assert {kind: counts.calls for kind, counts in found.items()} == {Kind.REFUND: 2, Kind.REVIEW: 1}
    assert past.db.run(lambda store: held(store, third)).kind is Kind.REVIEW


LOWER = ('up_to   = { USD = "100.00"', 'up_to   = { USD = "40.00"')
HIGHER = ('up_to   = { USD = "100.00"', 'up_to   = { USD = "300.00"')
FIRST_BAND = 'quorum  = 1                               # how many different people\ngroups  = ["finance"]'
LEADS = (FIRST_BAND, FIRST_BAND.replace("finance", "leads"))
MEANING = ('refund_request    = "refund"', 'refund_request    = "billing_question"')
CHANGES: dict[str, tuple[tuple[str, str], dict[str, Any], str]] = {
    "a lower band asks more people": (LOWER, {"amount": 5_000}, "more_people"),
    "a higher band asks fewer": (HIGHER, {"amount": 20_000}, "fewer_people"),
    "another group decides": (LEADS, {"amount": 5_000}, "other_people"),
    "another channel": (('channel = "refunds"', 'channel = "vip"'), {}, "other_channel"),
    "a kind that is switched off": (("[kinds.refund]", "[kinds.refund]\nenabled = false"), {}, "other_kind"),
    "another meaning of an intent": (MEANING, {}, "other_kind"),
    "a higher floor": (("confidence_floor = 0.7", "confidence_floor = 0.99"), {}, "other_kind"),
}


@pytest.mark.parametrize(("change", "call", "column"), CHANGES.values(), ids=CHANGES.keys())
def test_each_change_is_counted_under_its_name(
    past: Past, change: tuple[str, str], call: dict[str, Any], column: str
) -> None:
    case_id = past.call(**call)
    found = past.tried(changed(change))
    [one] = found.changed
    assert getattr(found.total, column) == 1
    assert column in one.differs
    assert one.case_id == case_id
    assert found.changed_cases == 1


def test_approvals_that_would_not_do_any_more_are_counted(past: Past) -> None:
    approved = past.call(amount=5_000)
    past.click(approved, ANA)
    past.call(amount=5_001, email="other@example.com")  # nobody approved it
    assert past.tried(changed(LOWER)).total.not_enough == 1
    assert past.tried(OFF).total.not_enough == 0


def test_what_the_new_policy_would_no_longer_pay_alone_is_counted_too() -> None:
    past = Past(ON)
    past.call(amount=1_500)
    assert past.tried(OFF).total.without_review["USD"].model_dump() == {"now": 1_500, "new": 0}


def test_at_its_limit_and_at_its_confidence_a_refund_is_paid_alone(past: Past) -> None:
    past.call(amount=2_000, confidence=0.95)
    past.call(amount=1_999, confidence=0.94, email="other@example.com")
    assert past.tried(ON).total.automatic.new == 1


def test_what_people_rejected_and_the_new_policy_would_pay_is_counted(past: Past) -> None:
    past.click(past.call(amount=1_500), ANA, reject=True)
    past.call(amount=1_600, email="other@example.com")
    assert past.tried(ON).total.against_people == 1


def test_what_a_person_told_is_never_paid_alone(past: Past) -> None:
    case_id = past.call(amount=1_500, refund_reason=None)
    past.person_says(case_id, refund_reason="charged twice")
    found = past.tried(ON).total
    assert (found.calls, found.review.new, found.automatic.new) == (1, 0, 0)


def test_cases_opened_before_are_left_out(past: Past) -> None:
    past.call(amount=1_500)
    past.later(days=10)
    past.call(amount=1_600, email="other@example.com")
    assert past.tried(ON, since=START + timedelta(days=1)).total.calls == 1


async def test_a_stored_case_is_read_with_all_that_it_is_replayed_by(database: Database) -> None:
    about, more = details(), details(refund_reason="charged twice, and angry")

    async def told(call_id: str, about: Details, hours: int = 0, **given: Any) -> str:
        call = Call(call_id=call_id, details=about, **{"event": "call_ended", **given})
        at = START + timedelta(hours=hours)
        return await database.write(lambda store: tell(store, call, at, OFF, facts(about)))

    async def read(case_id: str) -> Stored:
        [row] = await database.read(lambda store: store.replay(LONG_AGO, case_id, case_id))
        return row

    plain = await told("call_1", about)
    again = await told("call_2", details(amount=1_600, refund_reason="x"))
    await told("call_2", details(amount=1_700, refund_reason="x"), hours=1)
    filled = await told("call_3", details(amount=1_800))
    await told("call_3", more, hours=1, author=BEN, event="form")
    opened = await told("C-7Q2M9XKD41", details(amount=1_900), author=BEN, event="shortcut")
    ids = await database.read(lambda store: store.case_ids())
    assert ids == sorted([plain, again, filled, opened])
    row = await read(plain)
    case, proposal = Case.model_validate_json(row.case), Proposal.model_validate_json(row.proposal)
    assert (case.case_id, case.root, case.opened_at) == (plain, "call_1", START)
    assert (proposal.case_id, proposal.version, proposal.money) == (plain, 1, about.money)
    assert (row.paid, row.decisions) == (False, ())
    rows = [await read(case_id) for case_id in (plain, again, filled, opened)]
    assert [row.by_person for row in rows] == [False, False, True, True]
    assert [Proposal.model_validate_json(row.proposal).version for row in rows] == [1, 2, 2, 1]
    assert await database.read(lambda store: store.replay(START + timedelta(hours=2), "", "~")) == []


def test_several_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"

    async def fill() -> None:
        db = await open_database(url)
        for n in range(40):
            about = details(amount=1_000 + 40 * n, email=f"customer{n % 5}@example.com")
            call = Call(call_id=f"call_{n}", event="call_ended", details=about)
            at = START + timedelta(hours=n)
            await db.write(lambda store, call=call, at=at, about=about: tell(store, call, at, OFF, facts(about)))  # type: ignore[misc]  # bound
        await db.close()

    asyncio.run(fill())
    trial, until = Trial(OFF, ON), START + timedelta(days=9)
    one = backtest.backtest(url, trial, since=LONG_AGO, until=until, processes=1)
    monkeypatch.setattr(backtest, "PAGE", 6)
    assert backtest.backtest(url, trial, since=LONG_AGO, until=until, processes=2) == one
    assert one.total.calls == 40
    assert 0 < one.total.automatic.new < 40
