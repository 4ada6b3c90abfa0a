"""Post cards and their threads, each channel at its own pace; open forms, publish the home tab, answer one person."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.core.cards import Picture
from bot.core.slack_ids import EventType
from bot.http.slack import Line, Reply
from bot.slack.errors import MEANING, BadPicture, ChannelClosed, Locked, NotNow, NotSure, SlackError
from bot.slack.people import People

BURST = 2  # one less than Slack bears: posts may bunch up on their way, and a 429 would cost the channel more


class Pace:
    """Hold a token bucket a channel. `per_second` 0 means no pacing (benchmarks against a fake)."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, tuple[datetime, float]] = {}  # channel -> (as of, tokens)
        self._closed: dict[str, datetime] = {}  # channel -> when Slack said it may go on

    def take(self, channel: str, now: datetime) -> bool:
        """Take a token; return whether one post may go out now."""
        if not self._per_second:
            return True
        tokens = self._tokens(channel, now)
        if tokens < 1 or self._closed.get(channel, now) > now:
            return False
        self._buckets[channel] = (now, tokens - 1)
        return True

    def wait(self, channel: str, until: datetime) -> None:
        self._closed[channel] = until

    def closed(self, now: datetime) -> frozenset[str]:
        """Return the channels that have nothing to spare just now."""
        return frozenset(
            channel for channel in self._buckets.keys() | self._closed if self.ready_at(channel, now) > now
        )

    def ready_at(self, channel: str, now: datetime) -> datetime:
        if not self._per_second:
            return now
        short = max(0.0, 1 - self._tokens(channel, now))
        return max(self._closed.get(channel, now), now + timedelta(seconds=short / self._per_second))

    def _tokens(self, channel: str, now: datetime) -> float:
        as_of, tokens = self._buckets.get(channel, (now, float(BURST)))
        return min(float(BURST), tokens + (now - as_of).total_seconds() * self._per_second)


log = logging.getLogger("countersign.slack")

FORM_WAIT_S = 2.0  # a trigger lives 3 s, and so does the click that waits for its acknowledgement
LOOK_BACK = timedelta(seconds=60)  # Slack's clock and ours may differ by this much

READS = frozenset(
    {
        "chat.getPermalink",
        "conversations.history",
        "conversations.list",
        "conversations.replies",
        "files.getUploadURLExternal",  # it takes no JSON either
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.lookupByEmail",
    }
)
HARMLESS = frozenset({"conversations.open", "files.completeUploadExternal"})  # done twice it is done once
SCOPES = frozenset({"missing_scope", "not_allowed_token_type"})


class Slack(People):
    """Speak to Slack; `clock` gives aware UTC. The first call opens the session and `close` closes it."""

    def __init__(self, *, token: str, api_url: str, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._line = Line(token, api_url)
        self._locks: dict[str, tuple[str, str]] = {}  # method -> Slack's code and our sentence
        self.calls: dict[tuple[str, str], int] = {}  # (method, outcome) -> count, for /metrics
        self._asking_channels = asyncio.Lock()
        self._channels: dict[str, str] = {}
        self._direct: dict[str, str] = {}  # user -> the channel of our direct messages

    @property
    def locked(self) -> str | None:
        """Return why something does not go out until somebody mends it, for /readyz."""
        return next((sentence for _, sentence in self._locks.values()), None)

    def __repr__(self) -> str:
        return f"Slack({self._line!r})"

    async def close(self) -> None:
        await self._line.close()

    # --- cards ------------------------------------------------------------------------------------------------------

    async def post(
        self,
        channel_id: str,
        picture: Picture,
        *,
        event: EventType,
        key: Mapping[str, Any],
        thread_ts: str | None = None,
        whole: bool = False,
    ) -> str:
        """Post a message and return its ts. The key travels in the metadata, so that the message can be found again.

        Blocks that Slack refuses leave the text alone; with `whole` they raise BadPicture, and nothing was posted.
        """
        content: dict[str, Any] = {
            "channel": channel_id,
            "metadata": {"event_type": event, "event_payload": dict(key)},
            "unfurl_links": False,
            "unfurl_media": False,
            **({"thread_ts": thread_ts} if thread_ts else {}),
        }
        answer = await self._pictured("chat.postMessage", content, picture, whole=whole)
        return str(answer["ts"])

    async def update(self, channel_id: str, ts: str, picture: Picture) -> None:
        await self._pictured("chat.update", {"channel": channel_id, "ts": ts}, picture)

    async def find(
        self,
        channel_id: str,
        *,
        event: EventType,
        key: Mapping[str, Any],
        since: datetime,
        thread_ts: str | None = None,
    ) -> tuple[str, Mapping[str, Any]] | None:
        """Return our message with this key (ts and its whole key) if a post whose answer was lost did arrive."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        query: dict[str, Any] = {
            "channel": channel_id,
            "oldest": f"{(since - LOOK_BACK).timestamp():.6f}",
            "include_all_metadata": True,
            **({"ts": thread_ts} if thread_ts else {}),
        }
        for message in await self._all(method, "messages", query):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            if metadata.get("event_type") == event and all(payload.get(name) == value for name, value in key.items()):
                return str(message["ts"]), payload
        return None

    async def upload(self, name: str, content: bytes, *, title: str) -> str:
        """Upload a picture and return its id, for a block that shows it (Slack reference, section 4.3).

        It is shared with nobody until then, so an upload may be repeated. Slack looks through a file for a moment, and
        until then it refuses blocks that show it. Raises NotNow, BadPicture where the workspace takes no files, and
        Locked where our token may not send any.
        """
        place = await self._call("files.getUploadURLExternal", {"filename": name, "length": len(content)})
        try:
            taken = await self._line.put(str(place["upload_url"]), content)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotNow(f"A picture did not reach Slack ({type(error).__name__}).") from None
        if not taken:
            raise NotNow("Slack did not take a picture.")
        file_id = str(place["file_id"])
        await self._call("files.completeUploadExternal", {"files": [{"id": file_id, "title": title}]})
        return file_id

    async def _pictured(
        self, method: str, content: dict[str, Any], picture: Picture, *, whole: bool = False
    ) -> Mapping[str, Any]:
        try:
            return await self._call(method, {**content, "text": picture.text, "blocks": picture.blocks})
        except BadPicture as bad:  # a fault of ours must not lose the case: the text carries the whole decision
            if whole:
                raise
            log.error("Slack refused the blocks of a card: %s", bad.sentence)
            return await self._call(method, {**content, "text": picture.text, "blocks": []})

    # --- places ------------------------------------------------------------------------------------------

    async def who_am_i(self) -> Mapping[str, Any]:
        return await self._call("auth.test", {})

    async def channel_id(self, name: str) -> str:
        """Return the id of a channel; `name` as in the policy: an id, or #name."""
        if not name.startswith("#"):
            return name
        async with self._asking_channels:  # cards that come together ask once
            if name not in self._channels:
                listed = await self._all("conversations.list", "channels", {"types": "public_channel,private_channel"})
                self._channels = {"#" + channel["name"]: channel["id"] for channel in listed}
        if name not in self._channels:
            raise ChannelClosed(f"There is no channel {name}, or the bot was not invited to it.")
        return self._channels[name]

    async def direct_messages(self, user_id: str) -> str:
        """Return the channel of our direct messages with this person. Raises NotThere for somebody who is gone."""
        if user_id not in self._direct:
            answer = await self._call("conversations.open", {"users": user_id})
            self._direct[user_id] = str(answer["channel"]["id"])
        return self._direct[user_id]

    async def permalink(self, channel_id: str, ts: str) -> str:
        answer = await self._call("chat.getPermalink", {"channel": channel_id, "message_ts": ts})
        return str(answer["permalink"])

    # --- answers to a person ----------------------------------------------------------------------------------------

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        """Show a message to one person, in a thread; Slack keeps it until that person reloads."""
        content = {"channel": channel_id, "user": user_id, "text": text, "thread_ts": thread_ts}
        await self._call("chat.postEphemeral", content)

    async def end_step(self, execution_id: str, **ended: Any) -> None:
        """End a step of a workflow: with its `outputs`, or with an `error`, a sentence that says what was wrong."""
        method = "functions.completeError" if "error" in ended else "functions.completeSuccess"
        await self._call(method, {"function_execution_id": execution_id, **ended})

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(FORM_WAIT_S):
                await self._call("views.open", {"trigger_id": trigger_id, "view": view})
        except TimeoutError:
            raise NotSure("Slack did not open the form in time.") from None

    async def update_form(self, view_id: str, view_hash: str, view: Mapping[str, Any]) -> None:
        await self._call("views.update", {"view_id": view_id, "hash": view_hash, "view": view})

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        await self._call("views.publish", {"user_id": user_id, "view": view})

    async def answer(self, response_url: str, text: str) -> None:
        """Answer a click, to one person. It is a courtesy: the card tells the same, so a failure is only logged."""
        body = {"text": text, "response_type": "ephemeral", "replace_original": False}
        try:
            self._count("response_url", "ok" if await self._line.tell(response_url, body) else "refused")
        except Exception as error:  # the click has been acknowledged: a raise would show it as failed
            self._count("response_url", "unsure")
            log.warning("an answer to a click did not reach Slack (%s)", type(error).__name__)

    # --- one call -------------------------------------------------------------------------------------------------

    async def _all(self, method: str, key: str, query: Mapping[str, Any]) -> list[Any]:
        """Return every page of a list."""
        items: list[Any] = []
        cursor = ""
        while True:
            page = {"limit": 200, **({"cursor": cursor} if cursor else {})}
            answer = await self._call(method, {**query, **page})
            items += answer[key]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return items

    async def _call(self, method: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        unsure = NotNow if method in READS or method in HARMLESS else NotSure
        try:
            reply = await self._line.ask(method, content, read=method in READS)
        except aiohttp.ClientConnectorError:
            self._count(method, "unavailable")
            raise NotNow("Slack cannot be reached.") from None
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._count(method, "unsure")
            raise unsure(f"Slack did not answer {method} ({type(error).__name__}).") from None
        if reply.status != 200 or reply.data.get("ok") is not True:
            raise self._meaning(method, reply, unsure)
        self._count(method, "ok")
        if self._locks:  # our token works again; a scope that is missing is missing for its own method only
            self._locks = {name: lock for name, lock in self._locks.items() if lock[0] in SCOPES and name != method}
        return reply.data

    def _meaning(self, method: str, reply: Reply, unsure: type[SlackError]) -> SlackError:
        status, code = reply.status, str(reply.data.get("error") or "")
        self._count(method, code or str(status))
        if status == 429 or code in ("ratelimited", "rate_limited"):
            after = reply.headers.get("Retry-After", "1")
            return NotNow("Slack asks us to slow down.", retry_after_s=float(after) if after.isdigit() else 1.0)
        if status >= 500 or not code:
            return unsure(f"Slack failed at {method} ({status}).")
        kind = MEANING.get(code, NotNow)
        sentence = f"Slack refused {method}: {code}."
        if kind is Locked:
            self._locks[method] = (code, sentence)
        return kind(sentence, retry_after_s=30.0 if kind is Locked else None)

    def _count(self, method: str, outcome: str) -> None:
        self.calls[method, outcome] = self.calls.get((method, outcome), 0) + 1
