"""The sandbox's QuickBooks behind a real socket, a store for its refresh tokens, and faults by method and path."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import JsonValue

from bot.connectors.quickbooks import QuickBooksConnector
from bot.connectors.quickbooks.client import QuickBooksSettings
from bot.core.model import Action
from bot.http.errors import ConnectorError, Refused
from sandbox import quickbooks
from sandbox.quickbooks import ACCOUNT, CLIENT_ID, ITEM, PREFIX, REALM, REFRESH_TOKEN, TOKEN_PATH
from sandbox.state import State
from tests.connectors.support import KEY, NOW, REFERENCE, Exchange, action, split

SECRET = "made-up-secret"
T = TypeVar("T")


@dataclass
class Tokens:
    """A TokenStore of one process; `saved` is every refresh token that came back."""

    saved: list[str] = field(default_factory=list)

    async def load(self, system: str) -> str | None:
        assert system == "quickbooks"
        return self.saved[-1] if self.saved else None

    async def save(self, system: str, refresh_token: str) -> None:
        assert system == "quickbooks"
        self.saved.append(refresh_token)

    async def exclusive(self, system: str, refresh: Callable[[str | None], Awaitable[T]]) -> T:
        return await refresh(await self.load(system))


@dataclass
class Company:
    """`fail(method, *faults)` breaks the next requests of that method to the books, one fault each; "" breaks none.

    Faults: lost_reply (the effect, then no answer) · drop (neither) · 429, 500, ... (that status with `body`).
    """

    state: State
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)  # without those for tokens
    tokens: Tokens = field(default_factory=Tokens)
    faults: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def books(self) -> dict[str, Any]:
        return self.state.quickbooks

    @property
    def writes(self) -> list[Exchange]:
        return [one for one in self.exchanges if one.method == "POST"]

    def fail(self, method: str, *faults: str) -> None:
        self.faults[method] = list(faults)

    def connector(self, **options: Any) -> QuickBooksConnector:
        tokens = options.pop("store", self.tokens)
        options, wiring = split(options)
        ours = {
            "realm_id": REALM,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "refresh_token": REFRESH_TOKEN,
            "api_url": f"{self.url}{PREFIX}",
            "token_url": f"{self.url}{TOKEN_PATH}",
            "refund_item_id": ITEM,
            "refund_account_id": ACCOUNT,
        }
        return QuickBooksConnector(QuickBooksSettings(**{**ours, **options}), tokens=tokens, **wiring)

    async def pass_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path == TOKEN_PATH:
            answered: web.StreamResponse = await handler(request)
            return answered
        faults = self.faults.get(request.method)
        fault = faults.pop(0) if faults else ""
        body = await request.read()
        answer = None if fault == "drop" else await self._answer(request, handler, fault)
        text = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        path, status = request.path.removeprefix(PREFIX), None if answer is None else answer.status
        self.exchanges.append(
            Exchange(request.method, path, request.query, request.headers, body, request.content_type, status, text)
        )
        if answer is None or fault == "lost_reply":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return answer

    async def _answer(self, request: web.Request, handler: Any, fault: str) -> web.StreamResponse:
        if fault.isdigit():
            return web.json_response(self.body, status=int(fault), headers={"intuit_tid": "1-made-up"})
        answered: web.StreamResponse = await handler(request)
        return answered


@asynccontextmanager
async def company() -> AsyncIterator[Company]:
    running = Company(State())
    quickbooks.seed(running.state, NOW)

    @web.middleware
    async def passing(request: web.Request, handler: Any) -> web.StreamResponse:
        return await running.pass_on(request, handler)

    app = web.Application(middlewares=[passing])
    app.add_routes(quickbooks.routes(running.state, SECRET, now=lambda: NOW))
    async with TestServer(app) as server:
        running.url = str(server.make_url("")).rstrip("/")
        yield running


def fault(code: str, detail: str, kind: str = "ValidationFault") -> dict[str, Any]:
    return {"Fault": {"Error": [{"Message": "No", "Detail": detail, "code": code, "element": ""}], "type": kind}}


def step(operation: str, **params: JsonValue) -> Action:
    return action("quickbooks", operation, **params)


def send(invoice_number: str = "INV-20431", **more: JsonValue) -> Action:
    return step("send_invoice", invoice_number=invoice_number, **more)


def refund(amount_minor: int = 12950, currency: str = "USD", **more: JsonValue) -> Action:
    return _pay_back("refund_receipt", amount_minor, currency, more)


def credit(amount_minor: int = 12950, currency: str = "USD", **more: JsonValue) -> Action:
    return _pay_back("credit_memo", amount_minor, currency, more)


def _pay_back(operation: str, amount_minor: int, currency: str, more: dict[str, JsonValue]) -> Action:
    whose: dict[str, JsonValue] = {} if more else {"invoice_number": "INV-20418"}
    params: dict[str, JsonValue] = {"amount_minor": amount_minor, "currency": currency, "reference": dict(REFERENCE)}
    return step(operation, **{**params, **whose, **more})


def move(**more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {"email": "ap@northwind.example", "address": {"line1": "90 Pier St"}}
    return step("update_address", **{**params, **more})


async def refusal(connector: QuickBooksConnector, todo: Action, kind: type[ConnectorError] = Refused) -> str:
    with pytest.raises(kind) as raised:
        await connector.perform(todo, KEY)
    assert "@" not in raised.value.sentence
    return raised.value.sentence


def effects(world: Company, todo: Action) -> list[Any]:
    """What its operation has left in the books."""
    kinds = {"send_invoice": "mails", "refund_receipt": "RefundReceipt", "credit_memo": "CreditMemo"}
    kept = world.books[kinds[todo.operation]]
    return list(kept.values()) if isinstance(kept, dict) else list(kept)
