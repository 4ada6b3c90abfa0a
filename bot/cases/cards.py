"""Find cards of a case, of a thread, and those that are due; write what they show, and move them to another channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.cases import deliveries
from bot.cases.change import change_case
from bot.cases.deliveries import DeliveryJob, DeliveryKind
from bot.core.model import AuditEntry, CardCopy, CaseFile, Entry
from storage import Store

THREAD_LOG_PAUSE = timedelta(seconds=3)  # one thread reply for what happens together
GONE: Mapping[str, object] = {"message_ts": None, "posting_since": None, "shown_revision": 0}  # it is posted anew


@dataclass(frozen=True, kw_only=True)
class CardJob(DeliveryJob):
    """Hold one due card with the case it shows and the entries that its thread lacks."""

    delivery: CardCopy
    file: CaseFile
    thread_log: tuple[AuditEntry, ...]


def due(store: Store, now: datetime, limit: int, closed: frozenset[str]) -> list[CardJob]:
    """Return what is due on the cards, urgent ones first; none in the `closed` channels."""
    return [job_of(store, card) for card in store.due_cards(now, limit, closed)]


def job_of(store: Store, card: CardCopy) -> CardJob:
    """Return what a due card has to show: the card itself, its thread log, or nothing."""
    file = store.case_file(card.case_id)
    if file is None:
        raise LookupError(f"a card without its case: {card.case_id}")
    kind, thread_log = None, tuple[AuditEntry, ...]()
    if card.message_ts is None or card.shown_revision < file.case.revision:
        kind = DeliveryKind.CARD
    else:
        history = store.history(card.case_id)
        thread_log = tuple(entry for entry in history if entry.n > card.trail_n and entry.entry.sentence)
        kind = DeliveryKind.THREAD_LOG if thread_log else None
    posts = card.message_ts is None or kind is DeliveryKind.THREAD_LOG
    return CardJob(delivery=card, kind=kind, recipient=card.channel, posts=posts, file=file, thread_log=thread_log)


def shown(store: Store, job: CardJob, *, revision: int, channel_id: str, message_ts: str, now: datetime) -> bool:
    """Write that the card shows this revision; return False if another job holds the card by now."""
    due_at = now + THREAD_LOG_PAUSE if revision else now  # a card that was found may show any revision
    message = {"channel_id": channel_id, "message_ts": message_ts, "shown_revision": revision}
    return deliveries.settle(store, job, due_at=due_at, **message)


def thread_log_shown(store: Store, job: CardJob, *, n: int, now: datetime) -> bool:
    """Write that the thread tells the history up to entry `n`; return False if another job holds the card by now."""
    more = n < job.thread_log[-1].n
    return deliveries.settle(store, job, due_at=now if more else None, trail_n=n)


def move_to_fallback(store: Store, job: CardJob, *, channel_id: str, why: str, now: datetime) -> bool:
    """Move a card whose channel is closed to the bot to the fallback channel, and say so in the history."""
    anew = {**GONE, "channel_id": channel_id, "trail_since": None}
    if not deliveries.release(store, job, due_at=now, update=anew):
        return False
    case = store.case(job.delivery.case_id, lock=True)
    if case is not None:  # every card of the case tells it, also one that hangs elsewhere
        words = f"The card moved to the fallback channel: {why}"
        change_case(store, case, now, Entry(actor="worker", what="card.moved", sentence=words))
    return True


def card_of(store: Store, case_id: str) -> CardCopy | None:
    """Return the card in the channel of the case, or None if there is no such case or card."""
    case = store.case(case_id)
    return None if case is None else store.card(case_id, case.channel)


def case_of_thread(
    store: Store, channel_id: str, thread_ts: str, *, identity: str, now: datetime
) -> tuple[CaseFile, CardCopy | None] | None:
    """Return the case under whose card this thread hangs, once for each identity, with the card in its own channel."""
    copy = store.case_at(channel_id, thread_ts)
    file = store.case_file(copy.case_id) if copy is not None else None
    if file is None or not store.first_time(identity, now):
        return None
    return file, store.card(file.case.case_id, file.case.channel)
