"""Start the real bot beside the real sandbox, both as servers on loopback, and act on them from outside."""

import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot.app import Application, build
from bot.cli.demo import SECRETS as DEMO
from bot.cli.demo import addresses
from bot.config import Settings, read_policy_file
from bot.core.model import AuditEntry, Case, CaseFile
from bot.core.policy import Policy
from bot.core.policy.file import read_policy
from sandbox.app import STATE, WORKSPACE, Config, make_app
from sandbox.traffic import SLOW_S
from tests.support.outside import ADA, ANA, BEN, LEA, PATIENCE_S, SAM, Outside, buttons
from tests.support.places import SHIPPED_POLICY

__all__ = ["ADA", "ANA", "BEN", "LEA", "SAM"]

SECRETS = {
    "slack_bot_token": "xoxb-sandbox",
    "slack_signing_secret": "sandbox-signing-secret",
    "dialnexa_webhook_secret": "sandbox-dialnexa-secret",
    "fidel_api_key": "sk_test_sandbox",
}
POLICY = SHIPPED_POLICY

HURRIES = (  # seconds; what has to be done while a trigger or a click lives
    "bot.slack.client.FORM_WAIT_S",
    "bot.slack.people.MEMBERSHIP_WAIT_S",
    "sandbox.slack.workspace.TRIGGER_LIVES_S",
)


def sign(body: bytes, secret: str = SECRETS["dialnexa_webhook_secret"]) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def changed_policy(*changes: tuple[str, str]) -> Policy:
    """Return the shipped policy with some of its text replaced."""
    text = POLICY.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_policy(text)


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port of loopback that nobody else is given; it refuses connections until a server opens it."""
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind(("127.0.0.1", 0))
        yield int(reservation.getsockname()[1])


def free_port() -> int:
    """Return a port that was free a moment ago, for processes that outlive a `with`; tests use `reserved_port`."""
    with reserved_port() as port:
        return port


@dataclass
class Clock:
    """Hold the bot's time: the real one, and what a test lets pass at once."""

    ahead: timedelta = timedelta(0)
    stands_at: datetime | None = None

    def __call__(self) -> datetime:
        return (self.stands_at or datetime.now(UTC)) + self.ahead

    def stand_still(self) -> None:
        """Let time pass only where the test says so, however long things take."""
        self.stands_at = datetime.now(UTC)

    def let_pass(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


class Opened(NamedTuple):
    case: Case
    card: dict[str, Any]


@dataclass
class World(Outside):
    app: Application
    clock: Clock = field(default_factory=Clock)

    @property
    def bot(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    async def deliver(self, content: Any, *, event: str = "", headers: dict[str, str] | None = None) -> int:
        """Send a webhook of the test's own making, signed unless `headers` say otherwise; return the status."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        signed = {"x-dialnexa-signature": sign(body)} if headers is None else headers
        path = "/webhooks/dialnexa" + (f"/{event}" if event else "")
        async with self.http.post(self.bot + path, data=BytesIO(body), headers=signed) as answer:
            return answer.status

    async def opened(self, name: str, channel: str, *, says: str = "", fresh: bool = False) -> Opened:
        """Send a sample call; return its case and the card of it once that is posted and says this."""
        call_id = await self.call(name, fresh=fresh)
        card = await self.card(channel, says=says)
        return Opened(await self.case_of(call_id), card)

    async def thread_line(self, channel: str, ts: str, words: str) -> str:
        """Return the line of the thread that holds these words, once it is there; each look lets a second pass."""

        async def look() -> str | None:
            self.clock.let_pass(1)
            return next((text for text in await self.thread(channel, ts) if words in text), None)

        return await self.until(look, f"{words!r} in the thread")

    async def figures(self) -> dict[str, float]:
        """Return /metrics as a dictionary: `name{label="value"}` to its figure."""
        async with self.http.get(self.bot + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    async def case_of(self, call_id: str) -> Case:
        async def look() -> Case | None:
            found = await self.app.db.read(lambda store: store.find_cases(text=call_id))
            return found[0] if found else None

        return await self.until(look, f"a case of {call_id}")

    async def file(self, case_id: str) -> CaseFile:
        found = await self.app.db.read(lambda store: store.case_file(case_id))
        assert found is not None
        return found

    async def history(self, case_id: str) -> list[AuditEntry]:
        return await self.app.db.read(lambda store: store.history(case_id))

    async def state(self, case_id: str, state: str) -> CaseFile:
        """Return the case, once it is in this state."""
        return await self.file_once(case_id, lambda file: file.case.state == state, f"case {case_id} in state {state}")

    async def file_once(self, case_id: str, fits: Callable[[CaseFile], object], what: str = "") -> CaseFile:
        """Return the case, once it fits."""

        async def look() -> CaseFile | None:
            file = await self.file(case_id)
            return file if fits(file) else None

        return await self.until(look, what or f"case {case_id} as the test wants it")

    async def drawn(self, case_id: str, action_id: str, says: str = "") -> tuple[str, dict[str, Any]]:
        """Return the channel and the current card of the case, once it shows the button and says this."""

        async def look() -> tuple[str, dict[str, Any]] | None:
            case = (await self.file(case_id)).case
            cards = await self.cards(channel := f"finance-{case.channel}")
            current = f"{case_id}:r{case.revision}:"
            found = [card for card in cards if buttons(card).get(action_id, ("",))[0].startswith(current)]
            return (channel, found[0]) if found and says in json.dumps(found[0]["blocks"]) else None

        return await self.until(look, f"the button {action_id} and {says!r}")

    async def press_on(self, case_id: str, user: str, action_id: str) -> None:
        """Press a button on the current card of the case, once the card shows it."""
        channel, card = await self.drawn(case_id, action_id)
        await self.press(user, channel, card, action_id)


OpenWorld = Callable[..., AbstractAsyncContextManager[World]]


@asynccontextmanager
async def a_world(
    database_url: str,
    *,
    policy: Policy | None = None,
    stripe: bool = True,
    limited: bool = False,
    every_system: bool = False,
    slow_s: float = SLOW_S,
    ack_s: float = PATIENCE_S,
    hurried: bool = False,
    **settings: Any,
) -> AsyncIterator[World]:
    """Start both servers; the bot's database is the caller's.

    `every_system` connects all that there are. Nobody loses patience with a bot on a busy machine, except where
    `ack_s` is less; `hurried` keeps the three seconds of a trigger and the shorter waits of the bot for Slack.
    """
    with reserved_port() as port, pytest.MonkeyPatch.context() as patch:
        for limit in () if hurried else HURRIES:
            patch.setattr(limit, PATIENCE_S)
        outside = make_app(Config(bot_url=f"http://127.0.0.1:{port}", limited=limited, slow_s=slow_s, ack_s=ack_s))
        async with TestServer(outside) as server, aiohttp.ClientSession() as http:
            page = str(server.make_url("")).rstrip("/")
            if every_system:
                key_file = outside[STATE].google["account"]["key_file"]
                settings = {**addresses(page), **DEMO, "google_service_account": key_file, **settings}
            clock, bot = Clock(), _settings(database_url, page, port, stripe, **settings)
            app = await build(bot, policy or read_policy_file(POLICY), clock=clock)
            await app.start()
            try:
                yield World(page, http, outside[WORKSPACE].slack, app, clock)
            finally:
                await app.stop()


@pytest.fixture
def open_world(tmp_path: Path) -> OpenWorld:
    """Return what starts a world on an SQLite file of its own, with other settings or several times."""
    return partial(a_world, f"sqlite:///{tmp_path / 'bot.db'}")


@pytest_asyncio.fixture
async def sqlite_world(open_world: OpenWorld) -> AsyncIterator[World]:
    """Yield the bot on SQLite alone, where the engine does not matter."""
    async with open_world() as world:
        yield world


def _settings(database_url: str, page: str, port: int, stripe: bool, **more: Any) -> Settings:
    given: dict[str, Any] = {
        "database_url": database_url,
        "port": port,
        "slack_api_url": f"{page}/slack/api/",
        "slack_channel_pace": 0,
        "facts_deadline_s": 30,  # no look-up is too slow, however busy the machine is
        "fidel_api_url": f"{page}/fidel/v1",
        "stripe_api_url": f"{page}/stripe",
        **SECRETS,
        **({"stripe_api_key": "rk_test_sandbox"} if stripe else {}),
    } | more
    return Settings(_env_file=None, **given)
