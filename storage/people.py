"""Store who is away and who stands in for them, and what is paused."""

from datetime import datetime

from bot.core.model import Entry
from bot.core.people import Delegation, Pause
from storage.audit import History
from storage.session import Row, to_text, to_time

WORKSPACE = "workspace"  # the history of what concerns no single case

SET_DELEGATION = """
INSERT INTO delegations (user_id, delegate_id, from_at, until_at, set_by, set_at)
VALUES (:user_id, :delegate_id, :from_at, :until_at, :set_by, :set_at)
ON CONFLICT (user_id) DO UPDATE SET delegate_id = excluded.delegate_id, from_at = excluded.from_at,
  until_at = excluded.until_at, set_by = excluded.set_by, set_at = excluded.set_at
"""
END_DELEGATION = "DELETE FROM delegations WHERE user_id = :user_id"
DELEGATIONS = """
SELECT user_id, delegate_id, from_at, until_at, set_by, set_at FROM delegations
WHERE until_at > :now ORDER BY user_id
"""
PAUSE = """
INSERT INTO pauses (scope, since_at, by_whom, reason) VALUES (:scope, :since_at, :by_whom, :reason)
ON CONFLICT (scope) DO NOTHING
"""
RESUME = "DELETE FROM pauses WHERE scope = :scope"
PAUSES = "SELECT scope, since_at, by_whom, reason FROM pauses ORDER BY scope"


def _delegation(row: Row) -> Delegation:
    user_id, delegate_id, from_at, until_at, set_by, set_at = row
    return Delegation(
        user_id=user_id,
        delegate_id=delegate_id,
        from_at=to_time(from_at),
        until_at=to_time(until_at),
        set_by=set_by,
        set_at=to_time(set_at),
    )


class People(History):
    def set_delegation(self, delegation: Delegation, *, entry: Entry) -> None:
        """Set a delegation in the place of the one that this person had."""
        times = {name: to_text(getattr(delegation, name)) for name in ("from_at", "until_at", "set_at")}
        self._session.run(SET_DELEGATION, {**delegation.model_dump(), **times})
        self.append(WORKSPACE, entry, delegation.set_at)

    def end_delegation(self, user_id: str, *, entry: Entry, now: datetime) -> bool:
        """End a delegation; False where this person had none, and nothing is written."""
        if not self._session.run(END_DELEGATION, {"user_id": user_id}):
            return False
        self.append(WORKSPACE, entry, now)
        return True

    def delegations(self, now: datetime) -> list[Delegation]:
        """Return the delegations that are not over, also those that have not begun."""
        return [_delegation(row) for row in self._session.rows(DELEGATIONS, {"now": to_text(now)})]

    def pause(self, pause: Pause, *, entry: Entry) -> bool:
        """Pause a scope; False where it is paused already, and nothing is written."""
        params = {"scope": pause.scope, "by_whom": pause.by, "reason": pause.reason}
        if not self._session.run(PAUSE, {**params, "since_at": to_text(pause.since_at)}):
            return False
        self.append(WORKSPACE, entry, pause.since_at)
        return True

    def resume(self, scope: str, *, entry: Entry, now: datetime) -> bool:
        """Resume a scope, which makes its steps due; False where it was not paused, and nothing is written."""
        if not self._session.run(RESUME, {"scope": scope}):
            return False
        self._note_due("executions", to_text(now))  # whatever waited for it
        self.append(WORKSPACE, entry, now)
        return True

    def pauses(self) -> list[Pause]:
        return [
            Pause(scope=scope, since_at=to_time(since_at), by=by_whom, reason=reason)
            for scope, since_at, by_whom, reason in self._session.rows(PAUSES, {})
        ]
