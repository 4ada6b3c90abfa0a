"""Put the sandbox's Google behind a real socket, with every exchange kept and one fault at a time on demand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import httpx
from aiohttp import web

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
from tests.connectors.support import Exchange, Handler, Recorder, split

PREFIX = "/google"

key_file = cache(lambda: new_key_file(ACCOUNT))  # a key takes long to make


@dataclass
class GoogleWorld(Recorder):
    """Hold Google; `fail(path, fault, method)` breaks the next write, or `method`, with that end of path, once.

    Further faults: late (no answer, and the effect just before the next request to the same path) · pass (none: the
    next fault is for a later one). A status fault says `error`. `exchanges` are without those of the token endpoint.
    """

    ahead: timedelta = timedelta(0)  # of Google's clock
    tokens_asked: int = 0
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    late: dict[str, Callable[[], Awaitable[Any]]] = field(default_factory=dict)
    prefixes: tuple[str, ...] = (PREFIX, "/sheets")

    def fail(self, path: str, fault: str, method: str = "") -> None:
        self.faults.append((method, path, fault))

    @property
    def store(self) -> dict[str, Any]:
        return self.state.google

    @property
    def mails(self) -> list[dict[str, Any]]:
        """Return what was sent from our mailbox."""
        return [one for one in self.store["mailboxes"][MAILBOX]["messages"].values() if "SENT" in one["labelIds"]]

    @property
    def drafts(self) -> dict[str, str]:
        drafts: dict[str, str] = self.store["mailboxes"][MAILBOX]["drafts"]
        return drafts

    def rows(self, tab: int = 0) -> list[list[Any]]:
        """Return the rows without the heading."""
        rows: list[list[Any]] = self.store["spreadsheets"][SPREADSHEET]["tabs"][tab]["rows"]
        return rows[1:]

    def stored(self) -> list[dict[str, Any]]:
        """Return the documents that we stored."""
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
        """Send a draft as a person does in Gmail."""
        tokens = self.store["tokens"].items()
        token = next(name for name, one in tokens if any("gmail.compose" in scope for scope in one["scopes"]))
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
            sent = await client.post(f"{self.base}/gmail/v1/users/me/drafts/send", json={"id": draft})
            assert sent.status_code == 200

    def keeps(self, request: web.Request) -> bool:
        self.tokens_asked += request.path == f"{PREFIX}/token"
        return request.path.startswith(PREFIX) and request.path != f"{PREFIX}/token"

    def fault_of(self, request: web.Request) -> str:
        for planned in self.faults:
            method, path, fault = planned
            fits = method == request.method if method else request.method != "GET"
            if fits and request.path.endswith(path):
                self.faults.remove(planned)
                return fault
        return ""

    def refused(self, status: int) -> web.Response:
        error = {"code": status, "message": "No way, says ap@northwind.example", **self.error}
        return web.json_response({"error": error}, status=status)

    async def answer(self, request: web.Request, handler: Handler, fault: str) -> web.StreamResponse | None:
        if fault == "late":
            self.late[request.path] = partial(handler, request)
            return None
        if arriving := self.late.pop(request.path, None):
            await arriving()
        return await super().answer(request, handler, fault)


@asynccontextmanager
async def google_world() -> AsyncIterator[GoogleWorld]:
    world = GoogleWorld(State())
    google.seed(world.state, key_file=key_file())

    async with world.serve(google.routes(world.state, now=lambda: datetime.now(UTC) + world.ahead)):
        yield world
