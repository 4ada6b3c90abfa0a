"""Tell when work becomes due next, so that a simulation skips the time until then."""

from datetime import datetime

from storage import Store
from storage.session import to_text, to_time_or_none

NEXT_DUE = """
SELECT MIN(wake_at) FROM (
  SELECT MIN(wake_at) AS wake_at FROM calls WHERE wake_at > :now
  UNION ALL SELECT MIN(wake_at) FROM executions WHERE wake_at > :now
  UNION ALL SELECT MIN(wake_at) FROM cards WHERE wake_at > :now
  UNION ALL SELECT MIN(wake_at) FROM notices WHERE wake_at > :now
) AS due
"""


def next_due(store: Store, now: datetime) -> datetime | None:
    """Return the earliest later time at which work becomes due; a timer is none until it fires."""
    row = store._session.row(NEXT_DUE, {"now": to_text(now)})
    return to_time_or_none(row[0]) if row else None
