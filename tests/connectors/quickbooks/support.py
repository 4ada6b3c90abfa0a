"""Put the sandbox's QuickBooks behind a real socket, with a store for its refresh tokens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web
from pydantic import JsonValue

from bot.connectors.quickbooks import QuickBooksConnector
from bot.connectors.quickbooks.client import QuickBooksSettings
from bot.core.model import Action
from sandbox import quickbooks
from sandbox.quickbooks import ACCOUNT, CLIENT_ID, ITEM, PREFIX, REALM, REFRESH_TOKEN, TOKEN_PATH
from sandbox.state import State
from tests.connectors.support import NOW, REFERENCE, Exchange, Recorder, action, split

SECRET = "made-up-secret"
T = TypeVar("T")


@dataclass
class Tokens:
    """Store tokens of one process; `saved` is every refresh token that came back."""

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
class Company(Recorder):
    """Hold the books; `fail(method, *faults)` breaks the next requests of that method, one fault each; "" breaks none.

    `exchanges` are without those for tokens.
    """

    tokens: Tokens = field(default_factory=Tokens)
    faults: dict[str, list[str]] = field(default_factory=dict)
    prefixes: tuple[str, ...] = (PREFIX,)

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

    def keeps(self, request: web.Request) -> bool:
        return request.path != TOKEN_PATH

    def fault_of(self, request: web.Request) -> str:
        faults = self.faults.get(request.method) if self.keeps(request) else None
        return faults.pop(0) if faults else ""

    def refused(self, status: int) -> web.Response:
        return web.json_response(self.body or {}, status=status, headers={"intuit_tid": "1-made-up"})


@asynccontextmanager
async def company() -> AsyncIterator[Company]:
    running = Company(State())
    quickbooks.seed(running.state, NOW)

    async with running.serve(quickbooks.routes(running.state, SECRET, now=lambda: NOW)):
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


def effects(world: Company, todo: Action) -> list[Any]:
    """Return what its operation has left in the books."""
    kinds = {"send_invoice": "mails", "refund_receipt": "RefundReceipt", "credit_memo": "CreditMemo"}
    kept = world.books[kinds[todo.operation]]
    return list(kept.values()) if isinstance(kept, dict) else list(kept)
