"""Cards: which are due, what was shown, and where they go when their channel is closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.model import AuditEntry, CardPlace, CaseFile, Entry
from storage import Store

TRAIL_PAUSE = timedelta(seconds=3)  # one thread reply for what happens together


@dataclass(frozen=True)
class Show:
    """One due card with what it has to show. `look`: a post was begun before and its answer was never seen."""

    place: CardPlace
    file: CaseFile
    trail: tuple[AuditEntry, ...]
    look: bool

    @property
    def posts(self) -> bool:
        """Whether it needs one of the channel's posts; an update does not."""
        return self.place.message_ts is None or self.trail_due

    @property
    def stale(self) -> bool:
        return self.place.shown_revision < self.file.case.revision

    @property
    def trail_due(self) -> bool:
        return self.place.message_ts is not None and not self.stale and bool(self.trail)


def claim_cards(store: Store, *, owner: str, until: datetime, now: datetime, limit: int, closed: frozenset[str],
                may_post: Callable[[str], bool]) -> list[Show]:  # fmt: skip
    """`closed`: channels that have no post to spare just now; `may_post` counts one post against a channel."""
    due = (_look_at(store, place) for place in store.due_cards(now, limit, closed))
    taken = [show for show in due if not show.posts or may_post(show.place.channel)]
    return [_take(store, show, owner, until, now) for show in taken]


def _look_at(store: Store, place: CardPlace) -> Show:
    file = store.case_file(place.case_id)
    if file is None:
        raise LookupError(f"a card without its case: {place.case_id}")
    trail: tuple[AuditEntry, ...] = ()
    if place.message_ts is not None and place.shown_revision >= file.case.revision:
        history = store.history(place.case_id)
        trail = tuple(entry for entry in history if entry.n > place.trail_n and entry.entry.sentence)
    return Show(place, file, trail, look=(place.trail_since if trail else place.posting_since) is not None)


def _take(store: Store, show: Show, owner: str, until: datetime, now: datetime) -> Show:
    """What is about to be posted is written down first, so that a lost answer is looked for and not repeated."""
    begun: dict[str, object] = {"lease_owner": owner, "lease_until": until}
    if show.posts and not show.look:
        begun["trail_since" if show.trail_due else "posting_since"] = now
    place = show.place.model_copy(update=begun)
    store.save_card(place)
    return replace(show, place=place)


def shown(store: Store, place: CardPlace, *, revision: int, channel_id: str, message_ts: str, now: datetime) -> bool:
    """The card shows this revision. False: somebody else holds the card by now."""
    current = store.case(place.case_id)
    behind = current is not None and current.revision > revision
    return store.save_card(
        place.model_copy(
            update={
                "channel_id": channel_id,
                "message_ts": message_ts,
                "shown_revision": revision,
                "posting_since": None,
                "failures": 0,
                "due_at": now if behind else now + TRAIL_PAUSE,
                "lease_owner": None,
                "lease_until": None,
            }
        ),
        held_by=place.lease_owner,
    )


def trail_shown(store: Store, place: CardPlace, *, n: int, now: datetime) -> bool:
    current = store.case(place.case_id)
    behind = current is not None and current.revision > place.shown_revision
    free = {"lease_owner": None, "lease_until": None, "failures": 0}
    done = place.model_copy(update={"trail_n": n, "trail_since": None, "due_at": now if behind else None} | free)
    return store.save_card(done, held_by=place.lease_owner)


def nothing_to_show(store: Store, place: CardPlace) -> bool:
    done = place.model_copy(update={"due_at": None, "lease_owner": None, "lease_until": None})
    return store.save_card(done, held_by=place.lease_owner)


def show_later(store: Store, place: CardPlace, *, due_at: datetime, failed: bool, **update: object) -> bool:
    """Release the card; what was begun stays written down."""
    free = {"lease_owner": None, "lease_until": None, "due_at": due_at, "failures": place.failures + failed}
    return store.save_card(place.model_copy(update=free | update), held_by=place.lease_owner)


def move_to_fallback(store: Store, place: CardPlace, *, channel_id: str, why: str, now: datetime) -> bool:
    """Its own channel is closed to the bot: the card hangs in the fallback channel, and the history says so."""
    entry = Entry(actor="worker", what="card.moved", sentence=f"The card moved to the fallback channel: {why}")
    store.append(place.case_id, entry, now)
    again = {"channel_id": channel_id, "message_ts": None, "shown_revision": 0, "posting_since": None}
    return show_later(store, place, due_at=now, failed=True, **again)
