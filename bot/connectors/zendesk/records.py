"""Hold Zendesk's records, as far as we read them."""

from typing import Final

from bot.connectors.base import Record

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
        """Return whether it was closed for the sake of another ticket, which Zendesk names in words only."""
        return "closed_by_merge" in self.tags

    def raised_to(self, priority: str) -> str:
        """Return the higher of both: what somebody in Zendesk made urgent stays urgent."""
        priorities = [name for name in (self.priority, priority) if name in PRIORITIES]
        return max(priorities, key=PRIORITIES.index, default=priority)


class OneTicket(Record):
    ticket: TicketRecord


class Meta(Record):
    has_more: bool = False
    after_cursor: str | None = None

    @property
    def next_cursor(self) -> str | None:
        return self.after_cursor if self.has_more else None


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
