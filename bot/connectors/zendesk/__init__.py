"""Zendesk: the ticket of a call, and notes on it; the customer's open tickets.

    idempotent   looks first: tickets are listed by external_id (the call id; exact, it does not lag) and their comments
                 searched for the step's mark. A new ticket also carries Idempotency-Key (kept 2 hours); a note carries
                 safe_update and the ticket's stamp, so one that lands late meets another stamp and is refused
    find         the same look
    refusals     `refusal` in zendesk_api.py; fields are named, never quoted
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      OAuth client credentials, in oauth.py; API tokens end on 30 April 2027 and are not used
    contract     tests/contract/test_zendesk.py against the published OpenAPI file
    exempt       stamps count seconds: two changes within one second are told apart by nobody

Every comment is internal. A closed ticket takes no note: its follow-up does; of a merged one a new ticket is made,
since Zendesk names the other ticket in words only. Without an e-mail the ticket's requester is the client's own user.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import httpx

from bot.connectors.base import parsed_params, token
from bot.connectors.oauth import ClientCredentials, utc_now
from bot.connectors.zendesk.client import (
    TITLE,
    Comments,
    Found,
    Me,
    OneTicket,
    TicketRecord,
    Tickets,
    comment,
    mark,
    refusal,
)
from bot.connectors.zendesk.facts import query_for, tickets_fact
from bot.connectors.zendesk.operations import OPERATIONS, Ticket
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import JSON, TOTAL_S, Http, short, to_json
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable

SETTINGS: Final = "ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"
SCOPES: Final = "tickets:read tickets:write users:read"
LASTS_S: Final = "172800"  # the longest that Zendesk gives: 2 days
PAGES_AT_MOST: Final = 20  # of 100 tickets of a call, or comments of a ticket


class ZendeskConnector:
    """`base_url` is the account's own: https://acme.zendesk.com."""

    name = "zendesk"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        base_url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credential = ClientCredentials(
            TITLE,
            f"{self._base_url}/oauth/tokens",
            client_id,
            client_secret,
            settings=SETTINGS,
            fields={"scope": SCOPES, "expires_in": LASTS_S},
            clock=clock,
            transport=transport,
            total_s=total_s,
        )
        self._http = Http(
            TITLE,
            base_url,
            {},
            refusal,
            key_name=SETTINGS,
            request_id_header="x-request-id",
            credential=self._credential,
            transport=transport,
            total_s=total_s,
        )

    async def perform(self, action: Action, key: str) -> Receipt:
        params = _params(action)
        tickets = await self._tickets(params.reference.call)
        if earlier := await self._written(tickets, key):
            return self._receipt(earlier, "An earlier try of this step had written it.")
        if not_closed := [ticket for ticket in tickets if not ticket.closed]:
            return await self._add_note(not_closed[-1], params, key)
        return await self._create(tickets[-1] if tickets else None, params, key)

    async def find(self, action: Action, key: str) -> Receipt | None:
        ticket = await self._written(await self._tickets(_params(action).reference.call), key)
        return self._receipt(ticket) if ticket else None

    async def check(self) -> str:
        me = self._http.record(Me, await self._http.read("/api/v2/users/me"))
        if me.user.id is None:  # bad credentials make us an anonymous user, not a 401
            raise CredentialsRefused(f"{TITLE} does not know who we are: check {SETTINGS}.")
        await self._tickets("countersign check")  # there are none, but they may be read
        return f"{TITLE} answers in version 2 of its API and takes the client's token ({SCOPES})."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        query = query_for(details.fields.email)
        if "tickets" not in wanted or query is None:
            return ()
        fact = partial(Fact, source=TITLE, observed_at=now)
        try:
            reply = await self._http.read("/api/v2/search", {"query": query})
            return (tickets_fact(self._http.record(Found, reply), self._link, fact),)
        except ConnectorError as error:
            return (fact(name="tickets", missing=error.sentence, failed=error.passes),)

    async def close(self) -> None:
        await self._credential.close()
        await self._http.close()

    async def _create(self, closed: TicketRecord | None, params: Ticket, key: str) -> Receipt:
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
        made, request_id = await self._write("POST", "/api/v2/tickets", ticket, {"Idempotency-Key": token(key)})
        notes = [] if params.email else ["The call states no e-mail, so the ticket has no customer."]
        if closed is not None:
            how = f"its follow-up {made.id}" if follows else f"{made.id}, since that one was merged into another"
            notes.append(f"Ticket {closed.id} of this call is closed: this is {how}.")
        return self._receipt(made, " ".join(notes) or None, request_id)

    async def _add_note(self, ticket: TicketRecord, params: Ticket, key: str) -> Receipt:
        change = {
            "comment": {"body": comment(params.text, params.reference, key), "public": False},
            "priority": ticket.raised_to(params.priority),
            "additional_tags": params.tags,
            "safe_update": True,
            "updated_stamp": ticket.updated_at,
        }
        changed, request_id = await self._write("PUT", f"/api/v2/tickets/{ticket.id}", change)
        return self._receipt(changed, f"A note on ticket {ticket.id}, which this call has already.", request_id)

    async def _write(
        self, method: str, path: str, ticket: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[TicketRecord, str | None]:
        reply = await self._http.write(method, path, to_json({"ticket": ticket}).encode(), JSON, headers)
        return self._http.record(OneTicket, reply).ticket, reply.request_id

    async def _tickets(self, call_id: str) -> list[TicketRecord]:
        """Oldest first."""
        found: list[TicketRecord] = []
        query = {"external_id": call_id, "page[size]": "100"}
        for _ in range(PAGES_AT_MOST):
            page = self._http.record(Tickets, await self._http.read("/api/v2/tickets", query))
            found += page.tickets
            if not page.meta.has_more or not page.meta.after_cursor:
                return sorted(found, key=lambda ticket: ticket.id)
            query["page[after]"] = page.meta.after_cursor
        raise Unavailable(f"{TITLE} lists more tickets of this call than we can look through.")

    async def _written(self, tickets: list[TicketRecord], key: str) -> TicketRecord | None:
        """The ticket in which this step's comment stands."""
        for ticket in reversed(tickets):
            query = {"page[size]": "100"}
            for _ in range(PAGES_AT_MOST):
                reply = await self._http.read(f"/api/v2/tickets/{ticket.id}/comments", query)
                page = self._http.record(Comments, reply)
                if any(mark(key) in one.body for one in page.comments):
                    return ticket
                if not page.meta.has_more or not page.meta.after_cursor:
                    break
                query["page[after]"] = page.meta.after_cursor
            else:
                raise Unavailable(f"Ticket {ticket.id} has more comments than we can look through.")
        return None

    def _link(self, ticket_id: int) -> str:
        return f"{self._base_url}/agent/tickets/{ticket_id}"

    def _receipt(self, ticket: TicketRecord, note: str | None = None, request_id: str | None = None) -> Receipt:
        return Receipt(vendor_id=str(ticket.id), url=self._link(ticket.id), note=note, request_id=request_id)


def _params(action: Action) -> Ticket:
    match parsed_params(TITLE, OPERATIONS, action):
        case Ticket() as params:
            return params
    raise Refused(f"{TITLE} has no operation {action.operation!r} here.")
