"""What the page shows of Zendesk: tickets, newest first, with their comments."""

from itertools import islice
from typing import Any

from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Lists `tickets`, at most 100."""
    store = state.zendesk
    return {"tickets": [_ticket(store, one) for one in islice(reversed(store.get("tickets", {}).values()), SHOWN)]}


def _ticket(store: dict[str, Any], ticket: dict[str, Any]) -> dict[str, Any]:
    comments = store["comments"].get(str(ticket["id"]), [])
    return {
        "id": ticket["id"],
        "subject": ticket["subject"],
        "status": ticket["status"],
        "priority": ticket["priority"],
        "tags": ", ".join(ticket["tags"]),
        "requester": store["users"][str(ticket["requester_id"])]["name"],
        "call": ticket["external_id"],
        "comments": [{"public": one["public"], "body": one["body"], "at": one["created_at"]} for one in comments],
        "created": ticket["created_at"],
    }
