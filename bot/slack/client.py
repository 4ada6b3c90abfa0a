"""Post cards and their threads, open forms, publish the home tab, and answer one person in Slack."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.core.cards import Picture
from bot.core.slack_ids import EventType
from bot.slack.errors import BadPicture, ChannelClosed, NotNow, NotSure
from bot.slack.people import People

log = logging.getLogger("countersign.slack")

FORM_WAIT_S = 2.0  # a trigger lives 3 s, and so does the click that waits for its acknowledgement
LOOK_BACK = timedelta(seconds=60)  # Slack's clock and ours may differ by this much


class Slack(People):
    """Speak to Slack; `clock` gives aware UTC. The first call opens the session and `close` closes it."""

    def __init__(self, *, token: str, api_url: str, clock: Callable[[], datetime]) -> None:
        super().__init__(token=token, api_url=api_url, clock=clock)
        self._asking_channels = asyncio.Lock()
        self._channels: dict[str, str] = {}
        self._direct: dict[str, str] = {}  # user -> the channel of our direct messages

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
