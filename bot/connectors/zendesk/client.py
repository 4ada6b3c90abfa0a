"""Talk to Zendesk: tickets of a call, their comments, searches, and what its refusals mean."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any, Final, Unpack

from pydantic import SecretStr

from bot.connectors.base import Client, pages
from bot.connectors.oauth import ClientCredentials, utc_now
from bot.connectors.zendesk.records import Comment, Comments, Found, Me, OneTicket, TicketRecord, Tickets
from bot.core.model import Frozen
from bot.http.client import Http, Reply, Wiring, short
from bot.http.errors import ConnectorError, CredentialsRefused, Unavailable

TITLE: Final = "Zendesk"
SETTINGS: Final = "ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET"
SCOPES: Final = "tickets:read tickets:write users:read"
LASTS_S: Final = "172800"  # the longest that Zendesk gives: 2 days
REQUEST_ID: Final = "x-request-id"
PAGES_AT_MOST: Final = 20  # of 100 tickets of a call, or comments of a ticket


class ZendeskSettings(Frozen):
    """Hold ZENDESK_*; `api_url` is the account's own: https://acme.zendesk.com."""

    client_id: str
    client_secret: SecretStr
    api_url: str


class ZendeskApi(Client):
    """Ask Zendesk."""

    def __init__(
        self, settings: ZendeskSettings, clock: Callable[[], datetime] = utc_now, **wiring: Unpack[Wiring]
    ) -> None:
        self._url = settings.api_url.rstrip("/")
        credential = ClientCredentials(
            TITLE,
            f"{self._url}/oauth/tokens",
            settings.client_id,
            settings.client_secret.get_secret_value(),
            settings=SETTINGS,
            fields={"scope": SCOPES, "expires_in": LASTS_S},
            clock=clock,
            **wiring,
        )
        super().__init__(Http(TITLE, self._url, {}, refusal, SETTINGS, REQUEST_ID, credential=credential, **wiring))

    async def check(self) -> str:
        me = await self.http.get(Me, "/api/v2/users/me")
        if me.user.id is None:  # bad credentials make us an anonymous user, not a 401
            raise CredentialsRefused(f"{TITLE} does not know who we are: check {SETTINGS}.")
        await self.tickets("countersign check")  # there are none, but they may be read
        return f"{TITLE} answers in version 2 of its API and takes the client's token ({SCOPES})."

    async def tickets(self, call_id: str) -> list[TicketRecord]:
        """Return the tickets of a call, oldest first."""

        async def page(cursor: Mapping[str, str]) -> tuple[list[TicketRecord], str | None]:
            query = {"external_id": call_id, "page[size]": "100", **cursor}
            found = await self.http.get(Tickets, "/api/v2/tickets", query)
            return found.tickets, found.meta.next_cursor

        too_many = f"{TITLE} lists more tickets of this call than we can look through."
        tickets = [ticket async for ticket in pages(page, "page[after]", PAGES_AT_MOST, too_many)]
        return sorted(tickets, key=lambda ticket: ticket.id)

    def comments(self, ticket_id: int) -> AsyncIterator[Comment]:
        """Yield the comments of a ticket."""

        async def page(cursor: Mapping[str, str]) -> tuple[list[Comment], str | None]:
            query = {"page[size]": "100", **cursor}
            found = await self.http.get(Comments, f"/api/v2/tickets/{ticket_id}/comments", query)
            return found.comments, found.meta.next_cursor

        too_many = f"Ticket {ticket_id} has more comments than we can look through."
        return pages(page, "page[after]", PAGES_AT_MOST, too_many)

    async def search(self, query: str) -> Found:
        return await self.http.get(Found, "/api/v2/search", {"query": query})

    async def write(
        self, method: str, path: str, ticket: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[TicketRecord, str | None]:
        """Write a ticket; return it with the id of the request. Raises Refused, Unavailable, Unsure."""
        reply = await self.http.write_json(method, path, {"ticket": ticket}, headers)
        return self.http.record(OneTicket, reply).ticket, reply.request_id

    def link(self, ticket_id: int) -> str:
        return f"{self._url}/agent/tickets/{ticket_id}"


def refusal(reply: Reply) -> ConnectorError | None:
    """Return what a 4xx reply means; None leaves 401 and 403 to the base, whose sentences name the settings.

    Only the names of fields are quoted: Zendesk's own sentences repeat addresses.
    """
    error, details = reply.body.get("error"), reply.body.get("details")
    fields = sorted(short(name) for name in details) if isinstance(details, dict) else []
    if reply.status in {401, 403}:
        return None
    if reply.status == 404:
        return reply.refused(f"{TITLE} has no such ticket.", "not_found")
    if reply.status == 409 or "status" in fields:  # a stale stamp, a deadlock, or closed since we read it
        sentence = f"Somebody changed the ticket in {TITLE} at the same moment."
        return Unavailable(sentence, request_id=reply.request_id)
    if error == "IdempotentRequestError":
        return reply.refused(f"{TITLE} has seen this step's key with another text: compare the call's tickets there.")
    if {"requester", "email", "name"} & set(fields):
        sentence = f"{TITLE} does not take this customer as requester: see there whether the customer is suspended, "
        return reply.refused(sentence + "and check the e-mail address.")
    what = ", ".join(fields) or (short(error) if isinstance(error, str) else str(reply.status))
    return reply.refused(f"{TITLE} refused the ticket ({what}): write it by hand.")
