"""What can be asked of Gmail: each operation's parameters, and what makes it safe to repeat."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import Field

from bot.connectors.base import Operation, Repeat
from bot.connectors.google.client import GoogleId, Mailbox, OneLine, Verified
from bot.connectors.parameters import Reference
from bot.core.model import Frozen

TEXT_AT_MOST = 100_000  # characters


class Draft(Frozen):
    to: Mailbox
    subject: OneLine
    text: str = Field(min_length=1, max_length=TEXT_AT_MOST)
    reference: Reference


class Send(Draft):
    """`document_id` is a file in Google Drive, attached as it is, or as PDF where Google made it.

    `verified` says how a person made sure of the recipient: Gmail knows no customers, so it cannot.
    """

    document_id: GoogleId | None = None
    verified: Verified | None = None


class Answer(Frozen):
    """A reply to whoever wrote last in the thread, under the thread's own subject: another would begin a new thread.

    `subject` is used where the thread has none.
    """

    thread_id: GoogleId
    subject: OneLine
    text: str = Field(min_length=1, max_length=TEXT_AT_MOST)
    reference: Reference


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "draft": Operation(
            Draft,
            Repeat.NATURAL,
            False,
            "A draft reaches nobody; drafts and sent mails are looked through for our code before one is made.",
        ),
        "send": Operation(
            Send,
            Repeat.PERSON,
            False,
            "A draft can be sent once, and a second try is a 404. Which draft is ours is found by a search, and a "
            "search may lag: after an unsure try that left no trace a person decides.",
        ),
        "reply": Operation(
            Answer,
            Repeat.NATURAL,
            False,
            "The thread is read by its id, not searched, and shows whether our reply is in it; it goes by a draft, "
            "which can be sent once.",
        ),
    }
)
