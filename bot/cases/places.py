"""Find the card of a case, and the case of a thread."""

from datetime import datetime

from bot.core.model import CardCopy, CaseFile
from storage import Store


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
