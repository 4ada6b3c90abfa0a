"""The sandbox's vendors behind a real socket, with every exchange kept and one fault at a time on demand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import JsonValue

from bot.connectors.fidel import FidelConnector
from bot.connectors.fidel.client import FidelSettings
from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.client import StripeSettings
from bot.core.model import Action, Details, Fields, Money
from sandbox import fidel, stripe
from sandbox.state import State

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
FIDEL_KEY = "sk_test_made_up"
STRIPE_KEY = "rk_test_made_up"
KEY = "call-7f3a/step/1"
REFERENCE: Mapping[str, JsonValue] = MappingProxyType({"call": "call-7f3a", "case": "case-12"})


@dataclass(frozen=True)
class Exchange:
    """One request as its bytes arrived, and the answer, if one was sent."""

    method: str
    path: str  # without the vendor's prefix
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_type: str
    status: int | None = None
    answer: bytes = b""


@dataclass
class World:
    """`fail(method, fault)` breaks the next request of that method, once.

    Faults: lost_reply (the effect, then no answer) · garbage (the effect, then an answer that is no JSON) · drop,
    hang (neither effect nor answer) · 429, 500, ... (that status, without effect).
    """

    state: State
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    retry_after: str | None = None
    error: dict[str, Any] = field(default_factory=dict)  # what a status fault says
    body: dict[str, Any] | None = None  # or its whole body
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, method: str, fault: str) -> None:
        self.faults[method] = fault

    def sent(self, method: str) -> list[Exchange]:
        return [one for one in self.exchanges if one.method == method]

    @property
    def writes(self) -> list[Exchange]:
        return [one for one in self.exchanges if one.method != "GET"]

    def fidel(self, key: str = FIDEL_KEY, *, reimbursement: bool = False, **wiring: Any) -> FidelConnector:
        url = f"{self.url}/fidel/v1"
        return FidelConnector(FidelSettings(api_key=key, api_url=url, reimbursement=reimbursement), **wiring)

    def stripe(self, key: str = STRIPE_KEY, **wiring: Any) -> StripeConnector:
        return StripeConnector(StripeSettings(api_key=key, api_url=f"{self.url}/stripe"), **wiring)

    async def pass_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        fault = self.faults.pop(request.method, "")
        body = await request.read()
        answer = await self._answer(request, handler, fault)
        path = request.path.removeprefix("/fidel/v1").removeprefix("/stripe")
        text = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        status = None if answer is None else answer.status
        self.exchanges.append(
            Exchange(request.method, path, request.query, request.headers, body, request.content_type, status, text)
        )
        if answer is None or fault == "lost_reply":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(text="<html>gateway</html>", content_type="text/html") if fault == "garbage" else answer

    async def _answer(self, request: web.Request, handler: Any, fault: str) -> web.StreamResponse | None:
        if fault == "hang":
            await self.over.wait()
        if fault in {"hang", "drop"}:
            return None
        if fault.isdigit():
            headers = {"Retry-After": self.retry_after} if self.retry_after else {}
            return web.json_response(self.body or {"error": self.error}, status=int(fault), headers=headers)
        answered: web.StreamResponse = await handler(request)
        return answered


@asynccontextmanager
async def vendors() -> AsyncIterator[World]:
    world = World(State())
    fidel.seed(world.state, NOW)
    stripe.seed(world.state, NOW)

    @web.middleware
    async def passing(request: web.Request, handler: Any) -> web.StreamResponse:
        return await world.pass_on(request, handler)

    app = web.Application(middlewares=[passing])
    app.add_routes(fidel.routes(world.state, FIDEL_KEY, now=lambda: NOW))
    app.add_routes(stripe.routes(world.state, STRIPE_KEY, now=lambda: NOW))
    async with TestServer(app) as server:
        world.url = str(server.make_url("")).rstrip("/")
        yield world
        world.over.set()


def split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options that are settings, and those that say how a connector sends."""
    names = {"transport", "total_s"} & options.keys()
    return options, {name: options.pop(name) for name in names}


def action(connector: str, operation: str, **params: JsonValue) -> Action:
    return Action(name="step", connector=connector, operation=operation, params=params, sentence="Do it")


def details(money: str | None = None, **fields: Any) -> Details:
    """`money` as "12950 USD", in minor units."""
    amount, _, currency = (money or "").partition(" ")
    stated = Money(amount_minor=int(amount), currency=currency) if money else None
    return Details(fields=Fields(**fields), money=stated)
