"""Write executions at the approval, claim them with an attempt before every send, and end them with what is known."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.cases.change import change_case
from bot.cases.pauses import tell_waiting
from bot.core.lifecycle import move_execution
from bot.core.model import (
    Action,
    Attempt,
    Case,
    CaseFile,
    CaseState,
    Entry,
    Execution,
    ExecutionState,
    Outcome,
    Proposal,
    Receipt,
)
from bot.core.people import EVERYTHING
from storage import Store

MOST_FAILURES = 8  # with the back-off below about ten minutes; then a person looks
FIRST_LOOK = timedelta(seconds=2)  # a vendor's own lists lag a little behind its writes


@dataclass(frozen=True)
class ClaimedExecution:
    """Hold a claimed execution with the attempt that was written before the send."""

    execution: Execution
    attempt: Attempt


@dataclass(frozen=True)
class AttemptResult:
    """Describe how an attempt ended. `person`: nobody but a person can find out or decide, so the case is stuck.

    `locked`: our credentials are not accepted, so the connector pauses and nothing counts as a failure.
    """

    outcome: Outcome
    sentence: str | None = None
    receipt: Receipt | None = None
    retry_after_s: float | None = None
    request_id: str | None = None
    person: bool = False
    locked: bool = False


def claim_executions(
    store: Store, *, owner: str, until: datetime, now: datetime, limit: int, available_operations: frozenset[str]
) -> list[ClaimedExecution]:
    """Claim what is due and not paused. What has no connector is a person's; an orphan is first of all unsure."""
    works: list[ClaimedExecution] = []
    pauses_now = store.pauses()
    if pauses_now:
        tell_waiting(store, pauses_now, now)
    paused = [pause.scope for pause in pauses_now]
    for execution in () if EVERYTHING in paused else store.due_executions(now, limit, paused):
        if execution.state is ExecutionState.RUNNING:
            execution = _orphaned(store, execution, now)
        if f"{execution.action.connector}.{execution.action.operation}" in available_operations:
            works.append(_start(store, execution, owner, until, now))
        else:
            _hand_over(store, execution, now)
    return works


def _hand_over(store: Store, execution: Execution, now: datetime) -> None:
    """Hand a step without a connector to a person, who finds out where it may have happened already."""
    case = store.case(execution.case_id, lock=True)
    if case is None:  # the foreign key forbids it
        return
    action = execution.action
    entry = Entry(actor="worker", what="execution.handed_over", data={"key": execution.key})
    if execution.state is ExecutionState.PENDING:
        state = move_execution(execution.state, ExecutionState.BY_HAND)
        store.save_execution(execution.model_copy(update={"state": state, "due_at": None}), entry=entry, now=now)
        waits = Entry(actor="worker", what="case.progress", sentence=f"Waits for a person: {action.sentence}.")
        change_case(store, case, now, waits)
        return
    why = f"It may have happened, and {action.connector} is not connected any more to look it up."
    store.save_execution(execution.model_copy(update={"due_at": None, "detail": why}), entry=entry, now=now)
    _stick(store, case, f"{action.sentence}: {why}", now)


def _orphaned(store: Store, execution: Execution, now: datetime) -> Execution:
    state = move_execution(execution.state, ExecutionState.UNSURE)
    orphan = execution.model_copy(
        update={"state": state, "detail": "The process that ran it stopped; it may have happened."}
    )
    entry = Entry(actor="worker", what="execution.orphaned", data={"key": execution.key, "attempt": execution.attempts})
    store.save_execution(orphan, entry=entry, now=now)
    return orphan


def _start(store: Store, execution: Execution, owner: str, until: datetime, now: datetime) -> ClaimedExecution:
    looks_first = execution.state is ExecutionState.UNSURE or _in_doubt(store, execution)
    running = execution.model_copy(
        update={
            "state": move_execution(execution.state, ExecutionState.RUNNING),
            "attempts": execution.attempts + 1,
            "first_sent_at": execution.first_sent_at or now,
            "lease_owner": owner,
            "lease_until": until,
            "due_at": None,
        }
    )
    attempt = Attempt(key=running.key, n=running.attempts, started_at=now, looks_first=looks_first)
    data = {"key": running.key, "attempt": attempt.n, "looks_first": looks_first, "fingerprint": running.fingerprint}
    store.save_execution(running, entry=Entry(actor="worker", what="execution.running", data=data), now=now)
    store.add_attempt(attempt)
    return ClaimedExecution(running, attempt)


def _in_doubt(store: Store, execution: Execution) -> bool:
    """Report whether the outcome of any earlier attempt is unknown, whatever became of the later ones."""
    tries = store.attempts(execution.key) if execution.attempts else []
    return any(made.outcome in (None, Outcome.UNSURE) for made in tries)


def ended(store: Store, work: ClaimedExecution, end: AttemptResult, now: datetime) -> bool:
    """Write what is known now. False: the lease was lost to somebody else, and nothing is written."""
    file = store.case_file(work.execution.case_id, lock=True)
    if file is None:  # the foreign key forbids it
        return False
    held = next(made for made in file.executions if made.key == work.execution.key)
    if held.state is not ExecutionState.RUNNING or held.attempts != work.attempt.n:
        return False
    store.end_attempt(
        work.attempt.model_copy(
            update={
                "ended_at": now,
                "outcome": end.outcome,
                "detail": end.sentence,
                "request_id": end.request_id or (end.receipt.request_id if end.receipt else None),
            }
        )
    )
    _write_end(store, file, held, end, now)
    return True


_STATE_AFTER = {
    Outcome.SUCCEEDED: ExecutionState.SUCCEEDED,
    Outcome.REFUSED: ExecutionState.REFUSED,
    Outcome.UNAVAILABLE: ExecutionState.PENDING,
    Outcome.UNSURE: ExecutionState.UNSURE,
}


def _write_end(store: Store, file: CaseFile, held: Execution, end: AttemptResult, now: datetime) -> None:
    succeeded = end.outcome is Outcome.SUCCEEDED
    failures = 0 if succeeded else held.failures + (not end.locked)
    stuck = end.person or end.outcome is Outcome.REFUSED or failures >= MOST_FAILURES
    after = held.model_copy(
        update={
            "state": move_execution(held.state, _STATE_AFTER[end.outcome]),
            "failures": failures,
            "due_at": None if succeeded or stuck else now + back_off(max(failures, 1), end.retry_after_s),
            "lease_owner": None,
            "lease_until": None,
            "detail": end.sentence,
            "receipt": end.receipt,
        }
    )
    store.save_execution(after, entry=_entry(after, end), now=now)
    if succeeded:
        go_on(store, file, after, now)
    elif stuck:
        _stick(store, file.case, f"{held.action.sentence}: {end.sentence}", now)
    elif held.detail != end.sentence:
        change_case(store, file.case, now, Entry(actor="worker", what="case.progress"))


def _stick(store: Store, case: Case, closing: str, now: datetime) -> None:
    entry = Entry(actor="worker", what="case.stuck", sentence="Stuck: a person has to look at it.")
    change_case(store, case, now, entry, state=CaseState.STUCK, closing=closing)


def _entry(after: Execution, end: AttemptResult) -> Entry:
    note = (end.receipt.note or end.receipt.vendor_id) if end.receipt else end.sentence
    word = {"succeeded": "Succeeded", "refused": "Refused", "unavailable": "Not available", "unsure": "Not known"}
    return Entry(
        actor="worker",
        what=f"execution.{end.outcome}",
        sentence=f"{word[end.outcome]}: {after.action.sentence}. {note or ''}".strip(),
        data={
            "key": after.key,
            "attempt": after.attempts,
            "vendor_id": end.receipt.vendor_id if end.receipt else None,
            "request_id": end.request_id or (end.receipt.request_id if end.receipt else None),
        },
    )


def back_off(failures: int, retry_after_s: float | None) -> timedelta:
    """Return 2, 4, 8 ... seconds, at most five minutes, and never less than the vendor asks."""
    wait = min(FIRST_LOOK * int(2 ** (failures - 1)), timedelta(minutes=5))
    return max(wait, timedelta(seconds=retry_after_s or 0))


def executions_of(case: Case, proposal: Proposal, now: datetime) -> list[Execution]:
    """Make one execution an action, keyed `<root>/<action>/<n>`; only the first is due, each makes the next due."""
    seen: Counter[str] = Counter()
    made: list[Execution] = []
    for position, action in enumerate(proposal.actions):
        seen[action.name] += 1
        made.append(
            Execution(
                key=f"{case.root}/{action.name}/{seen[action.name]}",
                case_id=case.case_id,
                version=proposal.version,
                position=position,
                action=action,
                fingerprint=fingerprint(action),
                state=ExecutionState.PENDING,
                due_at=now if position == 0 else None,
            )
        )
    return made


def fingerprint(action: Action) -> str:
    exact = json.dumps([action.connector, action.operation, action.params], sort_keys=True)
    return hashlib.sha256(exact.encode()).hexdigest()


def go_on(store: Store, file: CaseFile, finished: Execution, now: datetime) -> None:
    """Make the next step due, or the case done."""
    rest = [made for made in file.executions if made.position > finished.position]
    if rest:
        entry = Entry(actor="worker", what="execution.due", data={"key": rest[0].key})
        store.save_execution(rest[0].model_copy(update={"due_at": now}), entry=entry, now=now)
        change_case(store, file.case, now, Entry(actor="worker", what="case.progress"))
        return
    entry = Entry(actor="worker", what="case.done", sentence="Done: every step has its receipt.")
    change_case(store, file.case, now, entry, state=CaseState.DONE)
