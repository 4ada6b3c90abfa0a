"""Store what happens beside cards and by time alone: messages that are sent once each, and the timers of a case."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.notices import Notice, Timer
from storage.audit import History
from storage.session import Params, Row, json_list, to_text, to_text_or_none, to_time, to_time_or_none

ADD = """
INSERT INTO notices (notice_id, recipient, case_id, created_at, due_at, lease_owner, lease_until, data)
VALUES (:notice_id, :recipient, :case_id, :created_at, :due_at, :lease_owner, :lease_until, :data)
ON CONFLICT (notice_id) DO NOTHING
RETURNING wake_at
"""
DUE = """
SELECT due_at, lease_owner, lease_until, data FROM notices
WHERE wake_at <= :now AND recipient NOT IN ({ids}) ORDER BY wake_at, notice_id LIMIT :limit {skip_locked}
"""
# Ids of notices about a case begin with its id and a slash, so the primary key finds them; "0" comes after "/".
WAITING = """
SELECT due_at, lease_owner, lease_until, data FROM notices
WHERE notice_id >= :from_id AND notice_id < :to_id AND recipient = :recipient
  AND due_at IS NOT NULL AND lease_owner IS NULL
ORDER BY created_at, notice_id LIMIT 1 {skip_locked}
"""
WRITTEN_AT = "SELECT n, actor FROM audit WHERE case_id = :case_id AND at = :at ORDER BY n"
ONE = "SELECT due_at, lease_owner, lease_until, data FROM notices WHERE notice_id = :notice_id"
SAVE = """
UPDATE notices SET recipient = :recipient, due_at = :due_at, lease_owner = :lease_owner, lease_until = :lease_until,
  data = :data
WHERE notice_id = :notice_id
RETURNING wake_at
"""
SAVE_HELD = SAVE.replace("RETURNING", "AND lease_owner = :held_by RETURNING")


def _notice(row: Row) -> Notice:
    due_at, lease_owner, lease_until, data = row
    columns = {
        "due_at": to_time_or_none(due_at),
        "lease_owner": lease_owner,
        "lease_until": to_time_or_none(lease_until),
    }
    return Notice.model_validate_json(data).model_copy(update=columns)


def _columns(notice: Notice) -> Params:
    return {
        "notice_id": notice.notice_id,
        "recipient": notice.recipient,
        "case_id": notice.case_id,
        "created_at": to_text(notice.created_at),
        "due_at": to_text_or_none(notice.due_at),
        "lease_owner": notice.lease_owner,
        "lease_until": to_text_or_none(notice.lease_until),
        "data": notice.model_dump_json(),
    }


class Notices(History):
    def add_notice(self, notice: Notice) -> bool:
        """Add a notice; return False if the same news was noted before."""
        return self._written(ADD, _columns(notice))

    def notice(self, notice_id: str) -> Notice | None:
        row = self._session.row(ONE, {"notice_id": notice_id})
        return None if row is None else _notice(row)

    def due_notices(self, now: datetime, limit: int, skip: frozenset[str] = frozenset()) -> list[Notice]:
        """Return due notices, the longest due first, none to those to `skip`; held until the transaction ends."""
        params = {"now": to_text(now), "limit": limit, "ids": json_list(sorted(skip))}
        return [_notice(row) for row in self._session.rows(DUE, params)]

    def waiting_notice(self, case_id: str, recipient: str) -> Notice | None:
        """Return the oldest notice about this case to this recipient that nobody has begun to send; held."""
        params = {"from_id": f"{case_id}/", "to_id": f"{case_id}0", "recipient": recipient}
        row = self._session.row(WAITING, params)
        return None if row is None else _notice(row)

    def written_at(self, case_id: str, at: datetime) -> list[tuple[int, str]]:
        """Return numbers and actors of the case's entries of this very moment: those of one transaction."""
        return [(n, actor) for n, actor in self._session.rows(WRITTEN_AT, {"case_id": case_id, "at": to_text(at)})]

    def save_notice(self, notice: Notice, *, held_by: str | None = None) -> bool:
        """Save a notice; return False, and write nothing, if `held_by` lost its lease to another."""
        if held_by is None:
            return self._written(SAVE, _columns(notice))
        return self._written(SAVE_HELD, {**_columns(notice), "held_by": held_by})

    def _written(self, statement: str, params: Params) -> bool:
        row = self._session.row(statement, params)
        if row is not None:
            self._note_due("notices", row[0])
        return row is not None


ADD_TIMER = """
INSERT INTO timers (case_id, name, due_at, fired_at) VALUES (:case_id, :name, :due_at, :fired_at)
ON CONFLICT (case_id, name) DO UPDATE SET due_at = excluded.due_at WHERE timers.fired_at IS NULL
RETURNING due_at
"""
CASES_DUE = """
SELECT case_id FROM timers WHERE fired_at IS NULL AND due_at <= :now
GROUP BY case_id ORDER BY MIN(due_at), case_id LIMIT :limit
"""
FIRE_TIMER = "UPDATE timers SET fired_at = :now WHERE case_id = :case_id AND name = :name AND fired_at IS NULL"
STOP_TIMERS = "DELETE FROM timers WHERE case_id = :case_id AND fired_at IS NULL AND name NOT IN ({ids})"
TIMERS = "SELECT case_id, name, due_at, fired_at FROM timers WHERE case_id = :case_id ORDER BY due_at, name"


def _timer(row: Row) -> Timer:
    case_id, name, due_at, fired_at = row
    return Timer(case_id=case_id, name=name, due_at=to_time(due_at), fired_at=to_time_or_none(fired_at))


class Timers(History):
    def set_timers(self, timers: Iterable[Timer]) -> None:
        """Set timers; one that is there already moves to its new time, unless it has fired."""
        for timer in timers:
            times = {"due_at": to_text(timer.due_at), "fired_at": to_text_or_none(timer.fired_at)}
            for (due_at,) in self._session.rows(ADD_TIMER, {"case_id": timer.case_id, "name": timer.name, **times}):
                self._note_due("timers", due_at)

    def cases_due(self, now: datetime, limit: int) -> list[str]:
        """Return cases with a timer that is due, the longest due first. Whoever fires it locks the case."""
        return [case_id for (case_id,) in self._session.rows(CASES_DUE, {"now": to_text(now), "limit": limit})]

    def fire_timer(self, timer: Timer, now: datetime) -> bool:
        """Mark a timer as fired; False where it has fired already."""
        params = {"now": to_text(now), "case_id": timer.case_id, "name": timer.name}
        return self._session.run(FIRE_TIMER, params) == 1

    def stop_timers(self, case_id: str, keep: Iterable[str] = ()) -> None:
        """Stop what has not fired yet, but for the names to `keep`."""
        self._session.run(STOP_TIMERS, {"case_id": case_id, "ids": json_list(keep)})

    def timers(self, case_id: str) -> list[Timer]:
        """Return the timers of a case, soonest first, those that fired included."""
        return [_timer(row) for row in self._session.rows(TIMERS, {"case_id": case_id})]
