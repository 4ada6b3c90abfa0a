"""Cards: which are due, what was shown, and where they go when their channel is closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.cases.change import change_case
from bot.core.model import AuditEntry, CardCopy, CaseFile, Entry
from storage import Store

FRESH = timedelta(seconds=3)  # so old may a note be when the sending begins
LOOK_AFTER = FRESH + timedelta(seconds=15)  # after Slack's time-out and 5 s it has arrived or never will
THREAD_LOG_PAUSE = timedelta(seconds=3)  # one thread reply for what happens together


@dataclass(frozen=True)
class CardJob:
    """One due card with what it has to show. `look`: something was sent before and its answer was never seen."""

    place: CardCopy
    file: CaseFile
    trail: tuple[AuditEntry, ...]
    look: bool

    @property
    def posts(self) -> bool:
        """Whether it needs one of the channel's posts; an update does not."""
        return self.place.message_ts is None or self.thread_log_due

    @property
    def stale(self) -> bool:
        return self.place.shown_revision < self.file.case.revision

    @property
    def thread_log_due(self) -> bool:
        return self.place.message_ts is not None and not self.stale and bool(self.trail)

    @property
    def sends(self) -> bool:
        return self.posts or self.stale

    @property
    def note(self) -> str:
        """Where it is written down that this was begun."""
        return "trail_since" if self.thread_log_due else "posting_since"

    @property
    def since(self) -> datetime | None:
        return self.place.trail_since if self.thread_log_due else self.place.posting_since


def claim_cards(
    store: Store,
    *,
    owner: str,
    until: datetime,
    now: datetime,
    limit: int,
    closed: frozenset[str],
    may_post: Callable[[str], bool],
) -> list[CardJob]:
    """`closed`: channels that have no post to spare just now; `may_post` counts one post against a channel."""
    due = [_look_at(store, place) for place in store.due_cards(now, limit, closed)]
    ready = [show for show in due if not _too_early(store, show, now)]
    taken = [show for show in ready if not show.posts or may_post(show.place.channel)]
    return [_take(store, show, owner, until, now) for show in taken]


def _look_at(store: Store, place: CardCopy) -> CardJob:
    file = store.case_file(place.case_id)
    if file is None:
        raise LookupError(f"a card without its case: {place.case_id}")
    trail: tuple[AuditEntry, ...] = ()
    if place.message_ts is not None and place.shown_revision >= file.case.revision:
        history = store.history(place.case_id)
        trail = tuple(entry for entry in history if entry.n > place.trail_n and entry.entry.sentence)
    return CardJob(place, file, trail, look=(place.trail_since if trail else place.posting_since) is not None)


def _too_early(store: Store, show: CardJob, now: datetime) -> bool:
    """What was sent before may still be on its way: a post that a look would miss, a picture that would come last."""
    if not show.sends or show.since is None or show.since + LOOK_AFTER <= now:
        return False
    store.save_card(show.place.model_copy(update={"due_at": show.since + LOOK_AFTER}))
    return True


def _take(store: Store, show: CardJob, owner: str, until: datetime, now: datetime) -> CardJob:
    """What is about to be sent is written down first, so that a lost answer is looked for and not repeated."""
    begun: dict[str, object] = {"lease_owner": owner, "lease_until": until}
    if show.sends and not show.look:
        begun[show.note] = now
    place = show.place.model_copy(update=begun)
    store.save_card(place)
    return replace(show, place=place)


def begin(store: Store, *, show: CardJob, until: datetime, now: datetime) -> bool:
    """Right before sending on an old note: when it begins, and a whole lease for it. False: the lease was lost."""
    place = show.place.model_copy(update={show.note: now, "lease_until": until})
    return store.save_card(place, held_by=place.lease_owner)


def shown(store: Store, place: CardCopy, *, revision: int, channel_id: str, message_ts: str, now: datetime) -> bool:
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
                "due_at": now if behind else now + THREAD_LOG_PAUSE,
                "lease_owner": None,
                "lease_until": None,
            }
        ),
        held_by=place.lease_owner,
    )


def thread_log_shown(store: Store, place: CardCopy, *, n: int, more: bool, now: datetime) -> bool:
    """`more`: entries after `n` are known already and wait for the next reply."""
    current = store.case(place.case_id)
    behind = more or (current is not None and current.revision > place.shown_revision)
    free = {"lease_owner": None, "lease_until": None, "failures": 0}
    done = place.model_copy(update={"trail_n": n, "trail_since": None, "due_at": now if behind else None} | free)
    return store.save_card(done, held_by=place.lease_owner)


def nothing_to_show(store: Store, place: CardCopy) -> bool:
    done = place.model_copy(update={"due_at": None, "lease_owner": None, "lease_until": None})
    return store.save_card(done, held_by=place.lease_owner)


def show_later(store: Store, place: CardCopy, *, due_at: datetime, failed: bool, **update: object) -> bool:
    """Release the card; what was begun stays written down."""
    held = store.card(place.case_id, place.place)  # its note may be newer than the one of the claim
    if held is None:
        return False
    free = {"lease_owner": None, "lease_until": None, "due_at": due_at, "failures": held.failures + failed}
    return store.save_card(held.model_copy(update=free | update), held_by=place.lease_owner)


def move_to_fallback(store: Store, place: CardCopy, *, channel_id: str, why: str, now: datetime) -> bool:
    """Its own channel is closed to the bot: the card hangs in the fallback channel, and the history says so."""
    again = {"channel_id": channel_id, "message_ts": None, "shown_revision": 0, "posting_since": None}
    if not show_later(store, place, due_at=now, failed=True, **again, trail_since=None):
        return False
    case = store.case(place.case_id, lock=True)
    if case is not None:  # every card of the case tells it, also one that hangs elsewhere
        words = f"The card moved to the fallback channel: {why}"
        change_case(store, case, now, Entry(actor="worker", what="card.moved", sentence=words))
    return True
