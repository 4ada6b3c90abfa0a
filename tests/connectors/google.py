"""The sandbox's Google behind a real socket, with every exchange kept and one fault at a time on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import httpx
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.connectors.gmail import GmailConnector
from bot.connectors.gmail.client import GmailSettings
from bot.connectors.google.client import ServiceAccount
from bot.connectors.google_drive import DriveConnector
from bot.connectors.google_drive.client import DriveSettings
from bot.connectors.google_sheets import SheetsConnector
from bot.connectors.google_sheets.client import SheetsSettings
from sandbox import google
from sandbox.google.seeds import ACCOUNT, DOCUMENTS, MAILBOX, SHARED_DRIVE, SPREADSHEET
from sandbox.google.tokens import new_key_file
from sandbox.state import State
from tests.connectors.support import Exchange, split

PREFIX = "/google"
ABORTED = frozenset({"lost_reply", "drop", "hang", "late"})

key_file = cache(lambda: new_key_file(ACCOUNT))  # a key takes long to make


@dataclass
class GoogleWorld:
    """`fail(path, fault, method)` breaks the next write, or request of that `method`, with that end of path, once.

    Faults: lost_reply (the effect, then no answer) · garbage (the effect, then an answer that is no JSON) · drop, hang
    (neither effect nor answer) · late (no answer, and the effect just before the next request to the same path) ·
    429, 500, ... (that status with `error`, without effect) · pass (none: the next fault is for a later one).
    """

    state: State
    url: str = ""
    ahead: timedelta = timedelta(0)  # of Google's clock
    exchanges: list[Exchange] = field(default_factory=list)  # without those of the token endpoint
    tokens_asked: int = 0
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    error: dict[str, Any] = field(default_factory=dict)
    late: dict[str, Callable[[], Awaitable[Any]]] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, path: str, fault: str, method: str = "") -> None:
        self.faults.append((method, path, fault))

    @property
    def store(self) -> dict[str, Any]:
        return self.state.google

    @property
    def mails(self) -> list[dict[str, Any]]:
        """What was sent from our mailbox."""
        return [one for one in self.store["mailboxes"][MAILBOX]["messages"].values() if "SENT" in one["labelIds"]]

    @property
    def drafts(self) -> dict[str, str]:
        drafts: dict[str, str] = self.store["mailboxes"][MAILBOX]["drafts"]
        return drafts

    def rows(self, tab: int = 0) -> list[list[Any]]:
        """Without the heading."""
        rows: list[list[Any]] = self.store["spreadsheets"][SPREADSHEET]["tabs"][tab]["rows"]
        return rows[1:]

    def stored(self) -> list[dict[str, Any]]:
        """Documents that we stored."""
        return [one for one in self.store["files"].values() if "countersign" in one["appProperties"]]

    @property
    def writes(self) -> list[Exchange]:
        reads = ("/developerMetadata:search", "/values:batchGetByDataFilter")
        return [one for one in self.exchanges if one.method != "GET" and not one.path.endswith(reads)]

    @property
    def account(self) -> ServiceAccount:
        return ServiceAccount.from_key_file(key_file())

    @property
    def base(self) -> str:
        return f"{self.url}{PREFIX}"

    def drive(self, **options: Any) -> DriveConnector:
        ours, wiring = split({"drive_folder": DOCUMENTS, "shared_drive": SHARED_DRIVE, **options})
        return DriveConnector(DriveSettings(service_account=key_file(), api_url=self.base, **ours), **wiring)

    def sheets(self, spreadsheet: str = SPREADSHEET, **options: Any) -> SheetsConnector:
        settings = SheetsSettings(service_account=key_file(), api_url=self.base, spreadsheet=spreadsheet)
        return SheetsConnector(settings, **options)

    def gmail(self, mailbox: str = MAILBOX, **wiring: Any) -> GmailConnector:
        settings = GmailSettings(service_account=key_file(), api_url=self.base, mailbox=mailbox)
        return GmailConnector(settings, **wiring)

    async def send_by_hand(self, draft: str) -> None:
        """As a person does in Gmail."""
        tokens = self.store["tokens"].items()
        token = next(name for name, one in tokens if any("gmail.compose" in scope for scope in one["scopes"]))
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
            sent = await client.post(f"{self.base}/gmail/v1/users/me/drafts/send", json={"id": draft})
            assert sent.status_code == 200

    async def pass_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        fault, body = self._fault(request), await request.read()
        answer = await self._answer(request, handler, fault)
        if request.path == f"{PREFIX}/token":
            self.tokens_asked += 1
        elif request.path.startswith(PREFIX):
            self.exchanges.append(_exchange(request, body, answer))
        if answer is None or fault in ABORTED:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(text="<html>gateway</html>", content_type="text/html") if fault == "garbage" else answer

    def _fault(self, request: web.Request) -> str:
        for one in self.faults:
            method, path, fault = one
            fits = method == request.method if method else request.method != "GET"
            if fits and request.path.endswith(path):
                self.faults.remove(one)
                return fault
        return ""

    async def _answer(self, request: web.Request, handler: Any, fault: str) -> web.StreamResponse | None:
        if fault == "hang":
            await self.over.wait()
        if fault == "late":
            self.late[request.path] = partial(handler, request)
        elif arriving := self.late.pop(request.path, None):
            await arriving()
        if fault in {"hang", "drop", "late"}:
            return None
        if fault.isdigit():
            error = {"code": int(fault), "message": "No way, says ap@northwind.example", **self.error}
            return web.json_response({"error": error}, status=int(fault))
        answered: web.StreamResponse = await handler(request)
        return answered


def _exchange(request: web.Request, body: bytes, answer: web.StreamResponse | None) -> Exchange:
    text = bytes(answer.body) if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
    path = request.raw_path.partition("?")[0].removeprefix(PREFIX).removeprefix("/sheets")
    status = None if answer is None else answer.status
    kind = request.content_type
    return Exchange(request.method, path, request.query, request.headers, body, kind, status, text)


@asynccontextmanager
async def google_world() -> AsyncIterator[GoogleWorld]:
    world = GoogleWorld(State())
    google.seed(world.state, key_file=key_file())

    @web.middleware
    async def passing(request: web.Request, handler: Any) -> web.StreamResponse:
        return await world.pass_on(request, handler)

    app = web.Application(middlewares=[passing], client_max_size=30_000_000)
    app.add_routes(google.routes(world.state, now=lambda: datetime.now(UTC) + world.ahead))
    async with TestServer(app) as server:
        world.url = str(server.make_url("")).rstrip("/")
        yield world
        world.over.set()
