"""Gmail's drafts, mails and threads as requests: what is there under a key, and how a draft goes out once."""

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from typing import Final, NamedTuple

from bot.connectors.gmail.records import DraftOf, Drafts, Message, Messages, Thread, Threads, code, raw
from bot.core.model import Receipt
from bot.http.client import JSON, Http, in_path, to_json
from bot.http.errors import Refused, Unavailable, Unsure

TITLE: Final = "Gmail"
ME: Final = "/gmail/v1/users/me"
MAIL: Final = "message/rfc822"
FIELDS: Final = "id,threadId,labelIds,payload/headers"
PAGES_AT_MOST: Final = 5  # of 100 drafts


class Trace(NamedTuple):
    """What our mailbox holds under a key."""

    sent: Message | None = None
    draft_id: str | None = None
    draft: Message | None = None


Look = Callable[[], Awaitable[Trace]]


class GmailApi:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def profile(self) -> None:
        await self._http.read(f"{ME}/profile", {"fields": "emailAddress"})

    async def threads(self, query: str) -> list[Thread]:
        """At most 100, the newest first."""
        asked = {"q": query, "maxResults": "100", "fields": "threads(id)"}
        return self._http.record(Threads, await self._http.read(f"{ME}/threads", asked)).threads

    async def thread(self, thread_id: str) -> Thread:
        """Raises Refused where there is none."""
        asked = {"format": "metadata", "fields": f"id,messages({FIELDS})"}
        try:
            return self._http.record(Thread, await self._http.read(f"{ME}/threads/{in_path(thread_id)}", asked))
        except Refused as no:
            if no.reason != "not_found":
                raise
            raise Refused(f"Our mailbox has no thread {thread_id}.", reason=no.reason) from None

    async def searched(self, key: str) -> Trace:
        asked = {"q": f"in:sent subject:{code(key)}", "fields": "messages(id)"}
        for hit in self._http.record(Messages, await self._http.read(f"{ME}/messages", asked)).messages:
            if (message := await self._message(hit.id)) and message.is_sent and message.is_ours(key):
                return Trace(sent=message)
        asked = {"q": f"subject:{code(key)}", "fields": "drafts(id,message(id))"}
        for draft in self._http.record(Drafts, await self._http.read(f"{ME}/drafts", asked)).drafts:
            if (message := await self._message(draft.message.id)) and message.is_ours(key):
                return Trace(draft_id=draft.id, draft=message)
        return Trace()

    async def in_thread(self, thread_id: str, key: str, thread: Thread | None = None) -> Trace:
        ours = [one for one in (thread or await self.thread(thread_id)).messages if one.is_ours(key)]
        if sent := next((one for one in ours if one.is_sent), None):
            return Trace(sent=sent)
        if draft := next((one for one in ours if one.is_draft), None):
            return Trace(draft_id=await self._draft_of(draft.id), draft=draft)
        return Trace()

    async def drafted(self, written: EmailMessage, *, attached: bool = False, thread_id: str | None = None) -> DraftOf:
        """Raises Refused, Unavailable, Unsure."""
        if attached:  # as JSON only some 5 MB are taken
            query = {"uploadType": "media"}
            reply = await self._http.write("POST", f"/upload{ME}/drafts", written.as_bytes(), MAIL, query=query)
        else:
            message = {"raw": raw(written)} | ({"threadId": thread_id} if thread_id else {})
            reply = await self._http.write("POST", f"{ME}/drafts", to_json({"message": message}).encode(), JSON)
        return self._http.record(DraftOf, reply)

    async def draft_to_send(
        self, written: EmailMessage, *, attached: bool = False, thread_id: str | None = None
    ) -> str:
        """A draft reaches nobody, so an unsure one is no unsure mail: the next try looks for it."""
        try:
            return (await self.drafted(written, attached=attached, thread_id=thread_id)).id
        except Unsure as error:
            raise Unavailable(
                f"{TITLE} did not confirm the draft: nothing was sent.", request_id=error.request_id
            ) from None

    async def sent(self, draft_id: str, look: Look) -> Receipt:
        """Sends the draft, once whatever happens on the way. Raises Refused, Unavailable, Unsure."""
        for again in (False, True):
            try:
                body = to_json({"id": draft_id}).encode()
                reply = await self._http.write("POST", f"{ME}/drafts/send", body, JSON)
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
            message = self._http.record(Message, reply)
            return Receipt(vendor_id=message.id, url=message.url, request_id=reply.request_id)
        raise Unsure(f"{TITLE} did not confirm the mail, and still shows its draft.")

    async def _gone(self, look: Look) -> Receipt:
        """An earlier try sent the draft, or somebody deleted it: the mail itself decides."""
        try:
            message = (await look()).sent
        except (Refused, Unavailable) as error:
            raise Unsure(f"The draft is gone, so the mail most likely went. {error.sentence}") from None
        if message is None:
            raise Unsure(f"The draft is gone, so the mail most likely went, but {TITLE} does not list it yet.")
        return Receipt(vendor_id=message.id, url=message.url)

    async def _is_there(self, draft_id: str) -> bool:
        try:
            await self._http.read(f"{ME}/drafts/{in_path(draft_id)}", {"format": "minimal", "fields": "id"})
        except (Refused, Unavailable) as error:
            if isinstance(error, Refused) and error.reason == "not_found":
                return False
            raise Unsure(f"{TITLE} did not confirm the mail. {error.sentence}") from None
        return True

    async def _message(self, message_id: str) -> Message | None:
        """None where it has gone since it was listed."""
        asked = {"format": "metadata", "fields": FIELDS}
        try:
            return self._http.record(Message, await self._http.read(f"{ME}/messages/{in_path(message_id)}", asked))
        except Refused as no:
            if no.reason == "not_found":
                return None
            raise

    async def _draft_of(self, message_id: str) -> str:
        asked = {"maxResults": "100", "fields": "drafts(id,message(id)),nextPageToken"}
        for _ in range(PAGES_AT_MOST):
            page = self._http.record(Drafts, await self._http.read(f"{ME}/drafts", asked))
            for one in page.drafts:
                if one.message.id == message_id:
                    return one.id
            if page.next_page_token is None:
                break
            asked["pageToken"] = page.next_page_token
        raise Unavailable(f"{TITLE} shows a draft of ours in the thread, and does not list it yet.")
