"""Reveal what a sensitive call hides to whoever may act on its case; the history says who opened it."""

from datetime import datetime

from bot.cases.change import change_case
from bot.cases.clicks import REPEATED, Answer, Click, find, permitted
from bot.core.model import CaseFile, CaseState, Entry
from bot.core.policy import Policy
from storage import Store


def reveal(store: Store, click: Click, *, policy: Policy, now: datetime) -> CaseFile | Answer:
    """Return the case to show, in every state and from an old card too: the summary does not change with the offer."""
    if not store.first_time(click.identity, now):
        return REPEATED
    file = permitted(store, click, find(store, click, tuple(CaseState), now), policy, now)
    if isinstance(file, CaseFile) and file.case.details.sensitive:
        entry = Entry(actor=click.user_id, what="summary.opened", sentence="Opened the hidden summary.")
        change_case(store, file.case, now, entry)
    return file
