"""Hold what every part of the Slack server shares: clock, ids, channels, triggers and response URLs.

Times are epoch seconds of the clock that is passed in; a `ts` is Slack's "seconds.microseconds".
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

from sandbox.faults import Faults
from sandbox.slack.changes import Changes
from sandbox.slack.rates import Rates
from sandbox.slack.seed import BOT_ID, BOT_USER, FALLBACK_CHANNEL, SLACKBOT, seed
from sandbox.state import State

Clock = Callable[[], float]
TRIGGER_LIVES_S: Final = 3
TRIGGER_KEPT_S: Final = 60  # for this long an expired one is told apart from an unknown one
HOOK_LIVES_S: Final = 30 * 60
HOOK_USES: Final = 5
WHISPERS_KEPT: Final = 200  # for each person; Slack itself keeps none after a reload


class ApiError(Exception):
    """Refuse a call with Slack's error `code`; `messages` say where, as JSON pointers."""

    def __init__(self, code: str, messages: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.messages = tuple(messages)


class Workspace:
    """Hold one workspace with one app in it; ids come from `new_token(bytes)`, times from `clock`."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        *,
        limited: bool = True,
        origin: str = "",
        new_token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self.state = state
        self.clock = clock
        self.faults = Faults(state)
        self.rates = Rates(clock, limited=limited)
        self.changes = Changes()
        self.origin = origin  # of this server, for links; taken from the first request if empty
        self._new_token = new_token
        self._triggers: dict[str, tuple[str, float, bool]] = {}  # id -> (user, at, used); too short-lived to save
        seed(state)

    @property
    def slack(self) -> dict[str, Any]:
        return self.state.slack

    def reset(self) -> None:
        """Clear triggers and rates, and seed the workspace again."""
        self._triggers.clear()
        self.rates.forget()
        seed(self.state)

    def changed(self) -> None:
        self.state.changed("slack")

    def new_id(self, prefix: str) -> str:
        return prefix + self._new_token(5).upper()

    def new_ts(self) -> str:
        """Return a unique and increasing ts, whatever the clock does."""
        micros = max(int(self.clock() * 1_000_000), self.slack["last_us"] + 1)
        self.slack["last_us"] = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def name_of(self, user: str) -> str:
        if user == BOT_USER:
            return "Countersign"
        if user == SLACKBOT:
            return "Slackbot"
        person = self.slack["people"].get(user)
        return person["name"] if person else user

    def person(self, user: Any) -> dict[str, Any]:
        """Return a person. Raises `user_not_found`."""
        person: dict[str, Any] | None = self.slack["people"].get(user)
        if person is None:
            raise ApiError("user_not_found")
        return person

    def channel(self, channel_id: Any) -> dict[str, Any]:
        """Return a channel. Raises `channel_not_found`, also for a private channel without the bot, as Slack does."""
        channel: dict[str, Any] | None = self.slack["channels"].get(channel_id)
        if channel is None or (channel["private"] and BOT_USER not in channel["members"]):
            raise ApiError("channel_not_found")
        return channel

    def is_archived(self, channel: dict[str, Any]) -> bool:
        name = channel["name"]
        faulty = self.faults.active("slack") == "archived_channel"
        return bool(channel["archived"]) or (faulty and name.startswith("finance-") and name != FALLBACK_CHANNEL)

    def dm_with(self, user: str) -> dict[str, Any]:
        """Return the bot's direct messages with a person, opened if needed. Raises `user_not_found`."""
        person = self.person(user)
        channel_id = "D" + user[1:]
        channels = self.slack["channels"]
        if channel_id not in channels:
            channels[channel_id] = {
                "id": channel_id,
                "name": f"dm-{person['handle']}",
                "topic": "",
                "private": True,
                "archived": False,
                "dm": True,
                "members": [user, BOT_USER],
            }
        channel: dict[str, Any] = channels[channel_id]
        return channel

    def messages(self, channel_id: str) -> dict[str, dict[str, Any]]:
        """Return a channel's messages by ts and, since a ts only grows, in order of time."""
        messages: dict[str, dict[str, Any]] = self.slack["messages"].setdefault(channel_id, {})
        return messages

    def whisper(self, user: str, channel_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Store an ephemeral message for one person; `body` holds text, blocks and the like."""
        message = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, **body, "ts": self.new_ts()}
        message["channel"] = channel_id
        whispered = self.slack["ephemerals"].setdefault(user, {})
        whispered[message["ts"]] = message
        if len(whispered) > WHISPERS_KEPT:
            del whispered[next(iter(whispered))]
        self.changed()
        return message

    def warn(self, user: str, channel_id: str, text: str) -> None:
        """Show a person what Slack itself says when an app fails."""
        self.whisper(user, channel_id, {"user": SLACKBOT, "bot_id": None, "text": text, "error": True})

    def new_trigger(self, user: str) -> str:
        now = self.clock()
        while self._triggers and now - next(iter(self._triggers.values()))[1] > TRIGGER_KEPT_S:
            del self._triggers[next(iter(self._triggers))]  # the oldest is first, so the loop can stop early
        trigger_id = f"{int(now * 1000)}.{len(self._triggers)}.{self._new_token(16)}"
        self._triggers[trigger_id] = (user, now, False)
        return trigger_id

    def use_trigger(self, trigger_id: Any) -> str:
        """Return the person who clicked. Raises `invalid_`, `exchanged_` or `expired_trigger_id`."""
        if trigger_id not in self._triggers:
            raise ApiError("invalid_trigger_id")
        user, at, used = self._triggers[trigger_id]
        if used:
            raise ApiError("exchanged_trigger_id")
        if self.clock() - at > TRIGGER_LIVES_S:
            raise ApiError("expired_trigger_id")
        self._triggers[trigger_id] = (user, at, True)
        return user

    def new_hook(self, kind: str, user: str, channel_id: str, ts: str | None) -> str:
        """Return a response URL for five posts within 30 minutes; `ts` is the message it may replace."""
        now = self.clock()
        hooks = self.slack["hooks"]
        while hooks and now - next(iter(hooks.values()))["at"] > HOOK_LIVES_S:
            del hooks[next(iter(hooks))]
        token = self._new_token(12)
        hooks[token] = {"user": user, "channel": channel_id, "ts": ts, "at": now, "uses": 0}
        return f"{self.origin}/hooks/{kind}/{self.slack['team']['id']}/{int(now * 1000)}/{token}"

    def use_hook(self, token: str) -> dict[str, Any]:
        """Count one post to a response URL and return its record. Raises `expired_url` or `used_url`."""
        hook: dict[str, Any] | None = self.slack["hooks"].get(token)
        if hook is None or self.clock() - hook["at"] > HOOK_LIVES_S:
            raise ApiError("expired_url")
        if hook["uses"] >= HOOK_USES:
            raise ApiError("used_url")
        hook["uses"] += 1
        return hook
