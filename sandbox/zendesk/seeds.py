"""Seed Zendesk's first day: the client's own user, customers of the sample calls, and some older tickets."""

from datetime import UTC, datetime, timedelta

from sandbox.state import State
from sandbox.zendesk.tickets import add_user
from sandbox.zendesk.wire import Body

ME, DANA, MARCUS, OLD_DANA, SOLVED_DANA = 20978392, 20978401, 20978402, 35401, 35402
FIRST_FREE = 35435


def seed(state: State, now: datetime | None = None) -> None:
    """Fill `state.zendesk` if it is empty."""
    if state.zendesk:
        return
    at = now or datetime.now(UTC)
    store = state.zendesk
    store |= {"tickets": {}, "comments": {}, "users": {}, "tokens": {}, "keys": {}, "updates": {}}
    store |= {"me": ME, "last_id": FIRST_FREE}
    add_user(store, ME, "Countersign", "countersign@northwind.example", role="agent")
    add_user(store, DANA, "Dana Ortiz", "ap@northwind.example")
    add_user(store, MARCUS, "Marcus Bell", "marcus@kestrel.example.com")
    _add(store, OLD_DANA, "How do I add a seat?", "open", DANA, at - timedelta(days=2))
    _add(store, SOLVED_DANA, "Copy of invoice INV-20418", "solved", DANA, at - timedelta(days=12))


def _add(store: Body, ticket_id: int, subject: str, status: str, requester: int, at: datetime) -> None:
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    store["tickets"][str(ticket_id)] = {
        "id": ticket_id,
        "external_id": None,
        "created_at": stamp,
        "updated_at": stamp,
        "type": "question",
        "subject": subject,
        "raw_subject": subject,
        "description": subject,
        "priority": "normal",
        "status": status,
        "requester_id": requester,
        "submitter_id": requester,
        "is_public": True,
        "tags": [],
        "custom_fields": [],
        "via": {"channel": "email", "source": {}},
    }
