"""Read what a backtest goes through: stored cases in parts, and what a shadow policy has recorded."""

import json
from datetime import datetime

from pydantic import JsonValue

from bot.core.backtest import Stored
from storage.session import Session, to_text

IDS = "SELECT case_id FROM cases ORDER BY case_id"
# What a person tells is the first version of a case that has no call, or a later one that is not named "call…" as what
# DialNexa sends; so that no transcript is read.
PART = """
SELECT c.case_id, c.version, c.data, p.data, EXISTS (SELECT 1 FROM payouts AS o WHERE o.case_id = c.case_id),
  c.call_id IS NULL OR EXISTS
    (SELECT 1 FROM calls AS k WHERE k.call_id = c.root AND k.version > 1 AND k.event NOT LIKE :calls)
FROM cases AS c
JOIN proposals AS p ON p.case_id = c.case_id AND p.version = c.version
WHERE c.case_id >= :first AND c.case_id <= :last AND c.opened_at >= :since
ORDER BY c.case_id
"""
DECIDED = """
SELECT case_id, version, data FROM decisions WHERE case_id >= :first AND case_id <= :last
ORDER BY case_id, decided_at, user_id
"""
RECORDED = "SELECT data FROM audit WHERE what = :what AND at >= :since ORDER BY case_id, n"


class Replays:
    _session: Session

    def case_ids(self) -> list[str]:
        """Return the ids of all cases, in their order."""
        return [case_id for (case_id,) in self._session.rows(IDS, {})]

    def replay(self, since: datetime, first: str, last: str) -> list[Stored]:
        """Return the cases opened since, from one id to another."""
        span = {"first": first, "last": last}
        decisions: dict[tuple[str, int], tuple[str, ...]] = {}
        for case_id, version, data in self._session.rows(DECIDED, span):
            decisions[case_id, version] = (*decisions.get((case_id, version), ()), data)
        asked = {**span, "since": to_text(since), "calls": "call%"}
        return [
            Stored(case, proposal, decisions.get((case_id, version), ()), bool(paid), bool(by_person))
            for case_id, version, case, proposal, paid, by_person in self._session.rows(PART, asked)
        ]

    def recorded(self, what: str, since: datetime) -> list[dict[str, JsonValue]]:
        """Return the data of every audit entry of this name; a scan, so not for a write."""
        asked = {"what": what, "since": to_text(since)}
        return [json.loads(data) for (data,) in self._session.rows(RECORDED, asked)]
