"""Write the ticket of a call or a note on it, and find it again by the mark of the step."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation, digest, token
from bot.connectors.parameters import Reference
from bot.connectors.zendesk.client import ZendeskApi
from bot.connectors.zendesk.records import TicketRecord
from bot.core.model import Frozen, Receipt
from bot.http.client import short

Priority = Literal["low", "normal", "high", "urgent"]
Tag = Annotated[str, StringConstraints(pattern=r"^[\w\-/:.]{1,80}$")]  # Zendesk cuts tags at spaces


class Ticket(Frozen):
    """Describe a ticket of the call, or a note on the one it has; always internal: the customer sees nothing."""

    subject: str = Field(min_length=1)
    text: str = Field(min_length=1, max_length=60_000)  # Zendesk takes 64 KB
    priority: Priority
    tags: tuple[Tag, ...] = ()
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    name: str | None = None
    reference: Reference


async def write_ticket(api: ZendeskApi, params: Ticket, key: str) -> Receipt:
    """Write the ticket of a call, or a note on it, unless this step's mark is in a comment of the call's tickets.

    They are listed by external_id, which does not lag. Against a first try that lands late, Zendesk keeps the key of a
    new ticket for 2 hours and refuses a note on a ticket that changed since we read it.
    """
    tickets = await api.tickets(params.reference.call)
    if earlier := await _written(api, tickets, key):
        return _receipt(api, earlier, "An earlier try of this step had written it.")
    if not_closed := [ticket for ticket in tickets if not ticket.closed]:
        return await _add_note(api, not_closed[-1], params, key)
    return await _create(api, tickets[-1] if tickets else None, params, key)


async def find_ticket(api: ZendeskApi, params: Ticket, key: str) -> Receipt | None:
    ticket = await _written(api, await api.tickets(params.reference.call), key)
    return _receipt(api, ticket) if ticket else None


async def _create(api: ZendeskApi, closed: TicketRecord | None, params: Ticket, key: str) -> Receipt:
    follows = closed is not None and not closed.merged
    ticket: dict[str, Any] = {
        "external_id": params.reference.call,
        "subject": short(params.subject),
        "comment": {"body": comment(params.text, params.reference, key), "public": False},
        "priority": params.priority,
        "tags": params.tags,
    }
    if params.email:
        ticket["requester"] = {"name": params.name or params.email.partition("@")[0], "email": params.email}
    if closed is not None and follows:
        ticket["via_followup_source_id"] = closed.id
    created, request_id = await api.write("POST", "/api/v2/tickets", ticket, {"Idempotency-Key": token(key)})
    notes = [] if params.email else ["The call states no e-mail, so the ticket has no customer."]
    if closed is not None:
        how = f"its follow-up {created.id}" if follows else f"{created.id}, since that one was merged into another"
        notes.append(f"Ticket {closed.id} of this call is closed: this is {how}.")
    return _receipt(api, created, " ".join(notes) or None, request_id)


async def _add_note(api: ZendeskApi, ticket: TicketRecord, params: Ticket, key: str) -> Receipt:
    change = {
        "comment": {"body": comment(params.text, params.reference, key), "public": False},
        "priority": ticket.raised_to(params.priority),
        "additional_tags": params.tags,
        "safe_update": True,
        "updated_stamp": ticket.updated_at,
    }
    changed, request_id = await api.write("PUT", f"/api/v2/tickets/{ticket.id}", change)
    return _receipt(api, changed, f"A note on ticket {ticket.id}, which this call has already.", request_id)


async def _written(api: ZendeskApi, tickets: list[TicketRecord], key: str) -> TicketRecord | None:
    """Return the ticket in which this step's comment stands."""
    for ticket in reversed(tickets):
        async for written in api.comments(ticket.id):
            if mark(key) in written.body:
                return ticket
    return None


def _receipt(api: ZendeskApi, ticket: TicketRecord, note: str | None = None, request_id: str | None = None) -> Receipt:
    return Receipt(vendor_id=str(ticket.id), url=api.link(ticket.id), note=note, request_id=request_id)


def mark(key: str) -> str:
    """Return what tells in a ticket which step wrote a comment."""
    return f"step {digest(key, 20)}"


def comment(text: str, reference: Reference, key: str) -> str:
    """Return the note with its origin; Zendesk would fill in `{{…}}` and draw links, so both are taken apart."""
    plain = text.replace("{{", "{ {").replace("](", "] (")
    link = f" · {reference.link}" if reference.link else ""
    return f"{plain}\n\nCountersign {reference.case} · {mark(key)}{link}"


OPERATIONS: Final[Mapping[str, Operation]] = {
    "ticket": Operation(Ticket, write_ticket, find_ticket, "tickets:read tickets:write"),
}
