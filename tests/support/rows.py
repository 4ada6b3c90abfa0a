"""Make values for storage tests, and run raw SQL past the store as a person with the database password could."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bot.core.model import (
    Action,
    Attempt,
    Call,
    CardCopy,
    Case,
    CaseState,
    Decision,
    Details,
    Entry,
    Execution,
    ExecutionState,
    Fields,
    Kind,
    Money,
    Proposal,
    Verdict,
)
from storage import Database, Store

NOW = datetime(2025, 1, 31, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
RECEIVED = Entry(actor="dialnexa", what="call.received", sentence="A call came in.", data={"seconds": 12.5})
WORKED = Entry(actor="worker", what="case.changed", data={})
DETAILS = Details(
    summary="Wants 125.50 USD back, 100% sure.",
    fields=Fields(customer_name="Émile Example", email="emile@example.com"),
    money=Money(amount_minor=12550, currency="USD"),
)


def a_call(number: int = 1, summary: str = "Wants money back.") -> Call:
    return Call(call_id=f"call-{number}", event="call_analyzed", details=Details(summary=summary))


def a_case(number: int = 1, **changes: Any) -> Case:
    case = Case(
        case_id=f"C-{number}",
        root=f"call-{number}",
        call_id=f"call-{number}",
        kind=Kind.REFUND,
        state=CaseState.OPEN,
        version=1,
        revision=1,
        details=DETAILS,
        channel="refunds",
        owner="finance",
        due_at=NOW + timedelta(days=number),
        opened_by="dialnexa",
        opened_at=NOW,
        updated_at=NOW,
    )
    return case.model_copy(update=changes)


def a_proposal(number: int = 1, version: int = 1, **changes: Any) -> Proposal:
    offer = {"kind": Kind.REFUND, "money": DETAILS.money, "created_at": NOW, **changes}
    return Proposal.model_validate({"case_id": f"C-{number}", "version": version, **offer})


def a_decision(user_id: str = "U1", version: int = 1, **changes: Any) -> Decision:
    decision = Decision(
        case_id="C-1",
        version=version,
        user_id=user_id,
        verdict=Verdict.APPROVE,
        rule="One of finance decides up to 500 USD.",
        policy_version="p1",
        decided_at=NOW,
    )
    return decision.model_copy(update=changes)


def an_execution(number: int = 1, position: int = 0, **changes: Any) -> Execution:
    execution = Execution(
        key=f"call-{number}/refund/{position + 1}",
        case_id=f"C-{number}",
        version=1,
        position=position,
        action=Action(name="refund", connector="stripe", operation="refund", sentence="Refund 125.50 USD"),
        fingerprint=f"print-{position}",
        state=ExecutionState.PENDING,
        due_at=NOW,
    )
    return execution.model_copy(update=changes)


def running(execution: Execution, owner: str = "w1", until: datetime = LATER) -> Execution:
    changes = {"state": ExecutionState.RUNNING, "due_at": None, "lease_owner": owner, "lease_until": until}
    return execution.model_copy(update=changes)


def an_attempt(n: int = 1) -> Attempt:
    return Attempt(key="call-1/refund/1", n=n, started_at=NOW, looks_first=n > 1)


def a_card(number: int = 1, **changes: Any) -> CardCopy:
    return CardCopy(case_id=f"C-{number}", place="home", channel="refunds", due_at=NOW).model_copy(update=changes)


def add_call(store: Store, call: Call, *, sha: str = "sha-1") -> str:
    return store.add_call(call, body_sha256=sha, received_at=NOW, due_at=NOW, entry=RECEIVED, chain="C-1")


def open_case(store: Store, number: int = 1, **changes: Any) -> None:
    store.add_case(a_case(number, **changes), entry=RECEIVED, now=NOW)
    store.add_proposal(a_proposal(number))


def approve_case(store: Store, number: int = 1, executions: int = 1) -> None:
    """Add an approved case with executions, the first of which is due."""
    open_case(store, number)
    store.save_case(a_case(number, state=CaseState.APPROVED, revision=2), entry=WORKED, now=NOW)
    steps = [an_execution(number, position, due_at=None if position else NOW) for position in range(executions)]
    store.add_executions(steps, entry=WORKED, now=NOW)


def held(store: Store, case_id: str = "C-1") -> Case:
    """Return a case that is there, locked."""
    case = store.case(case_id, lock=True)
    assert case is not None
    return case


async def loaded(database: Database, number: int = 1) -> Case:
    case = await database.read(lambda store: store.case(f"C-{number}"))
    assert case is not None
    return case


def raw(url: str, *statements: str) -> None:
    """Run SQL past the store, committed at the end; raises the driver's own errors."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    with psycopg.connect(url) as server:
        for statement in statements:
            server.execute(statement.encode())


def raw_rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url) as server:
        return server.execute(statement.encode()).fetchall()
