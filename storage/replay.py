"""What a backtest reads: stored cases in parts, and what a shadow policy has recorded. Nothing here writes."""

import json
from collections.abc import Collection
from datetime import datetime

from pydantic import JsonValue

from bot.core.backtest import Stored
from bot.core.model import Kind
from storage.session import Row, Session, json_list, to_text, to_time, to_time_or_none

IDS = "SELECT case_id FROM cases ORDER BY case_id"
# The proposals are as long as the cases, and most need not be read. What a person tells is the first version of a case
# that has no call, or a later one that is not named "call…" as what DialNexa sends; so that no transcript is read.
PART = """
SELECT c.case_id, c.root, c.opened_at, c.version, c.data, c.amount_minor, c.currency, o.approved_at, p.data,
  c.state, c.call_id IS NULL OR EXISTS
    (SELECT 1 FROM calls AS k WHERE k.call_id = c.root AND k.version > 1 AND k.event NOT LIKE :calls)
FROM cases AS c
LEFT JOIN proposals AS p ON (c.version > 1 OR c.kind IN ({ids})) AND p.case_id = c.case_id AND p.version = c.version
LEFT JOIN payouts AS o ON o.case_id = c.case_id
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
        """Of all cases, in their order."""
        return [case_id for (case_id,) in self._session.rows(IDS, {})]

    def replay(self, since: datetime, first: str, last: str, alone: Collection[Kind]) -> list[Stored]:
        """Cases opened since, from one id to another; `alone`: the kinds on which a policy decides without a person."""
        span = {"first": first, "last": last}
        made: dict[tuple[str, int], tuple[str, ...]] = {}
        for case_id, version, data in self._session.rows(DECIDED, span):
            made[case_id, version] = (*made.get((case_id, version), ()), data)
        asked = {**span, "since": to_text(since), "ids": json_list(alone), "calls": "call%"}
        return [_stored(row, made) for row in self._session.rows(PART, asked)]

    def recorded(self, what: str, since: datetime) -> list[dict[str, JsonValue]]:
        """The data of every audit entry of this name; a scan, so not for a write."""
        asked = {"what": what, "since": to_text(since)}
        return [json.loads(data) for (data,) in self._session.rows(RECORDED, asked)]


def _stored(row: Row, made: dict[tuple[str, int], tuple[str, ...]]) -> Stored:
    case_id, root, opened_at, version, case, amount_minor, currency, paid_at, proposal, state, by_person = row
    return Stored(
        case_id,
        root,
        to_time(opened_at),
        case,
        proposal,
        None if amount_minor is None else (amount_minor, currency),
        to_time_or_none(paid_at),
        made.get((case_id, version), ()),
        bool(by_person),
        state == "open",
    )
