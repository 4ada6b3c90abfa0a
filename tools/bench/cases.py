"""Load the bot with whole cases: webhook, card, click, Fidel call, card that says done; and time a click to its act."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.world import ANA
from tools.bench.http import Line
from tools.bench.payloads import brand_call, click, webhook
from tools.bench.processes import Process
from tools.bench.vendors import brands

LOOK_EVERY_S = 0.008  # how soon the load sees a card; it is no part of click to call
APPROVE = "case.approve"
DONE = "State: done"
PATIENCE_S = 20.0


class Feed:
    """Follow what hangs in Slack, by case: the newest state of each card."""

    def __init__(self, sandbox: Process) -> None:
        self._port = sandbox.port
        self.at = 0
        self.cards: dict[str, dict[str, Any]] = {}
        self._waiting: dict[tuple[str, str], asyncio.Future[dict[str, Any]]] = {}

    async def run(self) -> None:
        async with Line(self._port) as line:
            while True:
                await self.look(line)
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, line: Line) -> None:
        told = json.loads((await line.get(f"/sim/changes?after={self.at}")).body)
        self.at = told["at"]
        for message in told["messages"]:
            metadata = message["metadata"] or {}
            if metadata.get("event_type") == "countersign_card":
                self._arrived(metadata["event_payload"]["case"], message)

    def _arrived(self, case_id: str, card: dict[str, Any]) -> None:
        self.cards[case_id] = card
        for says in ("", DONE):
            waiting = self._waiting.get((case_id, says))
            if waiting is not None and not waiting.done() and says in card["text"]:
                waiting.set_result(card)

    async def card(self, case_id: str, says: str = "") -> dict[str, Any]:
        """Return the card once it says this; raise TimeoutError."""
        known = self.cards.get(case_id)
        if known is not None and says in known["text"]:
            return known
        key = (case_id, says)
        self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._waiting[key]
        finally:
            del self._waiting[key]


@dataclass
class Run:
    """Run one load on one bot; times are of this machine's clock, seconds since the epoch."""

    bot: Process
    sandbox: Process
    name: str
    clicked_at: dict[str, float] = field(default_factory=dict)  # by case id
    done_at: list[float] = field(default_factory=list)
    _next: int = 0

    async def closed(self, at_once: int, seconds: float) -> None:
        """Keep this many cases under way."""
        async with _feeding(self.sandbox) as feed:
            until = time.time() + seconds
            await asyncio.gather(*(self._hand(feed, until) for _ in range(at_once)))

    async def paced(self, a_second: float, seconds: float) -> None:
        """Begin so many cases a second, whatever is under way."""
        async with _feeding(self.sandbox) as feed, asyncio.TaskGroup() as group:
            for n in range(int(a_second * seconds)):
                group.create_task(self._hand(feed))
                await asyncio.sleep(1 / a_second if n else 0)

    async def _hand(self, feed: Feed, until: float = 0.0) -> None:
        """Take one case after the other until then, at least one."""
        async with Line(self.bot.port) as line:
            await self._case(line, feed)
            while time.time() < until:
                await self._case(line, feed)

    async def _case(self, line: Line, feed: Feed) -> None:
        self._next += 1
        call_id = f"call_{self.name}_{self._next:06d}"
        answer = await line.ask(webhook(brand_call(call_id, f"{self.name} {self._next:06d}")))
        case_id = json.loads(answer.body)["case"]
        card = await feed.card(case_id)
        pressed = click(ANA, card, APPROVE, f"trigger.{call_id}", f"{self.sandbox.url}/hooks/none")
        self.clicked_at[case_id] = time.time()
        answer = await line.ask(pressed)
        if answer.status != 200:
            raise SystemExit(f"a click was answered {answer.status}")
        await feed.card(case_id, DONE)
        self.done_at.append(time.time())

    async def click_to_call_ms(self) -> list[float]:
        """Return milliseconds from the click to the brand that Fidel created, whose time is rounded up."""
        created = await brands_created(self.sandbox)
        missing = [case_id for case_id in self.clicked_at if case_id not in created]
        if missing:
            raise SystemExit(f"{len(missing)} cases say done and have no brand")
        return [(created[case_id] + 0.001 - at) * 1000 for case_id, at in self.clicked_at.items()]


@asynccontextmanager
async def _feeding(sandbox: Process) -> AsyncIterator[Feed]:
    feed = Feed(sandbox)
    task = asyncio.create_task(feed.run())
    yield feed
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def brands_created(sandbox: Process) -> dict[str, float]:
    """Return case id -> epoch second at which its brand was created, as Fidel's own list says."""
    async with Line(sandbox.port) as line:
        listed = await brands(line)
    created = {brand["metadata"].get("case"): datetime.fromisoformat(brand["created"]) for brand in listed}
    return {case_id: at.timestamp() for case_id, at in created.items() if case_id}
