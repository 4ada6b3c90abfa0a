"""Put the sandbox's vendors behind a real socket, with every exchange kept and one fault at a time on demand."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Self

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import JsonValue

from bot.connectors.base import Connector
from bot.connectors.fidel import FidelConnector
from bot.connectors.fidel.client import FidelSettings
from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.client import StripeSettings
from bot.core.model import Action, Details, Fields, Money
from bot.http.errors import ConnectorError, CredentialsRefused, Refused
from sandbox import fidel, stripe
from sandbox.state import State

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
FIDEL_KEY = "sk_test_made_up"
STRIPE_KEY = "rk_test_made_up"
KEY = "call-7f3a/step/1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
REFERENCE: Mapping[str, JsonValue] = MappingProxyType({"call": "call-7f3a", "case": "case-12"})


@dataclass(frozen=True)
class Exchange:
    """Hold one request as its bytes arrived, and the answer, if one was sent."""

    method: str
    path: str  # without the vendor's prefix
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    content_type: str
    status: int | None = None
    answer: bytes = b""


@dataclass
class Recorder:
    """Stand before a sandbox's vendors: keep every exchange, and break one on demand.

    Faults: lost_reply (the effect, then no answer) · garbage (the effect, then an answer that is no JSON) · drop,
    hang (neither effect nor answer) · 429, 500, ... (that status, without effect).
    """

    state: State
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    error: dict[str, Any] = field(default_factory=dict)  # what a status fault says
    body: dict[str, Any] | None = None  # or its whole body
    prefixes: tuple[str, ...] = ()  # of the vendors' paths here
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def serve(self, routes: Iterable[web.RouteDef]) -> AsyncIterator[Self]:
        @web.middleware
        async def passing(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self.pass_on(request, handler)

        app = web.Application(middlewares=[passing], client_max_size=30_000_000)
        app.add_routes(routes)
        async with TestServer(app) as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self
            self.over.set()

    async def pass_on(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault, body = self.fault_of(request), await request.read()
        answer = await self.answer(request, handler, fault)
        if self.keeps(request):
            self.exchanges.append(self._exchange(request, body, answer))
        if answer is None or fault == "lost_reply":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(text="<html>gateway</html>", content_type="text/html") if fault == "garbage" else answer

    def fault_of(self, request: web.Request) -> str:
        """Return the fault of this request, "" for none, and forget it."""
        return ""

    def keeps(self, request: web.Request) -> bool:
        return True

    def refused(self, status: int) -> web.Response:
        return web.json_response(self.body or {"error": self.error}, status=status)

    async def answer(self, request: web.Request, handler: Handler, fault: str) -> web.StreamResponse | None:
        if fault == "hang":
            await self.over.wait()
        if fault in {"hang", "drop"}:
            return None
        return self.refused(int(fault)) if fault.isdigit() else await handler(request)

    def _exchange(self, request: web.Request, body: bytes, answer: web.StreamResponse | None) -> Exchange:
        path = request.raw_path.partition("?")[0]
        for prefix in self.prefixes:
            path = path.removeprefix(prefix)
        text = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        status, kind = None if answer is None else answer.status, request.content_type
        return Exchange(request.method, path, request.query, request.headers, body, kind, status, text)


@dataclass
class World(Recorder):
    """Hold Fidel API and Stripe; `fail(method, fault)` breaks the next request of that method, once."""

    faults: dict[str, str] = field(default_factory=dict)
    retry_after: str | None = None
    prefixes: tuple[str, ...] = ("/fidel/v1", "/stripe")

    def fail(self, method: str, fault: str) -> None:
        self.faults[method] = fault

    def sent(self, method: str) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.method == method]

    @property
    def writes(self) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.method != "GET"]

    def fault_of(self, request: web.Request) -> str:
        return self.faults.pop(request.method, "")

    def refused(self, status: int) -> web.Response:
        response = super().refused(status)
        response.headers.update({"Retry-After": self.retry_after} if self.retry_after else {})
        return response

    def fidel(self, key: str = FIDEL_KEY, *, reimbursement: bool = False, **wiring: Any) -> FidelConnector:
        url = f"{self.url}/fidel/v1"
        return FidelConnector(FidelSettings(api_key=key, api_url=url, reimbursement=reimbursement), **wiring)

    def stripe(self, key: str = STRIPE_KEY, **wiring: Any) -> StripeConnector:
        return StripeConnector(StripeSettings(api_key=key, api_url=f"{self.url}/stripe"), **wiring)


@asynccontextmanager
async def vendors() -> AsyncIterator[World]:
    world = World(State())
    fidel.seed(world.state, NOW)
    stripe.seed(world.state, NOW)
    routes = fidel.routes(world.state, FIDEL_KEY, now=lambda: NOW)
    async with world.serve([*routes, *stripe.routes(world.state, STRIPE_KEY, now=lambda: NOW)]):
        yield world


async def refusal(connector: Connector, todo: Action, kind: type[ConnectorError] = Refused) -> str:
    """Return the sentence of the error that performing ends with, which quotes no address but ours."""
    with pytest.raises(kind) as raised:
        await connector.perform(todo, KEY)
    assert isinstance(raised.value, CredentialsRefused) is (kind is CredentialsRefused)
    assert re.search(r"(?<!countersign)@\w", raised.value.sentence) is None
    return raised.value.sentence


def split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options that are settings, and those that say how a connector sends."""
    names = {"transport", "total_s"} & options.keys()
    return options, {name: options.pop(name) for name in names}


def action(connector: str, operation: str, **params: JsonValue) -> Action:
    return Action(name="step", connector=connector, operation=operation, params=params, sentence="Do it")


def details(money: str | None = None, **fields: Any) -> Details:
    """Return what a call states; `money` as "12950 USD", in minor units."""
    amount, _, currency = (money or "").partition(" ")
    stated = Money(amount_minor=int(amount), currency=currency) if money else None
    return Details(fields=Fields(**fields), money=stated)


def world_of(opened: Callable[[], AbstractAsyncContextManager[Any]]) -> Any:
    """Return the fixture `world` of a level or a vendor: what `opened` yields, closed after each test."""

    @pytest.fixture(name="world")
    async def world() -> AsyncIterator[Any]:
        async with opened() as running:
            yield running

    return world


def connector_of(name: str, make: Callable[[Any], Connector]) -> Any:
    """Return a fixture with a connector to the test's world; `make` takes the world."""

    @pytest.fixture(name=name)
    async def connector(world: Any) -> AsyncIterator[Connector]:
        made = make(world)
        yield made
        await made.close()

    return connector
