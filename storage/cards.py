"""Store where the cards of the cases hang, and find those that wait to be drawn."""

from datetime import datetime

from bot.core.model import CardCopy
from storage.audit import History
from storage.errors import NotStored
from storage.session import Params, Row, json_list, to_text, to_text_or_none, to_time_or_none

TIMES = ("posting_since", "trail_since", "due_at", "lease_until")
ADD = """
INSERT INTO cards (case_id, place, channel, channel_id, message_ts, shown_revision, posting_since, trail_n,
  trail_since, failures, due_at, lease_owner, lease_until, urgent, case_revision)
SELECT :case_id, :place, :channel, :channel_id, :message_ts, :shown_revision, :posting_since, :trail_n,
  :trail_since, :failures, :due_at, :lease_owner, :lease_until, urgent, revision
FROM cases WHERE case_id = :case_id
RETURNING wake_at
"""
# A card that its holder calls finished, or that shows more than before, stays due if the case moved on meanwhile. The
# row itself knows, so that this holds between two processes too: what the holder reads of the case may be too old.
SAVE = """
UPDATE cards SET channel = :channel, channel_id = :channel_id, message_ts = :message_ts,
  shown_revision = :shown_revision, posting_since = :posting_since, trail_n = :trail_n, trail_since = :trail_since,
  failures = :failures,
  due_at = CASE WHEN case_revision > :shown_revision
    AND (CAST(:due_at AS TEXT) IS NULL OR :shown_revision > shown_revision) THEN due_at ELSE :due_at END,
  lease_owner = :lease_owner, lease_until = :lease_until
WHERE case_id = :case_id AND place = :place
RETURNING wake_at
"""
SAVE_HELD = SAVE.replace("RETURNING", "AND lease_owner = :held_by RETURNING")
ONE = """
SELECT case_id, place, channel, channel_id, message_ts, shown_revision, posting_since, trail_n, trail_since,
  failures, due_at, lease_owner, lease_until
FROM cards WHERE case_id = :case_id AND place = :place
"""
AT = """
SELECT case_id, place, channel, channel_id, message_ts, shown_revision, posting_since, trail_n, trail_since,
  failures, due_at, lease_owner, lease_until
FROM cards WHERE channel_id = :channel_id AND message_ts = :message_ts LIMIT 1
"""
# `wake_at` is the due time, or the end of the lease where that is later.
DUE = """
SELECT case_id, place, channel, channel_id, message_ts, shown_revision, posting_since, trail_n, trail_since,
  failures, due_at, lease_owner, lease_until
FROM cards WHERE wake_at <= :now AND channel NOT IN ({ids})
ORDER BY urgent DESC, wake_at, case_id, place LIMIT :limit {skip_locked}
"""


def _card(row: Row) -> CardCopy:
    values = dict(zip(CardCopy.model_fields, row, strict=True))  # every statement selects them in this order
    return CardCopy(**values | {name: to_time_or_none(values[name]) for name in TIMES})


def _columns(card: CardCopy) -> Params:
    return {**card.model_dump(), **{name: to_text_or_none(getattr(card, name)) for name in TIMES}}


class Cards(History):
    def card(self, case_id: str, place: str = "home") -> CardCopy | None:
        row = self._session.row(ONE, {"case_id": case_id, "place": place})
        return None if row is None else _card(row)

    def case_at(self, channel_id: str, message_ts: str) -> CardCopy | None:
        """Return the card that is this message of Slack. It looks at every card: for what people rarely do."""
        row = self._session.row(AT, {"channel_id": channel_id, "message_ts": message_ts})
        return None if row is None else _card(row)

    def add_card(self, card: CardCopy) -> None:
        """Add a card. Raises NotStored where its case does not exist."""
        added = self._session.row(ADD, _columns(card))
        if added is None:
            raise NotStored(f"case {card.case_id} does not exist")
        self._note_due("cards", added[0])

    def save_card(self, card: CardCopy, *, held_by: str | None = None) -> bool:
        """Save a card; return False, and write nothing, if `held_by` lost its lease or there is no such card.

        A card that shows less than its case keeps its due time even where `card.due_at` is None.
        """
        statement, params = (SAVE, {}) if held_by is None else (SAVE_HELD, {"held_by": held_by})
        saved = self._session.row(statement, {**_columns(card), **params})
        if saved is not None:
            self._note_due("cards", saved[0])
        return saved is not None

    def due_cards(self, now: datetime, limit: int, skip_channels: frozenset[str] = frozenset()) -> list[CardCopy]:
        """Return due cards, urgent ones first, then the longest due; held until the transaction ends."""
        params = {"now": to_text(now), "limit": limit, "ids": json_list(sorted(skip_channels))}
        return [_card(row) for row in self._session.rows(DUE, params)]
