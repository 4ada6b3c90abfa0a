"""Start the sandbox and a bot that records, both on real sockets."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.app import WORKSPACE, Config, make_app

ANA, BEN, SAM = "U0ANA00001", "U0BEN00001", "U0SAM00001"
REFUNDS, REVIEW = "C0REFUNDS1", "C0REVIEW01"
START = 1_795_392_000.0

Json = dict[str, Any]


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Bot:
    """Record what is sent to the bot, and answer what the test wants."""

    heard: list[tuple[web.Request, bytes]] = field(default_factory=list)
    status: int = 200
    answer: Json | None = None
    then: Callable[[Json], Awaitable[None]] | None = None
    url: str = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((request, await request.read()))
        if self.then is not None:
            await self.then(self.last)
        return web.json_response(self.answer, status=self.status) if self.answer else web.Response(status=self.status)

    @property
    def last(self) -> Json:
        """Return the last payload, event or form."""
        body = self.heard[-1][1]
        if body.startswith(b"{"):
            return dict(json.loads(body))
        form = {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        return dict(json.loads(form["payload"])) if "payload" in form else dict(form)


class Sandbox:
    """Hold the server under test with a Slack client, the page's requests, the bot it talks to and its clock."""

    def __init__(self, app: web.Application, url: str, session: aiohttp.ClientSession, bot: Bot, clock: Clock) -> None:
        self.url = url
        self.ws = app[WORKSPACE]
        self.session = session
        self.bot = bot
        self.clock = clock
        self.slack = self.client("xoxb-sandbox")

    def client(self, token: str) -> AsyncWebClient:
        return AsyncWebClient(token, base_url=f"{self.url}/slack/api/", session=self.session, retry_handlers=[])

    async def sim(self, path: str, **body: Any) -> Json:
        async with self.session.post(f"{self.url}/sim/{path}", json=body) as answer:
            return dict(await answer.json())

    async def look(self, path: str, **query: str) -> Json:
        async with self.session.get(f"{self.url}/sim/{path}", params=query) as answer:
            return dict(await answer.json())

    async def seen_by(self, user: str, channel: str = REFUNDS) -> list[Json]:
        return list((await self.look("messages", channel=channel, user=user))["messages"])

    async def fault(self, name: str) -> None:
        await self.sim("faults", system="slack", fault=name)

    async def card(self, channel: str = REFUNDS, **more: Any) -> str:
        posted = await self.slack.chat_postMessage(channel=channel, text="A card", blocks=card_blocks(), **more)
        return str(posted["ts"])

    async def press(self, ts: str, user: str = ANA) -> Json:
        action = {"type": "button", "action_id": "case.approve"}
        return await self.sim("click", user=user, channel=REFUNDS, ts=ts, block_id="act", action=action)

    async def opened(self, view: Json | None = None) -> Json:
        """Return a form that Ana has open after a click."""
        await self.press(await self.card())
        answer = await self.slack.views_open(trigger_id=self.bot.last["trigger_id"], view=view or form())
        return dict(answer["view"])


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Sandbox]:
    """Yield a sandbox and its bot; `settings` go into the Config. Slow is at once; the bot may take its time."""
    bot, clock = Bot(), Clock()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", bot.hear)
    async with TestServer(app) as listening, aiohttp.ClientSession() as session:
        bot.url = str(listening.make_url("/"))
        usual = {"bot_url": bot.url, "clock": clock, "slow_s": 0.0, "ack_s": 60.0}
        world = make_app(Config(**{**usual, **settings}))
        async with TestServer(world) as server:
            yield Sandbox(world, str(server.make_url("/")).rstrip("/"), session, bot, clock)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def card_blocks() -> list[Json]:
    button = {"type": "button", "action_id": "case.approve", "text": plain("Approve"), "value": "c1:1"}
    return [
        {"type": "section", "block_id": "what", "text": {"type": "mrkdwn", "text": "*Refund* 129.50 USD"}},
        {"type": "actions", "block_id": "act", "elements": [button]},
    ]


def form(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "text"}
    block = {"type": "input", "block_id": "why", "label": plain("Reason"), "element": element}
    return {"type": "modal", "title": plain("Reject"), "submit": plain("Reject"), "blocks": [block], **more}


WHY = {"why": {"text": {"type": "plain_text_input", "value": "No invoice"}}}


async def refused(call: Awaitable[Any]) -> Json:
    """Return the body of Slack's refusal."""
    with pytest.raises(SlackApiError) as caught:
        await call
    data = caught.value.response.data
    return dict(data) if isinstance(data, dict) else {}
