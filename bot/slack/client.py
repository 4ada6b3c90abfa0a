"""The client: one shared session, no blind repeats, every answer given its meaning."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from bot.core.cards import Picture
from bot.core.names import EventType
from bot.slack.errors import (
    MEANING,
    BadPicture,
    ChannelClosed,
    GroupGone,
    Locked,
    NotNow,
    NotSure,
    NotThere,
    SlackError,
)
from bot.slack.files import upload
from bot.slack.line import Line, Reply

log = logging.getLogger("countersign.slack")

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
MEMBERSHIP_FRESH = timedelta(seconds=30)  # usergroups.users.list is tier 2: some 20 calls a minute
EMAIL_FRESH = timedelta(minutes=10)  # users.lookupByEmail is tier 3, and an address rarely changes hands
MEMBERSHIP_WAIT_S = 1.5  # a click has 3 s in all
FORM_WAIT_S = 2.0  # a trigger lives 3 s, and so does the click that waits for its acknowledgement
LOOK_BACK = timedelta(seconds=60)  # Slack's clock and ours may differ by this much


class Slack:
    """`clock` gives aware UTC. The session is opened by the first call and closed by `close`."""

    def __init__(self, *, token: str, api_url: str, clock: Callable[[], datetime]) -> None:
        self._line = Line(token, api_url)
        self._clock = clock
        self._channels: dict[str, str] = {}
        self._handles: dict[str, str] = {}
        self._direct: dict[str, str] = {}  # user -> the channel of our direct messages
        self._members: dict[str, tuple[datetime, frozenset[str]]] = {}
        self._users: dict[str, tuple[datetime, Mapping[str, Any] | None]] = {}
        self._gone: dict[str, datetime] = {}  # user groups that Slack does not know, and when it said so
        self._by_email: dict[str, tuple[datetime, str | None]] = {}
        self._asking = asyncio.Lock()
        self._locks: dict[str, tuple[str, str]] = {}  # method -> Slack's code and our sentence
        self.calls: dict[tuple[str, str], int] = {}  # (method, outcome) -> count, for /metrics

    @property
    def locked(self) -> str | None:
        """Why something does not go out until somebody mends it, for /readyz."""
        return next((sentence for _, sentence in self._locks.values()), None)

    def __repr__(self) -> str:
        return f"Slack({self._line!r})"

    async def close(self) -> None:
        await self._line.close()

    # --- cards ------------------------------------------------------------------------------------------------------

    async def post(self, channel_id: str, picture: Picture, *, event: EventType, key: Mapping[str, Any],
                   thread_ts: str | None = None, whole: bool = False) -> str:  # fmt: skip
        """Returns the message's ts. The key travels in the metadata, so that the message can be found again.

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

    async def find(self, channel_id: str, *, event: EventType, key: Mapping[str, Any], since: datetime,
                   thread_ts: str | None = None) -> tuple[str, Mapping[str, Any]] | None:  # fmt: skip
        """Our message with this key (ts and its whole key), if a post whose answer was lost did arrive."""
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
        """The id of a picture, for a block that shows it; see `bot.slack.files`."""
        return await upload(self._call, self._line, name, content, title=title)

    async def _pictured(self, method: str, content: dict[str, Any], picture: Picture, *,
                        whole: bool = False) -> Mapping[str, Any]:  # fmt: skip
        try:
            return await self._call(method, {**content, "text": picture.text, "blocks": picture.blocks})
        except BadPicture as bad:  # a fault of ours must not lose the case: the text carries the whole decision
            if whole:
                raise
            log.error("Slack refused the blocks of a card: %s", bad.sentence)
            return await self._call(method, {**content, "text": picture.text, "blocks": []})

    # --- people and places ------------------------------------------------------------------------------------------

    async def who_am_i(self) -> Mapping[str, Any]:
        return await self._call("auth.test", {})

    async def channel_id(self, name: str) -> str:
        """`name` as in the policy: an id, or #name."""
        if not name.startswith("#"):
            return name
        async with self._asking:  # cards that come together ask once
            if name not in self._channels:
                listed = await self._all("conversations.list", "channels", {"types": "public_channel,private_channel"})
                self._channels = {"#" + channel["name"]: channel["id"] for channel in listed}
        if name not in self._channels:
            raise ChannelClosed(f"There is no channel {name}, or the bot was not invited to it.")
        return self._channels[name]

    async def people_of(self, members: Sequence[str]) -> frozenset[str]:
        """The people that a group of the policy names, by user group or one by one. Raises GroupGone."""
        found: set[str] = set()
        for member in members:
            found |= await self._members_of(member) if member.startswith(("@", "S")) else {member}
        return frozenset(found)

    async def mentions_of(self, members: Sequence[str]) -> frozenset[str]:
        """The ids to mention; a group that Slack cannot tell just now is left out, since the card matters more."""
        try:
            return frozenset([await self._group_id(member) for member in members])
        except SlackError:
            return frozenset(member for member in members if not member.startswith("@"))

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Which of the policy's groups this person is in now. Raises SlackError when Slack cannot tell in time."""
        async with asyncio.timeout(MEMBERSHIP_WAIT_S):
            return frozenset([name for name, members in groups.items() if user_id in await self.people_left(members)])

    async def people_left(self, members: Sequence[str]) -> frozenset[str]:
        """As `people_of`; a user group that is gone has nobody, and must not keep everybody else from deciding."""
        found: set[str] = set()
        for member in members:
            try:
                found |= await self.people_of((member,))
            except GroupGone as gone:
                log.warning("%s", gone.sentence)
        return frozenset(found)

    async def user_by_email(self, email: str) -> str | None:
        """The Slack id of whoever has this address here; None where nobody has, or Slack cannot tell just now."""
        at, user_id = self._by_email.get(email, (None, None))
        if at is not None and self._clock() - at < EMAIL_FRESH:
            return user_id
        try:
            async with asyncio.timeout(MEMBERSHIP_WAIT_S):
                user = (await self._call("users.lookupByEmail", {"email": email}))["user"]
        except NotThere:
            user = {"deleted": True}
        except (SlackError, TimeoutError):
            return None
        user_id = None if user.get("deleted") else str(user["id"])
        self._by_email[email] = (self._clock(), user_id)
        return user_id

    async def user(self, user_id: str) -> Mapping[str, Any] | None:
        """The `user` of users.info; None where Slack shows us no such person. Raises SlackError, and TimeoutError."""
        at, user = self._users.get(user_id, (None, None))
        if at is not None and self._clock() - at < MEMBERSHIP_FRESH:
            return user
        try:
            async with asyncio.timeout(MEMBERSHIP_WAIT_S):
                user = (await self._call("users.info", {"user": user_id}))["user"]
        except NotThere:
            user = None
        self._users[user_id] = (self._clock(), user)
        return user

    async def _members_of(self, group: str) -> frozenset[str]:
        if (known := self._known_members(group)) is None:
            async with self._asking:  # clicks that come together ask once
                known = self._known_members(group) or await self._ask_members(group)
        return known

    def _known_members(self, group: str) -> frozenset[str] | None:
        at, members = self._members.get(group, (None, frozenset[str]()))
        return members if at is not None and self._clock() - at < MEMBERSHIP_FRESH else None

    async def _ask_members(self, group: str) -> frozenset[str]:
        group_id = await self._group_id(group)
        try:
            answer = await self._call("usergroups.users.list", {"usergroup": group_id})
        except GroupGone:
            self._handles.pop(group, None)  # its name may be another group's by now
            raise self._no_group(group) from None
        members = frozenset(answer["users"])
        self._members[group] = (self._clock(), members)
        return members

    async def _group_id(self, group: str) -> str:
        at = self._gone.get(group)
        if at is not None and self._clock() - at < MEMBERSHIP_FRESH:  # so that every click does not ask again
            raise self._no_group(group, at)
        if not group.startswith("@"):
            return group
        if group not in self._handles:
            answer = await self._call("usergroups.list", {})
            self._handles = {"@" + found["handle"]: found["id"] for found in answer["usergroups"]}
        if group not in self._handles:
            raise self._no_group(group)
        return self._handles[group]

    def _no_group(self, group: str, at: datetime | None = None) -> GroupGone:
        self._gone[group] = at or self._clock()
        return GroupGone(f"The user group {group} of the policy does not exist in this workspace.")

    async def direct_messages(self, user_id: str) -> str:
        """The channel of our direct messages with this person. Raises NotThere for somebody who is gone."""
        if user_id not in self._direct:
            answer = await self._call("conversations.open", {"users": user_id})
            self._direct[user_id] = str(answer["channel"]["id"])
        return self._direct[user_id]

    async def permalink(self, channel_id: str, ts: str) -> str:
        answer = await self._call("chat.getPermalink", {"channel": channel_id, "message_ts": ts})
        return str(answer["permalink"])

    # --- answers to a person ----------------------------------------------------------------------------------------

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        """For one person, in a thread; Slack keeps it until that person reloads."""
        content = {"channel": channel_id, "user": user_id, "text": text, "thread_ts": thread_ts}
        await self._call("chat.postEphemeral", content)

    async def end_step(self, execution_id: str, **ended: Any) -> None:
        """Ends a step of a workflow: with its `outputs`, or with an `error`, a sentence that says what was wrong."""
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
        """An ephemeral answer to a click. It is a courtesy: the card tells the same, so a failure is only logged."""
        body = {"text": text, "response_type": "ephemeral", "replace_original": False}
        try:
            self._count("response_url", "ok" if await self._line.tell(response_url, body) else "refused")
        except Exception as error:  # the click has been acknowledged: a raise would show it as failed
            self._count("response_url", "unsure")
            log.warning("an answer to a click did not reach Slack (%s)", type(error).__name__)

    # --- the wire ---------------------------------------------------------------------------------------------------

    async def _all(self, method: str, key: str, query: Mapping[str, Any]) -> list[Any]:
        """Every page of a list."""
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
