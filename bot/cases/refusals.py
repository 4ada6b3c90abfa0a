"""What somebody tried who may not take part at all is kept, and nothing else happens."""

from datetime import datetime

from bot.core.model import Entry
from storage import Store
from storage.people import WORKSPACE


def refuse(store: Store, user_id: str, why: str, *, case_id: str | None, now: datetime) -> None:
    """In the history of the case, where there is such a case; else in the workspace's own."""
    chain = case_id if case_id is not None and store.case(case_id) is not None else WORKSPACE
    store.append(chain, Entry(actor=user_id, what="click.refused", data={"why": why}), now)
