"""Play Slack: messages with metadata, pages, lag, archived channels, deleted cards, lost answers."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client_reqrep import ConnectionKey

from bot.core.slack_ids import EventType
from bot.http.slack import Line, Reply
from bot.slack import Slack
from tests.simulation.fault_schedule import Fate
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.world import World

PAGE = 4  # small, so that look-ups turn pages
USER_GROUPS = {"@finance": "S0FINANCE1", "@leads": "S0LEADS001"}
SKEW_S = 20.0  # Slack's clock and ours differ by at most this
HOST = ConnectionKey("slack.example.com", 443, True, True, None, None, None)


class Refusal(Exception):
    """Carry Slack's `error` of an answer that is not ok."""


@dataclass
class Message:
    ts: str
    channel: str
    metadata: dict[str, Any]
    thread_ts: str | None
    listed_at: datetime  # reads lag behind writes
    pictures: list[dict[str, Any]] = field(default_factory=list)  # every one that was ever shown; the last is current
    deleted: bool = False

    @property
    def event(self) -> str:
        return str(self.metadata["event_type"])

    @property
    def key(self) -> dict[str, Any]:
        return dict(self.metadata["event_payload"])


class Workspace:
    def __init__(self, world: "World", channels: Mapping[str, str]) -> None:
        """Open the workspace with these channels: name without # -> id."""
        self._world = world
        self._skew_s = world.fault_schedule.between(-SKEW_S, SKEW_S)
        self._last = 0.0
        self.channels = dict(channels)
        self.archived: set[str] = set()
        self.messages: dict[tuple[str, str], Message] = {}

    def cards(self) -> list[Message]:
        """Return the cards that a person can see and click."""
        found = (message for message in self.messages.values() if message.event == EventType.CARD)
        return [card for card in found if not card.deleted and card.channel not in self.archived]

    def call(self, method: str, content: Mapping[str, Any]) -> dict[str, Any]:
        answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.list": self._list,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.open": self._open,
            "chat.getPermalink": self._permalink,
            "usergroups.list": self._groups,
        }
        try:
            return {"ok": True, **answers[method](content)}
        except Refusal as no:
            return {"ok": False, "error": str(no)}

    def _post(self, content: Mapping[str, Any]) -> dict[str, Any]:
        channel, thread_ts = content["channel"], content.get("thread_ts")
        if channel in self.archived:
            raise Refusal("is_archived")
        if thread_ts is not None and self.messages[channel, thread_ts].deleted:
            raise Refusal("thread_not_found")
        now = self._world.now()
        self._last = max(now.timestamp() + self._skew_s, self._last + 0.000_1)
        ts = f"{self._last:.6f}"
        listed_at = now if self._world.fault_schedule.often(0.5) else self._world.later(1.5)
        message = Message(ts, channel, content["metadata"], thread_ts, listed_at, [_picture(content)])
        self.messages[channel, ts] = message
        self._world.note(f"slack: {message.event} {message.key} posted in {channel} as {ts}")
        self._world.tally.counts[f"effects at slack: {message.event} posted"] += 1
        return {"ts": ts, "channel": channel}

    def _update(self, content: Mapping[str, Any]) -> dict[str, Any]:
        if content["channel"] in self.archived:
            raise Refusal("is_archived")
        message = self.messages.get((content["channel"], content["ts"]))
        if message is None or message.deleted:
            raise Refusal("message_not_found")
        message.pictures.append(_picture(content))
        self._world.tally.counts["effects at slack: card drawn again"] += 1
        return {"ts": message.ts, "channel": message.channel}

    def _open(self, content: Mapping[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": f"D{content['users'][1:]}"}}

    def _groups(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"usergroups": [{"id": group_id, "handle": handle[1:]} for handle, group_id in USER_GROUPS.items()]}

    def _permalink(self, query: Mapping[str, Any]) -> dict[str, Any]:
        return {"permalink": f"https://acme.slack.com/archives/{query['channel']}/p{query['message_ts']}"}

    def _list(self, query: Mapping[str, Any]) -> dict[str, Any]:
        named = [{"id": channel_id, "name": name} for name, channel_id in self.channels.items()]
        return _page("channels", named, query)

    def _history(self, query: Mapping[str, Any]) -> dict[str, Any]:
        found = [message for message in self._listed(query) if message.thread_ts is None and not message.deleted]
        return _page("messages", [_shown(message) for message in reversed(found)], query)

    def _replies(self, query: Mapping[str, Any]) -> dict[str, Any]:
        parent = self.messages[query["channel"], query["ts"]]
        if parent.deleted:
            raise Refusal("thread_not_found")
        found = [message for message in self._listed(query) if message.thread_ts == parent.ts]
        return _page("messages", [_shown(message) for message in (parent, *found)], query)

    def _listed(self, query: Mapping[str, Any]) -> list[Message]:
        now, oldest, channel = self._world.now(), float(query["oldest"]), query["channel"]
        there = (message for message in self.messages.values() if message.channel == channel)
        return [message for message in there if message.listed_at <= now and float(message.ts) > oldest]


def _picture(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": content["text"], "blocks": content["blocks"]}


def _shown(message: Message) -> dict[str, Any]:
    return {"ts": message.ts, "metadata": message.metadata}


def _page(key: str, items: list[dict[str, Any]], query: Mapping[str, Any]) -> dict[str, Any]:
    start = int(query.get("cursor") or 0)
    end = start + PAGE
    following = str(end) if end < len(items) else ""
    return {key: items[start:end], "response_metadata": {"next_cursor": following}}


class SimulatedSlack(Slack):
    """Run our real client over a wire that breaks."""

    def __init__(self, wire: Wire, workspace: Workspace, clock: Callable[[], datetime]) -> None:
        super().__init__(token="xoxb-made-up", api_url="https://slack.example.com/api/", clock=clock)
        self._line = _Line(wire, workspace)


class _Line(Line):
    """Carry our requests, with all ways to fail."""

    def __init__(self, wire: Wire, workspace: Workspace) -> None:
        super().__init__("xoxb-made-up", "https://slack.example.com/api/")
        self.wire = wire
        self.workspace = workspace

    async def ask(self, method: str, content: Mapping[str, Any], *, read: bool) -> Reply:
        sent = _as_sent(content)
        # a process that is frozen at the very moment of a post is beyond what Slack lets us make safe
        async with asyncio.timeout(self.wire.patience_s):
            came = await self.wire.carry(
                method, lambda: self.workspace.call(method, sent), write=not read, may_stall=False
            )
        if came.fate is Fate.UNREACHED:
            raise aiohttp.ClientConnectorError(HOST, OSError("unreached"))
        if came.fate in (Fate.CUT, Fate.CUT_AFTER):
            raise aiohttp.ServerDisconnectedError
        if came.fate is Fate.GARBAGE:
            return Reply(200, {"ok": False, "error": "internal_error"})
        if came.fate in (Fate.FAILED, Fate.FAILED_AFTER):
            return Reply(503, {})
        if came.fate is Fate.BUSY:
            return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "7"})
        return Reply(200, came.reply or {})


def _as_sent(content: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(json.dumps(content))
    return sent
