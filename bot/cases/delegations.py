"""Record who is away and who decides in their place, in the workspace's own history."""

from datetime import datetime

from bot.core.model import Entry
from bot.core.people import Delegation
from storage import Store


def go_away(store: Store, lent: Delegation) -> None:
    """Set a delegation in the place of an earlier one; the caller has checked who may, and that both are people."""
    data = {"away": lent.user_id, "delegate": lent.delegate_id, "until": lent.until_at.isoformat()}
    sentence = f"<@{lent.delegate_id}> decides in place of <@{lent.user_id}>."
    entry = Entry(actor=lent.set_by, what="delegation.set", sentence=sentence, data={**data})
    store.set_delegation(lent, entry=entry)


def back(store: Store, user_id: str, *, by: str, now: datetime) -> bool:
    """End the delegation; False where nobody stood in for this person."""
    entry = Entry(actor=by, what="delegation.ended", sentence=f"<@{user_id}> is back.", data={"away": user_id})
    return store.end_delegation(user_id, entry=entry, now=now)
