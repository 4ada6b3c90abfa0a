"""Make a call of Slack's API: no blind repeats, every answer given its meaning, every outcome counted."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import aiohttp

from bot.http.slack import Line, Reply
from bot.slack.errors import MEANING, Locked, NotNow, NotSure, SlackError

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


class Calling:
    """Call Slack's methods; `clock` gives aware UTC. The first call opens the session and `close` closes it."""

    def __init__(self, *, token: str, api_url: str, clock: Callable[[], datetime]) -> None:
        self._line = Line(token, api_url)
        self._clock = clock
        self._locks: dict[str, tuple[str, str]] = {}  # method -> Slack's code and our sentence
        self.calls: dict[tuple[str, str], int] = {}  # (method, outcome) -> count, for /metrics

    @property
    def locked(self) -> str | None:
        """Return why something does not go out until somebody mends it, for /readyz."""
        return next((sentence for _, sentence in self._locks.values()), None)

    def __repr__(self) -> str:
        return f"Slack({self._line!r})"

    async def close(self) -> None:
        await self._line.close()

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
