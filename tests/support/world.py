"""Start the real bot beside the real sandbox, both as servers on loopback, and act on them from outside."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

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
from tests.support.places import SHIPPED_POLICY

T = TypeVar("T")

ANA, BEN, LEA, ADA, SAM = "U0ANA00001", "U0BEN00001", "U0LEA00001", "U0ADMIN001", "U0SAM00001"
SECRETS = {
    "slack_bot_token": "xoxb-sandbox",
    "slack_signing_secret": "sandbox-signing-secret",
    "dialnexa_webhook_secret": "sandbox-dialnexa-secret",
    "fidel_api_key": "sk_test_sandbox",
}
POLICY = SHIPPED_POLICY
PATIENCE_S = 60.0  # a limit on waiting for an event; long, since the machine may be busy with other work

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


@dataclass
class World:
    page: str  # base URL of the sandbox
    app: Application
    http: aiohttp.ClientSession

    @property
    def bot(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    # --- DialNexa ---------------------------------------------------------------------------------------------------

    async def call(self, name: str, *, fresh: bool = False) -> str:
        """Send a sample call and return its call id."""
        answer = await self._post("/sim/call", name=name, fresh=fresh)
        assert answer["ok"], answer
        return str(answer["call_id"])

    async def sent(self, call_id: str) -> dict[str, Any]:
        """Return the body of a sample call that was sent, to send it again with a change."""
        answer = await self._post("/sim/call", name=call_id.removeprefix("call_demo_").replace("_", "-"), fresh=False)
        body: dict[str, Any] = answer["sent"]
        return body

    async def deliver(self, content: Any, *, event: str = "", headers: dict[str, str] | None = None) -> int:
        """Send a webhook of the test's own making, signed unless `headers` say otherwise; return the status."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        signed = {"x-dialnexa-signature": sign(body)} if headers is None else headers
        path = "/webhooks/dialnexa" + (f"/{event}" if event else "")
        async with self.http.post(self.bot + path, data=BytesIO(body), headers=signed) as answer:
            return answer.status

    # --- Slack ------------------------------------------------------------------------------------------------------

    async def messages(self, channel: str, user: str = ANA) -> list[dict[str, Any]]:
        channel_id = await self._channel(channel)
        return list((await self._get("/sim/messages", channel=channel_id, user=user))["messages"])

    async def whispers(self, channel: str, user: str) -> list[str]:
        """Return what only this person sees in the channel."""
        return [message["text"] for message in await self.messages(channel, user) if message["ephemeral"]]

    async def cards(self, channel: str) -> list[dict[str, Any]]:
        return [message for message in await self.messages(channel) if message["bot"] and not message["ephemeral"]]

    async def card(self, channel: str, *, says: str = "") -> dict[str, Any]:
        """Return the newest card of the channel, once one shows these words in its notification text."""

        async def look() -> dict[str, Any] | None:
            fitting = [card for card in await self.cards(channel) if says.lower() in card["text"].lower()]
            return fitting[-1] if fitting else None

        return await self.until(look, f"a card in #{channel} that says {says!r}")

    async def thread(self, channel: str, ts: str) -> list[str]:
        channel_id = await self._channel(channel)
        found = await self._get("/sim/thread", channel=channel_id, ts=ts, user=ANA)
        return [message["text"] for message in found["messages"][1:]]

    async def thread_line(self, channel: str, ts: str, words: str) -> str:
        """Return the line of the thread that holds these words, once it is there; each look lets a second pass."""

        async def look() -> str | None:
            self.clock.let_pass(1)
            return next((text for text in await self.thread(channel, ts) if words in text), None)

        return await self.until(look, f"{words!r} in the thread")

    async def press(self, user: str, channel: str, card: dict[str, Any], action_id: str) -> dict[str, Any]:
        block_id, element = button(card, action_id)
        action = {"type": "button", "action_id": action_id, "value": element["value"]}
        place = {"channel": await self._channel(channel), "ts": card["ts"], "block_id": block_id}
        return await self._post("/sim/click", user=user, action=action, **place)

    async def form(self, user: str) -> dict[str, Any]:
        """Return the form that is open for this person."""

        async def look() -> dict[str, Any] | None:
            stack = self.sandbox_slack["stacks"].get(user) or []
            return self.sandbox_slack["views"][stack[-1]]["view"] if stack else None

        return await self.until(look, "an open form")

    async def choose(self, user: str, view: dict[str, Any], block_id: str, value: str) -> dict[str, Any]:
        """Choose in a select that sends each choice at once; return the form as it is redrawn."""
        state = filled(view, {block_id: value})
        ((action_id, chosen),) = state[block_id].items()
        place = {"view_id": view["id"], "block_id": block_id, "state": {"values": state}}
        await self._post("/sim/click", user=user, action={**chosen, "action_id": action_id}, **place)

        async def redrawn() -> dict[str, Any] | None:
            form = await self.form(user)
            return form if form["hash"] != view["hash"] else None

        return await self.until(redrawn, "the form in another order")

    async def submit(self, user: str, view: dict[str, Any], **values: str) -> dict[str, Any]:
        """Fill in the form by block id and submit it."""
        return await self._post("/sim/view/submit", user=user, view_id=view["id"], values=filled(view, values))

    async def command(self, user: str, channel: str, text: str) -> dict[str, Any]:
        return await self._post("/sim/command", user=user, channel=await self._channel(channel), text=text)

    async def open_home(self, user: str) -> None:
        await self._post("/sim/home/open", user=user)

    async def home(self, user: str) -> dict[str, Any] | None:
        view: dict[str, Any] | None = (await self._get("/sim/home", user=user))["view"]
        return view

    async def fault(self, system: str, fault: str) -> None:
        await self._post("/sim/faults", system=system, fault=fault)

    async def requests(self, system: str) -> dict[str, int]:
        return dict((await self._get("/sim/requests", system=system))["counts"])

    async def figures(self) -> dict[str, float]:
        """Return /metrics as a dictionary: `name{label="value"}` to its figure."""
        async with self.http.get(self.bot + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}

    async def fidel(self) -> dict[str, Any]:
        return await self._get("/sim/fidel")

    async def panel(self, vendor: str) -> dict[str, Any]:
        """Return what the page shows of a vendor: lists by name."""
        return await self._get(f"/sim/{vendor}")

    async def stripe(self) -> dict[str, Any]:
        return await self._get("/sim/stripe")

    # --- rows -------------------------------------------------------------------------------------------------------

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

        async def look() -> CaseFile | None:
            file = await self.file(case_id)
            return file if file.case.state == state else None

        return await self.until(look, f"case {case_id} in state {state}")

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Wait for what must happen in another task or process; fail by its name when it does not."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    if (found := await look()) is not None:
                        return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never saw {what}") from None

    # --- the wire ---------------------------------------------------------------------------------------------------

    sandbox_slack: dict[str, Any]
    channels: dict[str, str]
    clock: Clock = field(default_factory=Clock)

    async def _channel(self, name: str) -> str:
        if name not in self.channels:
            state = await self._get("/sim/state", user=ANA)
            self.channels.update({channel["name"]: channel["id"] for channel in state["channels"]})
        return self.channels[name]

    async def _get(self, path: str, **query: str) -> dict[str, Any]:
        async with self.http.get(self.page + path, params=query) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def _post(self, path: str, **content: Any) -> dict[str, Any]:
        async with self.http.post(self.page + path, json=content) as answer:
            found: dict[str, Any] = await answer.json()
            return found


OpenWorld = Callable[..., AbstractAsyncContextManager[World]]


def buttons(card: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return block id and element of every button on a card, by action id."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for block in card["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if element.get("type") == "button":
                found[element["action_id"]] = (block["block_id"], element)
    return found


def button(card: dict[str, Any], action_id: str) -> tuple[str, dict[str, Any]]:
    found = buttons(card)
    assert action_id in found, f"no {action_id} among {sorted(found)}"
    return found[action_id]


def filled(view: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """Return view.state.values: what the form came with, and what the person changed."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        if element["type"] == "static_select":
            chosen = values.get(name) or (element.get("initial_option") or {}).get("value")
            option = next((one for one in element["options"] if one["value"] == chosen), None)
            state[name] = {element["action_id"]: {"type": "static_select", "selected_option": option}}
        else:
            text = values.get(name, element.get("initial_value"))
            state[name] = {element["action_id"]: {"type": element["type"], "value": text or None}}
    return state


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
                yield World(page, app, http, outside[WORKSPACE].slack, {}, clock)
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
