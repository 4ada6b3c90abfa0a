"""Store what happens to a case by time alone."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.notices import Timer
from storage.audit import History
from storage.session import Row, json_list, to_text, to_text_or_none, to_time, to_time_or_none

ADD = """
INSERT INTO timers (case_id, name, due_at, fired_at) VALUES (:case_id, :name, :due_at, :fired_at)
ON CONFLICT (case_id, name) DO UPDATE SET due_at = excluded.due_at WHERE timers.fired_at IS NULL
RETURNING due_at
"""
DUE_CASES = """
SELECT case_id FROM timers WHERE fired_at IS NULL AND due_at <= :now
GROUP BY case_id ORDER BY MIN(due_at), case_id LIMIT :limit
"""
FIRE = "UPDATE timers SET fired_at = :now WHERE case_id = :case_id AND name = :name AND fired_at IS NULL"
STOP = "DELETE FROM timers WHERE case_id = :case_id AND fired_at IS NULL AND name NOT IN ({ids})"
OF_CASE = "SELECT case_id, name, due_at, fired_at FROM timers WHERE case_id = :case_id ORDER BY due_at, name"


def _timer(row: Row) -> Timer:
    case_id, name, due_at, fired_at = row
    return Timer(case_id=case_id, name=name, due_at=to_time(due_at), fired_at=to_time_or_none(fired_at))


class Timers(History):
    def set_timers(self, timers: Iterable[Timer]) -> None:
        """Set timers; one that is there already moves to its new time, unless it has fired."""
        for timer in timers:
            times = {"due_at": to_text(timer.due_at), "fired_at": to_text_or_none(timer.fired_at)}
            for (due_at,) in self._session.rows(ADD, {"case_id": timer.case_id, "name": timer.name, **times}):
                self._note_due("timers", due_at)

    def cases_due(self, now: datetime, limit: int) -> list[str]:
        """Return cases with a timer that is due, the longest due first. Whoever fires it locks the case."""
        return [case_id for (case_id,) in self._session.rows(DUE_CASES, {"now": to_text(now), "limit": limit})]

    def fire_timer(self, timer: Timer, now: datetime) -> bool:
        """Mark a timer as fired; False where it has fired already."""
        params = {"now": to_text(now), "case_id": timer.case_id, "name": timer.name}
        return self._session.run(FIRE, params) == 1

    def stop_timers(self, case_id: str, keep: Iterable[str] = ()) -> None:
        """Stop what has not fired yet, but for the names to `keep`."""
        self._session.run(STOP, {"case_id": case_id, "ids": json_list(keep)})

    def timers(self, case_id: str) -> list[Timer]:
        """Return the timers of a case, soonest first, those that fired included."""
        return [_timer(row) for row in self._session.rows(OF_CASE, {"case_id": case_id})]
