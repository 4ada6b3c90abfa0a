"""Start one of the sandbox's vendors behind a real socket, with a clock that stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sandbox import fidel, stripe
from sandbox.state import State

NOW = datetime(2026, 11, 20, 9, 15, 2, 114000, tzinfo=UTC)
FIDEL_KEY = "sk_test_made_up"
STRIPE_KEY = "rk_test_made_up"


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


class Reply(NamedTuple):
    status: int
    body: Any
    headers: Any
    text: str

    @property
    def item(self) -> Any:
        return self.body["items"][0]

    @property
    def error(self) -> Any:
        return self.body["error"]


class Vendor:
    """Send requests to one vendor with the headers that it wants."""

    def __init__(self, http: "TestClient[web.Request, web.Application]", state: State, clock: Clock, root: str) -> None:
        self.http = http
        self.state = state
        self.clock = clock
        self.root = root

    async def ask(self, method: str, path: str, **options: Any) -> Reply:
        options.setdefault("headers", self.headers())
        async with self.http.request(method, self.root + path, **options) as answer:
            body = await answer.json() if answer.content_type == "application/json" else None
            return Reply(answer.status, body, answer.headers, await answer.text())

    async def get(self, path: str, **query: str) -> Reply:
        return await self.ask("GET", path, params=query)

    def headers(self) -> dict[str, str]:
        if self.root.startswith("/fidel"):
            return {"Fidel-Key": FIDEL_KEY, "Content-Type": "application/json"}
        return {"Authorization": f"Bearer {STRIPE_KEY}"}

    async def refund(self, key: str | None = None, **form: str) -> Reply:
        headers = self.headers() | ({"Idempotency-Key": key} if key else {})
        return await self.ask("POST", "/v1/refunds", data=form, headers=headers)


@asynccontextmanager
async def running(root: str, **options: Any) -> AsyncIterator[Vendor]:
    state, clock = State(), Clock()
    fidel.seed(state, clock())
    stripe.seed(state, clock())
    app = web.Application()
    if root.startswith("/fidel"):
        app.add_routes(fidel.routes(state, FIDEL_KEY, now=clock, **options))
    else:
        app.add_routes(stripe.routes(state, STRIPE_KEY, now=clock, **options))
    async with TestClient(TestServer(app)) as http:
        yield Vendor(http, state, clock, root)
