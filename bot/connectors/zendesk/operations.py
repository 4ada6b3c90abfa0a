"""What can be asked of Zendesk: the parameters of a ticket, and what makes it safe to repeat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation, Repeat
from bot.connectors.parameters import Reference
from bot.core.model import Frozen

Priority = Literal["low", "normal", "high", "urgent"]
Tag = Annotated[str, StringConstraints(pattern=r"^[\w\-/:.]{1,80}$")]  # Zendesk cuts tags at spaces


class Ticket(Frozen):
    """A ticket of the call, or a note on the one it has. Always internal: the customer sees and hears nothing."""

    subject: str = Field(min_length=1)
    text: str = Field(min_length=1, max_length=60_000)  # Zendesk takes 64 KB
    priority: Priority
    tags: tuple[Tag, ...] = ()
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    name: str | None = None
    reference: Reference


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "ticket": Operation(
            Ticket,
            Repeat.NATURAL,
            False,
            "The call's tickets are listed by external_id, which does not lag, and searched for this step's mark. "
            "Against a first try that lands late, Zendesk keeps the key of a new ticket for 2 hours and refuses a "
            "note on a ticket that changed since we read it.",
        )
    }
)
