"""Send signed requests to the bot as Slack does, and wait for the answer as long as Slack does."""

import json
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from sandbox.slack.workspace import Clock

ACK_S: Final = 3.0  # how long Slack waits for an app
REACHABLE_S: Final = 1.0


class Answer(NamedTuple):
    """Hold the bot's answer; without one `status` is None and `error` says why."""

    status: int | None
    body: str = ""
    error: str | None = None

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object, empty if it is not one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Delivery:
    """Send requests to the bot over one HTTP client, which `start` opens and `stop` closes."""

    def __init__(self, bot_url: str, signing_secret: str, clock: Clock, *, ack_s: float = ACK_S) -> None:
        self.bot_url = bot_url.rstrip("/")
        self._verifier = SignatureVerifier(signing_secret)
        self._clock = clock
        self._ack_s = ack_s
        self._session: aiohttp.ClientSession | None = None

    def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def form(self, fields: dict[str, str]) -> Answer:
        return await self._signed(urlencode(fields).encode(), "application/x-www-form-urlencoded")

    async def payload(self, payload: dict[str, Any]) -> Answer:
        """Send an interaction: JSON inside one form field."""
        return await self.form({"payload": json.dumps(payload)})

    async def event(self, event: dict[str, Any]) -> Answer:
        return await self._signed(json.dumps(event).encode(), "application/json")

    async def _signed(self, body: bytes, content_type: str) -> Answer:
        timestamp = str(int(self._clock()))
        signature = self._verifier.generate_signature(timestamp=timestamp, body=body)
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature or "",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        return await self.post("/slack/events", body, headers)

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Post a body to the bot; its failures are returned as an answer, not raised."""
        if self._session is None:
            raise RuntimeError("the delivery has not been started")
        patience = aiohttp.ClientTimeout(total=self._ack_s)
        try:
            async with self._session.post(self.bot_url + path, data=body, headers=headers, timeout=patience) as answer:
                return Answer(answer.status, (await answer.read()).decode("utf-8", "replace"))
        except TimeoutError:
            return Answer(None, error="timeout")
        except aiohttp.ClientError:
            return Answer(None, error="unreachable")

    async def reachable(self) -> bool:
        if self._session is None:
            return False
        patience = aiohttp.ClientTimeout(total=REACHABLE_S)
        try:
            async with self._session.get(f"{self.bot_url}/healthz", timeout=patience) as answer:
                return answer.status == 200
        except (TimeoutError, aiohttp.ClientError):
            return False
