"""Messages beside cards that wait to be sent, once each."""

from datetime import datetime

from bot.core.notices import Notice
from storage.audit import History
from storage.session import Params, Row, to_text, to_text_or_none, to_time_or_none

ADD = """
INSERT INTO notices (notice_id, recipient, case_id, created_at, due_at, lease_owner, lease_until, data)
VALUES (:notice_id, :recipient, :case_id, :created_at, :due_at, :lease_owner, :lease_until, :data)
ON CONFLICT (notice_id) DO NOTHING
"""
DUE = """
SELECT due_at, lease_owner, lease_until, data FROM notices
WHERE wake_at <= :now ORDER BY wake_at, notice_id LIMIT :limit {skip_locked}
"""
ONE = "SELECT due_at, lease_owner, lease_until, data FROM notices WHERE notice_id = :notice_id"
SAVE = """
UPDATE notices SET due_at = :due_at, lease_owner = :lease_owner, lease_until = :lease_until, data = :data
WHERE notice_id = :notice_id
"""
SAVE_HELD = SAVE + "AND lease_owner = :held_by"


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
        """False where the same news was noted before."""
        return self._session.run(ADD, _columns(notice)) == 1

    def notice(self, notice_id: str) -> Notice | None:
        row = self._session.row(ONE, {"notice_id": notice_id})
        return None if row is None else _notice(row)

    def due_notices(self, now: datetime, limit: int) -> list[Notice]:
        """Longest due first; held until the transaction ends."""
        return [_notice(row) for row in self._session.rows(DUE, {"now": to_text(now), "limit": limit})]

    def save_notice(self, notice: Notice, *, held_by: str | None = None) -> bool:
        """False where `held_by` has lost its lease to another; then nothing is written."""
        if held_by is None:
            return self._session.run(SAVE, _columns(notice)) == 1
        return self._session.run(SAVE_HELD, {**_columns(notice), "held_by": held_by}) == 1
