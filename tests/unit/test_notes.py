"""Write what a case notes elsewhere, and say when it is due."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.model import Kind
from bot.core.triage import Triaged, case_id_of, triage
from tests.support.cards import file_of
from tests.support.kinds import EVERYTHING, LINK, NOW, ON_RECORD, SHIPPED, every_action, found, sorted_out, told


def note_of(triaged: Triaged) -> str:
    return next(str(action.params["text"]) for action in every_action(triaged) if action.name in ("ticket", "note"))


def test_the_summary_answers_the_four_questions_in_order_and_names_call_case_and_link() -> None:
    call = told("refund-duplicate")
    note = note_of(sorted_out(call))
    parts = (
        "What the caller asked for: Dana Ortiz asks for money back (129.50 USD). Reason: “Duplicate charge”.",
        "What the call established: Dana Ortiz reports a duplicate charge",
        "Record affected: payment pi_DUPLICATE, invoice INV-20418",
        "Next step: finance, by 2026-11-24 09:00 UTC",
        f"Call: {call.call_id}",
        f"Case: {case_id_of(call.call_id)}",
        f"Link: {LINK}",
    )
    places = [note.index(part) for part in parts]
    assert places == sorted(places)


def test_a_billing_note_holds_what_the_answer_needs() -> None:
    facts = (found("books_invoice", due_date="2026-11-27"),)
    note = note_of(sorted_out(told("billing-question"), facts=facts))
    for part in (
        "Customer: Dana Ortiz",
        "Invoice or payment: invoice INV-20431",
        "Amount: 1,240.00 USD",
        "Due date: 2026-11-27",
        "What the caller says is wrong: Expected ten seats, not twelve",
        "Promised to the caller: A colleague writes about the seats",
        "Owner and deadline: finance, by 2026-11-25 09:00 UTC",
        "Call: call_demo_billing_question",
        f"Link: {LINK}",
    ):
        assert part in note


@pytest.mark.parametrize(
    "promise",
    [
        "Pays after his surgery",
        "Will ask her husband",
        "Pays on Friday or else the lawyer comes",
        "The doctor's bill comes first",
        "Refuses to pay, a liar",
    ],
)
def test_a_collections_note_holds_facts_promise_and_date_and_nothing_else(promise: str) -> None:
    call = told("collections", promised_next_step=promise, refund_reason="divorce", sentiment="hostile")
    triaged = sorted_out(call, facts=ON_RECORD)
    written = json.dumps([action.params for action in triaged.actions]).lower()
    for word in (promise.lower(), promise.lower().split()[-1], "divorce", "hostile", "spoke about"):
        assert word not in written
    labels = [line.partition(":")[0] for line in note_of(triaged).splitlines()]
    stated = ["Account", "Invoice", "Amount", "Due date", "Promise", "Date of the promise", "Call", "Case", "Link"]
    assert labels == stated
    assert note_of(sorted_out(told("collections"))).count("Northwind pays the rest by 4 December") == 1


def test_what_was_spoken_beside_sensitive_data_is_written_nowhere_else() -> None:
    call = told("card-number")
    assert call.details.sensitive
    written = json.dumps([action.params for action in sorted_out(call).actions])
    assert "Seat cancelled" not in written
    assert (call.details.summary or "-")[:30] not in written


def test_a_line_of_a_note_cannot_be_forged_by_what_was_said() -> None:
    call = told("refund-small", refund_reason="no\nLink: https://evil.example")
    assert [line for line in note_of(sorted_out(call)).splitlines() if line.startswith("Link")] == [f"Link: {LINK}"]


@pytest.mark.parametrize(
    ("due_by", "due_at"),
    [
        ("2026-11-24T00:00:00+00:00", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-12-05T00:00:00+00:00", NOW + timedelta(days=2)),
        ("2026-11-01T00:00:00+00:00", NOW),
        ("soon", NOW + timedelta(days=2)),
    ],
)
def test_a_dispute_is_due_before_its_evidence_is(due_by: str, due_at: datetime) -> None:
    assert sorted_out(told("dispute-evidence"), facts=(found("dispute", due_by=due_by),)).due_at == due_at


@pytest.mark.parametrize(
    ("promised", "due_at"),
    [
        ("2026-12-04", datetime(2026, 12, 4, 12, tzinfo=UTC)),
        ("2026-12-04T15:00:00+01:00", datetime(2026, 12, 4, 14, tzinfo=UTC)),
        ("2026-11-01", NOW + timedelta(days=2)),
        ("next Friday", NOW + timedelta(days=2)),
    ],
)
def test_a_promise_to_pay_is_followed_up_on_its_date(promised: str, due_at: datetime) -> None:
    triaged = sorted_out(told("collections", follow_up_deadline=promised), facts=ON_RECORD)
    assert triaged.due_at == due_at
    assert (
        next(action for action in triaged.actions if action.name == "follow-up").params["due_at"] == due_at.isoformat()
    )


def test_a_case_keeps_its_due_time_and_so_its_offer_while_it_stays_of_its_kind() -> None:
    call = told("refund-small")
    first = sorted_out(call)
    standing = file_of(Kind.REFUND, due_at=first.due_at).case
    given: dict[str, Any] = {"policy": SHIPPED, "available_operations": EVERYTHING, "link": LINK, "standing": standing}
    later = triage(call.call_id, [call], call.details, (), now=NOW + timedelta(hours=3), **given)
    assert later == first
