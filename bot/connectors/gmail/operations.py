"""Draft a mail for people, send one once with a document where one is asked for, and reply in a thread."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from pydantic import Field

from bot.connectors.base import Operation, Repeat
from bot.connectors.gmail.client import GmailApi, Trace
from bot.connectors.gmail.records import answer, code, mail
from bot.connectors.google.client import DRIVE_READ, MAIL_READ, MAIL_SEND, GoogleId, Mailbox, OneLine
from bot.connectors.parameters import Reference, Verified
from bot.core.model import Frozen, Receipt
from bot.http.errors import Refused

TEXT_AT_MOST: Final = 100_000  # characters
DOCUMENT_AT_MOST: Final = 10_000_000  # bytes: with its encoding well below Gmail's 25 MB, and sent within a time-out


class Draft(Frozen):
    to: Mailbox
    subject: OneLine
    text: str = Field(min_length=1, max_length=TEXT_AT_MOST)
    reference: Reference


class Send(Draft):
    """Describe a mail; `document_id` is a file in Google Drive, attached as it is, or as PDF where Google made it.

    `verified` says how a person made sure of the recipient: Gmail knows no customers, so it cannot.
    """

    document_id: GoogleId | None = None
    verified: Verified | None = None


class Answer(Frozen):
    """Describe a reply to whoever wrote last, under the thread's own subject: another would begin a new thread.

    `subject` is used where the thread has none.
    """

    thread_id: GoogleId
    subject: OneLine
    text: str = Field(min_length=1, max_length=TEXT_AT_MOST)
    reference: Reference


async def make_draft(api: GmailApi, params: Draft, key: str) -> Receipt:
    """Make a draft, which reaches nobody, unless drafts or sent mails have our code already."""
    if earlier := _drafted(await api.searched(key)):
        return earlier
    written = mail(api.mailbox, params.to, _coded(params, key), params.text, key, params.reference)
    draft = await api.drafted(written)
    return _drafted(Trace(draft_id=draft.id, draft=draft.message)) or Receipt(vendor_id=draft.id)


async def send(api: GmailApi, params: Send, key: str) -> Receipt:
    """Send a mail by a draft, which can be sent once: a second try is a 404.

    Which draft is ours is found by a search, and a search may lag: after an unsure try that left no trace a person
    decides.
    """
    trace = await api.searched(key)
    if earlier := _sent(trace):
        return earlier
    if trace.draft_id is None:
        attached = await api.document(params.document_id, DOCUMENT_AT_MOST) if params.document_id else None
        written = mail(api.mailbox, params.to, _coded(params, key), params.text, key, params.reference, attached)
        draft_id = await api.draft_to_send(written, attached=attached is not None)
    else:
        draft_id = trace.draft_id
    return await api.sent(draft_id, partial(api.searched, key))


async def reply(api: GmailApi, params: Answer, key: str) -> Receipt:
    """Reply in a thread, which is read by its id and not searched; the reply goes by a draft, sent once."""
    thread = await api.thread(params.thread_id)
    trace = await api.in_thread(params.thread_id, key, thread)
    if earlier := _sent(trace):
        return earlier
    if trace.draft_id is None:
        written = answer(api.mailbox, thread, params.subject, params.text, key, params.reference)
        if written is None:
            raise Refused("Nobody else wrote in this mail thread: there is nothing to reply to.")
        draft_id = await api.draft_to_send(written, thread_id=params.thread_id)
    else:
        draft_id = trace.draft_id
    return await api.sent(draft_id, partial(api.in_thread, params.thread_id, key))


async def find_draft(api: GmailApi, params: Draft, key: str) -> Receipt | None:
    return _drafted(await api.searched(key))


async def find_sent(api: GmailApi, params: Send, key: str) -> Receipt | None:
    return _sent(await api.searched(key))


async def find_reply(api: GmailApi, params: Answer, key: str) -> Receipt | None:
    return _sent(await api.in_thread(params.thread_id, key))


def _coded(params: Draft, key: str) -> str:
    return f"{params.subject} [ref {code(key)}]"


def _sent(trace: Trace) -> Receipt | None:
    return Receipt(vendor_id=trace.sent.id, url=trace.sent.url) if trace.sent else None


def _drafted(trace: Trace) -> Receipt | None:
    """Return the receipt of a draft; one that people have sent since was a draft all the same."""
    if trace.sent:
        return Receipt(vendor_id=trace.sent.id, url=trace.sent.url, note="The draft has been sent since.")
    if trace.draft_id and trace.draft:
        return Receipt(vendor_id=trace.draft_id, url=f"https://mail.google.com/mail/#drafts/{trace.draft.id}")
    return None


RIGHT: Final = f"{MAIL_SEND} {MAIL_READ}"

OPERATIONS: Final[Mapping[str, Operation]] = {
    "draft": Operation(Draft, make_draft, find_draft, RIGHT),
    "send": Operation(Send, send, find_sent, f"{RIGHT} {DRIVE_READ}", Repeat.PERSON),
    "reply": Operation(Answer, reply, find_reply, RIGHT),
}
