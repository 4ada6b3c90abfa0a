"""Read what a digest counts: the cases that were opened or decided in a span of time, and those that wait."""

from datetime import datetime

from bot.core.digest import Counted
from bot.core.model import Case, Money, Verdict
from storage.cases import case_of_row
from storage.session import Session, to_text, to_time_or_none

IN_SPAN = """
SELECT c.state, c.version, c.revision, c.due_at, c.data, p.amount_minor, p.currency, o.automatic,
  (SELECT MAX(d.decided_at) FROM decisions AS d WHERE d.case_id = c.case_id AND d.version = c.version),
  (SELECT MAX(d.verdict) FROM decisions AS d WHERE d.case_id = c.case_id AND d.version = c.version)
FROM cases AS c
JOIN proposals AS p ON p.case_id = c.case_id AND p.version = c.version
LEFT JOIN payouts AS o ON o.case_id = c.case_id
WHERE (c.opened_at >= :since AND c.opened_at < :until)
   OR c.case_id IN (SELECT case_id FROM decisions WHERE decided_at >= :since AND decided_at < :until)
   OR c.state IN ('open', 'stuck')
ORDER BY c.opened_at, c.case_id
"""


class Figures:
    """Read the cases of a digest."""

    _session: Session

    def counted(self, since: datetime, until: datetime) -> list[Counted]:
        """Return cases opened or decided from `since` until before `until`, and those that wait.

        Scans the table, so call it in a read.
        """
        rows = self._session.rows(IN_SPAN, {"since": to_text(since), "until": to_text(until)})
        return [
            _counted(case_of_row(tuple(row)), money, automatic, decided_at, verdict)
            for *row, minor, currency, automatic, decided_at, verdict in rows
            for money in [None if minor is None else Money(amount_minor=minor, currency=currency)]
        ]


def _counted(
    case: Case, money: Money | None, automatic: int | None, decided_at: str | None, verdict: str | None
) -> Counted:
    return Counted(
        case=case,
        money=money,
        pays=automatic is not None,
        automatic=bool(automatic),
        decided_at=to_time_or_none(decided_at),
        verdict=None if verdict is None else Verdict(verdict),
    )
