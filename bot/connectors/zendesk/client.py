"""How Zendesk talks: its records, its refusals, and text as it may stand in a comment."""

import hashlib
from typing import Final

from bot.connectors.base import Record
from bot.connectors.parameters import Reference
from bot.http.client import Reply, short
from bot.http.errors import ConnectorError, Refused, Unavailable

TITLE: Final = "Zendesk"
PRIORITIES: Final = ("low", "normal", "high", "urgent")


class TicketRecord(Record):
    id: int
    status: str
    priority: str | None = None
    tags: tuple[str, ...] = ()
    updated_at: str  # sent back as it came: it is the version of the ticket

    @property
    def closed(self) -> bool:
        return self.status == "closed"

    @property
    def merged(self) -> bool:
        """Closed for the sake of another ticket; Zendesk names that one in words only."""
        return "closed_by_merge" in self.tags

    def raised_to(self, priority: str) -> str:
        """The higher of both: what somebody in Zendesk made urgent stays urgent."""
        known = [one for one in (self.priority, priority) if one in PRIORITIES]
        return max(known, key=PRIORITIES.index, default=priority)


class OneTicket(Record):
    ticket: TicketRecord


class Meta(Record):
    has_more: bool = False
    after_cursor: str | None = None


class Tickets(Record):
    tickets: list[TicketRecord]
    meta: Meta = Meta()


class Comment(Record):
    body: str = ""


class Comments(Record):
    comments: list[Comment]
    meta: Meta = Meta()


class User(Record):
    id: int | None = None


class Me(Record):
    user: User


class Result(Record):
    id: int


class Found(Record):
    count: int
    results: list[Result]


def mark(key: str) -> str:
    """What tells in a ticket which step wrote a comment."""
    return f"step {hashlib.sha256(key.encode()).hexdigest()[:20]}"


def comment(text: str, reference: Reference, key: str) -> str:
    """The note with its origin; Zendesk would fill in `{{…}}` and draw links, so both are taken apart."""
    plain = text.replace("{{", "{ {").replace("](", "] (")
    link = f" · {reference.link}" if reference.link else ""
    return f"{plain}\n\nCountersign {reference.case} · {mark(key)}{link}"


def refusal(reply: Reply) -> ConnectorError | None:
    """What a 4xx reply means; None leaves 401 and 403 to the base, whose sentences name the settings.

    Only the names of fields are quoted: Zendesk's own sentences repeat addresses.
    """
    error, details = reply.body.get("error"), reply.body.get("details")
    fields = sorted(short(name) for name in details) if isinstance(details, dict) else []
    if reply.status in {401, 403}:
        return None
    if reply.status == 404:
        return _refused(reply, f"{TITLE} has no such ticket.", "not_found")
    if reply.status == 409 or "status" in fields:  # a stale stamp, a deadlock, or closed since we read it
        sentence = f"Somebody changed the ticket in {TITLE} at the same moment."
        return Unavailable(sentence, request_id=reply.request_id)
    if error == "IdempotentRequestError":
        return _refused(reply, f"{TITLE} has seen this step's key with another text: compare the call's tickets there.")
    if {"requester", "email", "name"} & set(fields):
        sentence = f"{TITLE} does not take this customer as requester: see there whether the customer is suspended, "
        return _refused(reply, sentence + "and check the e-mail address.")
    what = ", ".join(fields) or (short(error) if isinstance(error, str) else str(reply.status))
    return _refused(reply, f"{TITLE} refused the ticket ({what}): write it by hand.")


def _refused(reply: Reply, sentence: str, reason: str | None = None) -> Refused:
    return Refused(sentence, reason=reason, request_id=reply.request_id)
