"""Show Zendesk on the page: tickets, newest first, with their comments."""

from itertools import islice
from typing import Any

from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return `tickets`, at most 100."""
    store = state.zendesk
    newest = islice(reversed(store.get("tickets", {}).values()), SHOWN)
    return {"tickets": [_ticket(store, ticket) for ticket in newest]}


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
        "comments": [{"public": row["public"], "body": row["body"], "at": row["created_at"]} for row in comments],
        "created": ticket["created_at"],
    }
