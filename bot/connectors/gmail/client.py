"""Talk to Gmail: what is there under a key, how a draft goes out once, and the documents that mails carry."""

from collections.abc import Awaitable, Callable, Mapping
from email.message import EmailMessage
from functools import partial
from typing import Final, NamedTuple, Unpack

from bot.connectors.base import Client, pages
from bot.connectors.gmail.records import Attached, DraftOf, Drafts, Message, Messages, Thread, Threads, code, raw
from bot.connectors.google.client import DRIVE_READ, MAIL_READ, MAIL_SEND, GoogleSettings, google_http, hosts
from bot.connectors.google.documents import content, document
from bot.core.model import Receipt
from bot.http.client import Wiring, in_path
from bot.http.errors import Refused, Unavailable, Unsure

TITLE: Final = "Gmail"
ME: Final = "/gmail/v1/users/me"
MAIL: Final = "message/rfc822"
FIELDS: Final = "id,threadId,labelIds,payload/headers"
PAGES_AT_MOST: Final = 5  # of 100 drafts


class Trace(NamedTuple):
    """Hold what our mailbox has under a key."""

    sent: Message | None = None
    draft_id: str | None = None
    draft: Message | None = None


Look = Callable[[], Awaitable[Trace]]


class GmailSettings(GoogleSettings):
    """Hold GOOGLE_*; `mailbox` is whose mailbox our service account acts as (domain-wide delegation)."""

    mailbox: str


class GmailApi(Client):
    """Ask Gmail, and Google Drive for what is attached."""

    def __init__(self, settings: GmailSettings, **wiring: Unpack[Wiring]) -> None:
        addresses, self.mailbox = hosts(settings.api_url), settings.mailbox
        connected = partial(
            google_http, account=settings.account(), token_url=addresses.token, acts_as=settings.mailbox, **wiring
        )
        self._drive = connected("Google Drive", scopes=(DRIVE_READ,), host=addresses.drive)
        super().__init__(connected(TITLE, scopes=(MAIL_SEND, MAIL_READ), host=addresses.gmail), self._drive)

    async def check(self) -> str:
        await self.http.read(f"{ME}/profile", {"fields": "emailAddress"})
        return f"{TITLE} answers, and our service account may act as the mailbox {self.mailbox}."

    async def document(self, document_id: str, at_most: int) -> Attached:
        """Return a document as a mail can carry it; `at_most` in bytes. Raises Refused, Unavailable."""
        found = await document(self._drive, document_id)
        if found is None or found.trashed:
            raise Refused(f"Google Drive has no document {document_id}, or does not show it to us: nothing was sent.")
        data, kind = await content(self._drive, found, at_most)
        return Attached(found.name, kind, data)

    async def threads(self, query: str) -> list[Thread]:
        """Return at most 100 threads, the newest first."""
        asked = {"q": query, "maxResults": "100", "fields": "threads(id)"}
        return (await self.http.get(Threads, f"{ME}/threads", asked)).threads

    async def thread(self, thread_id: str) -> Thread:
        """Return a thread. Raises Refused where there is none."""
        asked = {"format": "metadata", "fields": f"id,messages({FIELDS})"}
        thread = await self.http.get_optional(Thread, f"{ME}/threads/{in_path(thread_id)}", asked)
        if thread is None:
            raise Refused(f"Our mailbox has no thread {thread_id}.", reason="not_found")
        return thread

    async def searched(self, key: str) -> Trace:
        """Return what a search for the key's code finds; searches may lag."""
        asked = {"q": f"in:sent subject:{code(key)}", "fields": "messages(id)"}
        for hit in (await self.http.get(Messages, f"{ME}/messages", asked)).messages:
            if (message := await self._message(hit.id)) and message.is_sent and message.is_ours(key):
                return Trace(sent=message)
        asked = {"q": f"subject:{code(key)}", "fields": "drafts(id,message(id))"}
        for draft in (await self.http.get(Drafts, f"{ME}/drafts", asked)).drafts:
            if (message := await self._message(draft.message.id)) and message.is_ours(key):
                return Trace(draft_id=draft.id, draft=message)
        return Trace()

    async def in_thread(self, thread_id: str, key: str, thread: Thread | None = None) -> Trace:
        ours = [message for message in (thread or await self.thread(thread_id)).messages if message.is_ours(key)]
        if sent := next((message for message in ours if message.is_sent), None):
            return Trace(sent=sent)
        if draft := next((message for message in ours if message.is_draft), None):
            return Trace(draft_id=await self._draft_of(draft.id), draft=draft)
        return Trace()

    async def drafted(self, written: EmailMessage, *, attached: bool = False, thread_id: str | None = None) -> DraftOf:
        """Make a draft. Raises Refused, Unavailable, Unsure."""
        if attached:  # as JSON only some 5 MB are taken
            query = {"uploadType": "media"}
            reply = await self.http.write("POST", f"/upload{ME}/drafts", written.as_bytes(), MAIL, query=query)
        else:
            message = {"raw": raw(written)} | ({"threadId": thread_id} if thread_id else {})
            reply = await self.http.write_json("POST", f"{ME}/drafts", {"message": message})
        return self.http.record(DraftOf, reply)

    async def draft_to_send(
        self, written: EmailMessage, *, attached: bool = False, thread_id: str | None = None
    ) -> str:
        """Return the id of a new draft; it reaches nobody, so an unsure one is no unsure mail: the next try looks."""
        try:
            return (await self.drafted(written, attached=attached, thread_id=thread_id)).id
        except Unsure as error:
            raise Unavailable(
                f"{TITLE} did not confirm the draft: nothing was sent.", request_id=error.request_id
            ) from None

    async def sent(self, draft_id: str, look: Look) -> Receipt:
        """Send the draft, once whatever happens on the way. Raises Refused, Unavailable, Unsure."""
        for again in (False, True):
            try:
                reply = await self.http.write_json("POST", f"{ME}/drafts/send", {"id": draft_id})
            except (Refused, Unavailable) as error:
                if isinstance(error, Refused) and error.reason == "not_found":
                    return await self._gone(look)
                if again:  # it says nothing about the first try
                    raise Unsure(f"{TITLE} did not confirm the mail. {error.sentence}") from None
                raise
            except Unsure:
                if not await self._is_there(draft_id):
                    return await self._gone(look)
                continue  # the draft is still there, so it did not go; should it go yet, this try is a 404
            message = self.http.record(Message, reply)
            return Receipt(vendor_id=message.id, url=message.url, request_id=reply.request_id)
        raise Unsure(f"{TITLE} did not confirm the mail, and still shows its draft.")

    async def _gone(self, look: Look) -> Receipt:
        """Look for the mail: an earlier try sent the draft, or somebody deleted it."""
        try:
            message = (await look()).sent
        except (Refused, Unavailable) as error:
            raise Unsure(f"The draft is gone, so the mail most likely went. {error.sentence}") from None
        if message is None:
            raise Unsure(f"The draft is gone, so the mail most likely went, but {TITLE} does not list it yet.")
        return Receipt(vendor_id=message.id, url=message.url)

    async def _is_there(self, draft_id: str) -> bool:
        try:
            await self.http.read(f"{ME}/drafts/{in_path(draft_id)}", {"format": "minimal", "fields": "id"})
        except (Refused, Unavailable) as error:
            if isinstance(error, Refused) and error.reason == "not_found":
                return False
            raise Unsure(f"{TITLE} did not confirm the mail. {error.sentence}") from None
        return True

    async def _message(self, message_id: str) -> Message | None:
        """Return a message, None where it has gone since it was listed."""
        asked = {"format": "metadata", "fields": FIELDS}
        return await self.http.get_optional(Message, f"{ME}/messages/{in_path(message_id)}", asked)

    async def _draft_of(self, message_id: str) -> str:
        asked = {"maxResults": "100", "fields": "drafts(id,message(id)),nextPageToken"}

        async def page(cursor: Mapping[str, str]) -> tuple[list[DraftOf], str | None]:
            listed = await self.http.get(Drafts, f"{ME}/drafts", {**asked, **cursor})
            return listed.drafts, listed.next_page_token

        not_yet = f"{TITLE} shows a draft of ours in the thread, and does not list it yet."
        async for draft in pages(page, "pageToken", PAGES_AT_MOST, not_yet):
            if draft.message.id == message_id:
                return draft.id
        raise Unavailable(not_yet)
