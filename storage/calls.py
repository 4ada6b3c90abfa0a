"""Store calls as received, the work that they wait for, and deliveries seen before."""

from datetime import datetime
from typing import Literal

from bot.core.model import Call, Entry
from storage.audit import History
from storage.session import json_list, to_text, to_text_or_none

# Until the transaction ends nobody else adds a version of this call, so the number that is taken here is free.
HOLD = "{hold}"
ADD_CALL = """
INSERT INTO calls (call_id, version, body_sha256, received_at, event, data, due_at)
SELECT :call_id, COALESCE(MAX(version), 0) + 1, :body_sha256, :received_at, :event, :data, :due_at
FROM calls WHERE call_id = :call_id
ON CONFLICT DO NOTHING
RETURNING version, wake_at
"""
CALLS_OF = "SELECT data FROM calls WHERE call_id = :call_id ORDER BY version"

# The first version of a call stands for the whole call: whoever holds its row may look at all of them. What was
# read before the row was held may have changed since, so a second statement reads what is still due.
HOLD_DUE = """
SELECT first.call_id FROM calls AS first
WHERE first.version = 1
  AND first.call_id IN (SELECT call_id FROM calls WHERE wake_at <= :now ORDER BY wake_at LIMIT :limit)
{skip_locked}
"""
STILL_DUE = """
SELECT call_id FROM calls WHERE call_id IN ({ids})
GROUP BY call_id HAVING MIN(due_at) <= :now AND COALESCE(MAX(lease_until), '') <= :now
ORDER BY MIN(due_at), call_id
"""
LEASE = """
UPDATE calls SET lease_owner = :owner, lease_until = :until WHERE call_id IN ({ids}) AND due_at IS NOT NULL
"""
FINISH = """
UPDATE calls SET due_at = CASE WHEN version > :upto THEN due_at END,
  lease_owner = CASE WHEN version > :upto THEN lease_owner END,
  lease_until = CASE WHEN version > :upto THEN lease_until END
WHERE call_id = :call_id
RETURNING wake_at
"""

LOOK_AGAIN = """
UPDATE calls SET due_at = :at WHERE call_id = :call_id AND version = (
  SELECT MAX(version) FROM calls WHERE call_id = :call_id
)
RETURNING wake_at
"""

FIRST_TIME = "INSERT INTO deliveries (identity, at) VALUES (:identity, :at) ON CONFLICT (identity) DO NOTHING"
FORGET = "DELETE FROM deliveries WHERE at < :before"


class Calls(History):
    def add_call(
        self, call: Call, *, body_sha256: str, received_at: datetime, due_at: datetime | None, entry: Entry, chain: str
    ) -> Literal["new", "changed", "duplicate"]:
        """Add a version of a call; the same body changes nothing. `chain` is the case id of its history."""
        params = {
            "call_id": call.call_id,
            "body_sha256": body_sha256,
            "received_at": to_text(received_at),
            "event": call.event,
            "data": call.model_dump_json(),
            "due_at": to_text_or_none(due_at),
        }
        self._session.row(HOLD, {"held": call.call_id})
        added = self._session.row(ADD_CALL, params)
        if added is None:
            return "duplicate"
        self._note_due("calls", added[1])
        self.append(chain, entry, received_at)
        return "new" if added[0] == 1 else "changed"

    def calls_of(self, call_id: str) -> list[Call]:
        """Return all versions of a call in the order in which they were received."""
        return [Call.model_validate_json(data) for (data,) in self._session.rows(CALLS_OF, {"call_id": call_id})]

    def due_calls(self, now: datetime, limit: int) -> list[str]:
        """Lock and return calls that are due; nobody else sees them as due until the transaction ends."""
        held = self._session.rows(HOLD_DUE, {"now": to_text(now), "limit": limit})
        if not held:
            return []
        due = {"ids": json_list(call_id for (call_id,) in held), "now": to_text(now)}
        return [call_id for (call_id,) in self._session.rows(STILL_DUE, due)]

    def lease_calls(self, call_ids: list[str], owner: str, until: datetime) -> None:
        self._session.run(LEASE, {"ids": json_list(call_ids), "owner": owner, "until": to_text(until)})

    def finish_calls(self, call_id: str, upto: int) -> None:
        """Finish versions up to `upto`; a later one stays due, since it came while the others were worked on."""
        self.due.pop("calls", None)  # a call that came in this very transaction waits for nobody any more
        for (wake_at,) in self._session.rows(FINISH, {"call_id": call_id, "upto": upto}):
            self._note_due("calls", wake_at)

    def look_again(self, call_id: str, at: datetime) -> None:
        """Make a call due once more, as if it had come then."""
        for (wake_at,) in self._session.rows(LOOK_AGAIN, {"call_id": call_id, "at": to_text(at)}):
            self._note_due("calls", wake_at)

    def first_time(self, identity: str, now: datetime) -> bool:
        """Remember a delivery; False where it was seen before."""
        return self._session.run(FIRST_TIME, {"identity": identity, "at": to_text(now)}) == 1

    def forget_deliveries(self, before: datetime) -> int:
        return self._session.run(FORGET, {"before": to_text(before)})
