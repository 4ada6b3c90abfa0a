"""Answer lists, which are exact, and the search, which finds a ticket only SEARCH_LAG_S after its creation."""

import shlex
from collections.abc import Mapping
from datetime import datetime

from sandbox.zendesk.tickets import STATUSES
from sandbox.zendesk.wire import Api, Body, Refusal, Reply

SEARCH_LAG_S = 60


def page(name: str, records: list[Body], query: Mapping[str, str]) -> Reply:
    """Return one page of records, by cursor if `page[size]` is given; the cursor is the place in the list."""
    if "page[size]" not in query:
        return Reply({name: records[:100], "count": len(records), "next_page": None, "previous_page": None})
    size, start = int(query["page[size]"]), int(query.get("page[after]", "0"))
    if not 1 <= size <= 100:
        raise Refusal(400, "InvalidPaginationParameter", "page[size] must be between 1 and 100.")
    end = start + size
    more = end < len(records)
    meta = {"has_more": more, "after_cursor": str(end) if more else None, "before_cursor": None}
    return Reply({name: records[start:end], "meta": meta, "links": {"prev": None, "next": None}})


def listed(api: Api, query: Mapping[str, str]) -> Reply:
    wanted = query.get("external_id")
    tickets = [ticket for ticket in api.store["tickets"].values() if wanted is None or ticket["external_id"] == wanted]
    return page("tickets", tickets, query)


def search(api: Api, query: Mapping[str, str]) -> Reply:
    """Search tickets by `type:`, `external_id:`, `requester:` (an address) and `status<`; words are not supported."""
    terms = shlex.split(query.get("query", ""))
    late = api.seconds() - SEARCH_LAG_S
    found = [
        ticket
        for ticket in api.store["tickets"].values()
        if _seconds(ticket["created_at"]) <= late and all(_fits(api, ticket, term) for term in terms)
    ]
    names = ("id", "subject", "status", "created_at", "updated_at")
    results = [{"result_type": "ticket", **{name: ticket[name] for name in names}} for ticket in found]
    return Reply(
        {"results": results[:100], "count": len(results), "facets": None, "next_page": None, "previous_page": None}
    )


def me(api: Api, known: bool) -> Reply:
    """Return the client's user; bad credentials give an anonymous user, not a 401."""
    if not known:
        return Reply(
            {"user": {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}}
        )
    return Reply({"user": api.store["users"][str(api.store["me"])]})


def _fits(api: Api, ticket: Body, term: str) -> bool:
    if term.startswith("status<"):
        return STATUSES.index(ticket["status"]) < STATUSES.index(term.removeprefix("status<"))
    name, _, value = term.partition(":")
    if name == "requester":
        return bool(api.store["users"][str(ticket["requester_id"])]["email"].lower() == value.lower())
    return {"type": "ticket", "external_id": ticket["external_id"]}.get(name) == value


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
