"""Store executions with their idempotency keys, their attempts and their receipts."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.model import Attempt, Entry, Execution, ExecutionState, Receipt
from storage.audit import History
from storage.errors import KeyReused, NotStored
from storage.session import Params, Row, json_list, to_text, to_text_or_none, to_time, to_time_or_none

ADD = """
INSERT INTO executions (key, case_id, version, position, connector, fingerprint, state, due_at, lease_owner,
  lease_until, data)
VALUES (:key, :case_id, :version, :position, :connector, :fingerprint, :state, :due_at, :lease_owner,
  :lease_until, :data)
ON CONFLICT (key) DO NOTHING
RETURNING wake_at
"""
FINGERPRINT = "SELECT fingerprint FROM executions WHERE key = :key"
SAVE = """
UPDATE executions SET state = :state, due_at = :due_at, lease_owner = :lease_owner, lease_until = :lease_until,
  data = :data
WHERE key = :key
RETURNING wake_at
"""
ONE = """
SELECT e.state, e.due_at, e.lease_owner, e.lease_until, e.data, r.data
FROM executions AS e LEFT JOIN receipts AS r ON r.key = e.key WHERE e.key = :key
"""
OF_CASE = """
SELECT e.state, e.due_at, e.lease_owner, e.lease_until, e.data, r.data
FROM executions AS e LEFT JOIN receipts AS r ON r.key = e.key WHERE e.case_id = :case_id ORDER BY e.position
"""
# `wake_at` is the due time of a row that waits and the end of the lease of one that runs. CROSS JOIN makes SQLite begin
# with the few executions that are due, not with all approved cases.
DUE = """
SELECT e.state, e.due_at, e.lease_owner, e.lease_until, e.data, NULL
FROM executions AS e CROSS JOIN cases AS c
WHERE e.wake_at <= :now AND c.case_id = e.case_id AND c.state = 'approved'
ORDER BY e.wake_at, e.key LIMIT :limit {skip_locked_e}
"""
DUE_ELSEWHERE = DUE.replace("ORDER BY", "  AND e.connector NOT IN ({ids})\nORDER BY")
WAITING = """
SELECT e.state, e.due_at, e.lease_owner, e.lease_until, e.data, NULL
FROM executions AS e CROSS JOIN cases AS c
WHERE e.wake_at IS NOT NULL AND e.state <> 'running' AND c.case_id = e.case_id AND c.state = 'approved'
  AND (CAST(:connector AS TEXT) IS NULL OR e.connector = :connector)
ORDER BY e.wake_at, e.key LIMIT :limit {skip_locked_e}
"""
ADD_RECEIPT = """
INSERT INTO receipts (key, vendor_id, stored_at, data) VALUES (:key, :vendor_id, :stored_at, :data)
ON CONFLICT (key) DO NOTHING
"""
ADD_ATTEMPT = """
INSERT INTO attempts (key, n, started_at, looks_first) VALUES (:key, :n, :started_at, :looks_first)
"""
END_ATTEMPT = """
UPDATE attempts SET ended_at = :ended_at, outcome = :outcome, detail = :detail, request_id = :request_id
WHERE key = :key AND n = :n
"""
ATTEMPTS = """
SELECT n, started_at, looks_first, ended_at, outcome, detail, request_id FROM attempts WHERE key = :key ORDER BY n
"""


def _execution(row: Row) -> Execution:
    state, due_at, lease_owner, lease_until, data, receipt = row
    columns = {
        "state": ExecutionState(state),
        "due_at": to_time_or_none(due_at),
        "lease_owner": lease_owner,
        "lease_until": to_time_or_none(lease_until),
        "receipt": None if receipt is None else Receipt.model_validate_json(receipt),
    }
    return Execution.model_validate_json(data).model_copy(update=columns)


def _changing(execution: Execution) -> Params:
    return {
        "key": execution.key,
        "state": execution.state,
        "due_at": to_text_or_none(execution.due_at),
        "lease_owner": execution.lease_owner,
        "lease_until": to_text_or_none(execution.lease_until),
        "data": execution.model_dump_json(exclude={"receipt"}),
    }


class Executions(History):
    def add_executions(self, executions: Sequence[Execution], *, entry: Entry, now: datetime) -> None:
        """Add the executions of one case. Raises KeyReused where a key exists with another fingerprint."""
        for execution in executions:
            params = {
                **_changing(execution),
                "case_id": execution.case_id,
                "version": execution.version,
                "position": execution.position,
                "connector": execution.action.connector,
                "fingerprint": execution.fingerprint,
            }
            added = self._session.row(ADD, params)
            if added is None:
                self._refuse_another(execution)
            else:
                self._note_due("executions", added[0])
        if executions:
            self.append(executions[0].case_id, entry, now)

    def _refuse_another(self, execution: Execution) -> None:
        if self._session.row(FINGERPRINT, {"key": execution.key}) != (execution.fingerprint,):
            raise KeyReused(f"key {execution.key} was written for other parameters")

    def execution(self, key: str) -> Execution | None:
        row = self._session.row(ONE, {"key": key})
        return None if row is None else _execution(row)

    def executions(self, case_id: str) -> tuple[Execution, ...]:
        """Return the executions of a case in the order in which they run, with their receipts."""
        return tuple(_execution(row) for row in self._session.rows(OF_CASE, {"case_id": case_id}))

    def save_execution(self, execution: Execution, *, entry: Entry, now: datetime) -> None:
        """Save an execution; its first receipt stays. Raises NotStored, and RuleBroken for a wrong move."""
        saved = self._session.row(SAVE, _changing(execution))
        if saved is None:
            raise NotStored(f"execution {execution.key} does not exist")
        self._note_due("executions", saved[0])
        if execution.receipt is not None:
            receipt = execution.receipt
            params = {"key": execution.key, "vendor_id": receipt.vendor_id, "stored_at": to_text(now)}
            self._session.run(ADD_RECEIPT, {**params, "data": receipt.model_dump_json()})
        self.append(execution.case_id, entry, now)

    def due_executions(self, now: datetime, limit: int, paused: Sequence[str] = ()) -> list[Execution]:
        """Lock and return those of approved cases that are due, and those that run under a lease that ran out.

        Those of `paused` connectors are left where they are, so that they never stand in the way of others.
        """
        statement, ids = (DUE_ELSEWHERE, {"ids": json_list(paused)}) if paused else (DUE, {})
        rows = self._session.rows(statement, {"now": to_text(now), "limit": limit} | ids)
        return [_execution(row) for row in rows]

    def waiting_executions(self, connector: str | None, limit: int) -> list[Execution]:
        """Lock and return those of approved cases that are not under way, of one connector or of all."""
        params = {"connector": connector, "limit": limit}
        return [_execution(row) for row in self._session.rows(WAITING, params)]

    def add_attempt(self, attempt: Attempt) -> None:
        params = {"key": attempt.key, "n": attempt.n, "looks_first": int(attempt.looks_first)}
        self._session.run(ADD_ATTEMPT, {**params, "started_at": to_text(attempt.started_at)})

    def end_attempt(self, attempt: Attempt) -> None:
        """Complete an attempt, once. Raises NotStored, and RuleBroken the second time."""
        params = {
            "key": attempt.key,
            "n": attempt.n,
            "ended_at": to_text_or_none(attempt.ended_at),
            "outcome": attempt.outcome,
            "detail": attempt.detail,
            "request_id": attempt.request_id,
        }
        if not self._session.run(END_ATTEMPT, params):
            raise NotStored(f"attempt {attempt.n} of {attempt.key} does not exist")

    def attempts(self, key: str) -> list[Attempt]:
        """Return the attempts in the order in which they were made."""
        return [
            Attempt(
                key=key,
                n=n,
                started_at=to_time(started_at),
                looks_first=bool(looks_first),
                ended_at=to_time_or_none(ended_at),
                outcome=outcome,
                detail=detail,
                request_id=request_id,
            )
            for n, started_at, looks_first, ended_at, outcome, detail, request_id in self._session.rows(
                ATTEMPTS, {"key": key}
            )
        ]
