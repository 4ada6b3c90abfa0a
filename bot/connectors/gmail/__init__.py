"""Gmail: a draft for people, a mail that goes out once with a document where one is asked for, a reply in its thread.

idempotent   Gmail has no key and writes its own Message-ID. A draft is the once-only token: it is made first, and
             sending it makes it disappear, so that a second sending is a 404 and never a second mail. After an
             unsure sending the draft is read by its id: there, it did not go; gone, it went
find         a code in the subject is searched in drafts and sent mails, and a header with the key's digest decides
             which hit is ours; a reply is found by reading its thread
refusals     google_refusals.py, line breaks in header values, documents over the limit
time-outs    by the base: 5 s to connect, 15 s in all
secrets      the service account's key only signs; errors hold no address and no text of a mail
contract     tests/contract/test_google.py against google.gmail.v1.openapi.json, tests/contract/test_google_clients.py
exempt       a search may lag behind a sending whose answer was lost, and whose draft could not be read either:
             `send` leaves that to a person. A draft that people edit may lose our header, and is then theirs
"""

import re
from datetime import datetime
from functools import partial
from typing import Final

import httpx

from bot.connectors.base import parsed_params
from bot.connectors.gmail.client import TITLE, GmailApi, Trace
from bot.connectors.gmail.operations import OPERATIONS, Answer, Draft, Send
from bot.connectors.gmail.records import Attached, answer, code, mail
from bot.connectors.google import client as google
from bot.connectors.google.client import ServiceAccount
from bot.connectors.google.documents import content, document
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import TOTAL_S
from bot.http.errors import ConnectorError, Refused

DOCUMENT_AT_MOST: Final = 10_000_000  # bytes: with its encoding well below Gmail's 25 MB, and sent within a time-out
WORD: Final = r"^[\w.@+-]{1,254}$"  # what a search takes as one word


class GmailConnector:
    """`mailbox` is whose mailbox our service account acts as (domain-wide delegation)."""

    name = "gmail"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        account: ServiceAccount,
        mailbox: str,
        base_url: str | None = None,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        hosts, self._mailbox = google.hosts(base_url), mailbox
        line = partial(
            google.line,
            account=account,
            token_url=hosts.token,
            acts_as=mailbox,
            transport=transport,
            total_s=total_s,
        )
        self._mail = line(TITLE, scopes=(google.MAIL_SEND, google.MAIL_READ), host=hosts.gmail)
        self._drive = line("Google Drive", scopes=(google.DRIVE_READ,), host=hosts.drive)
        self._api = GmailApi(self._mail.http)

    async def perform(self, action: Action, key: str) -> Receipt:
        match parsed_params(TITLE, OPERATIONS, action):
            case Send() as params:
                return await self._send(params, key)
            case Draft() as params:
                return await self._draft(params, key)
            case Answer() as params:
                return await self._answer(params, key)
        raise Refused(f"{TITLE} has no operation {action.operation!r} here.")

    async def find(self, action: Action, key: str) -> Receipt | None:
        match parsed_params(TITLE, OPERATIONS, action):
            case Send():
                return _sent(await self._api.searched(key))
            case Draft():
                return _drafted(await self._api.searched(key))
            case Answer() as params:
                return _sent(await self._api.in_thread(params.thread_id, key))
        return None

    async def check(self) -> str:
        await self._api.profile()
        return f"{TITLE} answers, and our service account may act as the mailbox {self._mailbox}."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        number, email = details.fields.invoice_number, details.fields.email
        words = [f'"{number}"'] if number and re.fullmatch(WORD, number) else []
        words += [f"{{from:{email} to:{email}}}"] if email and re.fullmatch(WORD, email) else []
        if "thread" not in wanted or not words:
            return ()
        fact = partial(Fact, name="thread", source=TITLE, observed_at=now)
        try:
            threads = await self._api.threads(" ".join(words))
        except ConnectorError as error:
            return (fact(missing=error.sentence, failed=error.passes),)
        if not threads:
            return (fact(missing="Our mailbox has no mail about it."),)
        count = f"{len(threads)} mail threads are" if len(threads) > 1 else "One mail thread is"
        values = {"thread_id": threads[0].id, "count": len(threads)}
        url = f"https://mail.google.com/mail/#all/{threads[0].id}"
        return (fact(values=values, sentence=f"{count} about it", url=url),)

    async def close(self) -> None:
        await self._mail.close()
        await self._drive.close()

    async def _draft(self, params: Draft, key: str) -> Receipt:
        if earlier := _drafted(await self._api.searched(key)):
            return earlier
        written = mail(self._mailbox, params.to, _coded(params, key), params.text, key, params.reference)
        made = await self._api.drafted(written)
        return _drafted(Trace(draft_id=made.id, draft=made.message)) or Receipt(vendor_id=made.id)

    async def _send(self, params: Send, key: str) -> Receipt:
        trace = await self._api.searched(key)
        if earlier := _sent(trace):
            return earlier
        if trace.draft_id is None:
            attached = await self._attached(params.document_id) if params.document_id else None
            written = mail(self._mailbox, params.to, _coded(params, key), params.text, key, params.reference, attached)
            draft_id = await self._api.draft_to_send(written, attached=attached is not None)
        else:
            draft_id = trace.draft_id
        return await self._api.sent(draft_id, partial(self._api.searched, key))

    async def _answer(self, params: Answer, key: str) -> Receipt:
        thread = await self._api.thread(params.thread_id)
        trace = await self._api.in_thread(params.thread_id, key, thread)
        if earlier := _sent(trace):
            return earlier
        if trace.draft_id is None:
            written = answer(self._mailbox, thread, params.subject, params.text, key, params.reference)
            if written is None:
                raise Refused("Nobody else wrote in this mail thread: there is nothing to reply to.")
            draft_id = await self._api.draft_to_send(written, thread_id=params.thread_id)
        else:
            draft_id = trace.draft_id
        return await self._api.sent(draft_id, partial(self._api.in_thread, params.thread_id, key))

    async def _attached(self, document_id: str) -> Attached:
        found = await document(self._drive.http, document_id)
        if found is None or found.trashed:
            raise Refused(f"Google Drive has no document {document_id}, or does not show it to us: nothing was sent.")
        data, kind = await content(self._drive.http, found, DOCUMENT_AT_MOST)
        return Attached(found.name, kind, data)


def _coded(params: Draft, key: str) -> str:
    return f"{params.subject} [ref {code(key)}]"


def _sent(trace: Trace) -> Receipt | None:
    return Receipt(vendor_id=trace.sent.id, url=trace.sent.url) if trace.sent else None


def _drafted(trace: Trace) -> Receipt | None:
    """A draft that people have sent since was a draft all the same."""
    if trace.sent:
        return Receipt(vendor_id=trace.sent.id, url=trace.sent.url, note="The draft has been sent since.")
    if trace.draft_id and trace.draft:
        return Receipt(vendor_id=trace.draft_id, url=f"https://mail.google.com/mail/#drafts/{trace.draft.id}")
    return None
