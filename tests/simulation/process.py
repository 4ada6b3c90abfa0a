"""Run one process of the bot: real jobs over the shared database. A crash throws away all but the database."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot.connectors.base import Connector
from bot.connectors.fidel import FidelConnector
from bot.connectors.fidel.client import FidelSettings
from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.client import StripeSettings
from bot.jobs import Base, Jobs, Outside
from bot.slack import Pace
from storage import Store
from storage.session import OnDue
from tests.simulation.fault_schedule import STALL_S
from tests.simulation.slack import SimulatedSlack
from tests.simulation.vendors import Transport
from tests.simulation.wire import Wire
from tests.support.due import next_due
from tests.support.inline import InlineDatabase

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
FIDEL = FidelSettings(api_key="sk_test_made_up", api_url="https://fidel.example.com/v1")
STRIPE = StripeSettings(api_key="rk_test_made_up", api_url="https://stripe.example.com")
LONG_AGO = datetime(1960, 1, 1, tzinfo=UTC)
CRASH, STALL = 0.006, 0.007  # at each border, at severity 1
LOOK_AGAIN_S = 30.0  # what another process wrote is found by then
# How long the bot waits for an answer, how late an effect may be, how often a write goes wrong.
SLACK = (10.0, 14.5, 0.25)  # Slack has no keys: the bot counts on a lost post showing soon
VENDORS = (15.0, 45.0, 0.5)  # keys and look-ups have to hold however late an effect is


def _name_of(fn: Callable[[Store], T]) -> str:
    """Return the name of a transaction as the code has it: "Deliveries.claim", "settle"."""
    named = fn.func if isinstance(fn, partial) else fn
    return named.__qualname__.split(".<locals>")[0]


class Borders:
    """Stop the process, perhaps, before, inside and after each transaction of the shared database."""

    engine = "sqlite"

    def __init__(self, inner: InlineDatabase, process: "Process") -> None:
        self._inner = inner
        self._process = process
        self.on_due: OnDue | None = None

    async def write(self, fn: Callable[[Store], T]) -> T:
        name = _name_of(fn)
        await self._process.border(f"before {name}")

        def and_perhaps_die(store: Store) -> T:
            result = fn(store)
            if self._process.dies_here(f"before the commit of {name}"):
                raise asyncio.CancelledError  # all of the transaction is undone, as by a power cut
            due.update(store.due)
            return result

        due: dict[str, datetime] = {}
        result = self._inner.run(and_perhaps_die)
        if due and self.on_due is not None:
            self.on_due(due)
        await self._process.border(f"after {name}")
        return result

    async def read(self, fn: Callable[[Store], T]) -> T:
        return await self._inner.read(fn)

    async def backup(self, path: str | Path) -> None:
        await self._inner.backup(path)

    async def close(self) -> None:
        """Do nothing: the database outlives the process."""


class Process:
    def __init__(self, world: "World", owner: str) -> None:
        self.world = world
        self.owner = owner
        self.dead = False
        self.db = Borders(world.db, self)
        self.tasks: dict[asyncio.Task[Any], None] = {}  # in order, so that a crash is the same every time
        self._awake = asyncio.Event()
        self.db.on_due = lambda _: self._awake.set()
        fidel = Transport(Wire(self, "fidel", *VENDORS), world.fidel)
        stripe = Transport(Wire(self, "stripe", *VENDORS), world.stripe)
        slack = SimulatedSlack(Wire(self, "slack", *SLACK), world.workspace, world.now)
        connectors: dict[str, Connector] = {
            "fidel": FidelConnector(FIDEL, transport=fidel),
            "stripe": StripeConnector(STRIPE, transport=stripe),
        }
        base = Base(
            db=self.db, outside=Outside(slack, Pace(1.0), connectors), policy=world.policy, owner=owner, clock=world.now
        )
        self.jobs = Jobs(base)

    def start(self, *, alone: bool) -> None:
        self.spawn(self._run(alone))

    async def _run(self, alone: bool) -> None:
        if alone:  # as the application does at its start, where no other process can hold a lease
            await self.db.write(lambda store: store.release_leases())
        fault_schedule = self.world.fault_schedule
        while True:
            self._awake.clear()
            due_in_s = await self._due_in_s()
            if due_in_s <= 0:
                for _, claim, handle in fault_schedule.rng.sample(self.jobs.lanes, len(self.jobs.lanes)):
                    for piece in await claim(fault_schedule.rng.randint(1, 4)):
                        self.spawn(handle(piece))
                if fault_schedule.often(0.1):
                    self.spawn(self.jobs.seal())
                due_in_s = await self._due_in_s()
            await self._rest(due_in_s)

    async def _due_in_s(self) -> float:
        due = await self.db.read(lambda store: next_due(store, LONG_AGO))
        return LOOK_AGAIN_S if due is None else (due - self.world.now()) / timedelta(seconds=1)

    async def _rest(self, due_in_s: float) -> None:
        wait = min(max(due_in_s, 0.3), LOOK_AGAIN_S)
        try:
            async with asyncio.timeout(wait + self.world.fault_schedule.between(0.01, 0.5)):
                await self._awake.wait()
        except TimeoutError:
            return

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.broken(error)

    async def ask(self, fn: Callable[[Store], T]) -> T | None:
        """Run one transaction as a handler does; return its answer, or None if the process stopped before."""
        if self.dead:
            return None
        task = self.spawn(self.db.write(fn))
        await asyncio.wait([task])
        self._awake.set()
        return None if task.cancelled() else task.result()

    @property
    def busy(self) -> bool:
        return len(self.tasks) > 1  # one is the worker itself

    async def border(self, name: str, *, may_stall: bool = True) -> None:
        """Pass a border: others run meanwhile, and the process may stop, or stand still past its leases."""
        fault_schedule = self.world.fault_schedule
        if self.dies_here(name):
            raise asyncio.CancelledError
        stall = fault_schedule.happens(STALL) and may_stall
        if stall:
            self.world.note(f"{self.owner} stalls {name}")
            self.world.tally.counts["stalls past the lease"] += 1
        if stall or fault_schedule.often(0.3):
            await asyncio.sleep(fault_schedule.between(*STALL_S) if stall else fault_schedule.between(0.0, 0.8))

    def dies_here(self, name: str) -> bool:
        if self.dead:
            return True
        if not self.world.fault_schedule.calm:  # nothing crashes once the run is calm
            self.world.tally.borders[name] += 1
        if not self.world.fault_schedule.stops(name, CRASH):
            return False
        self.world.note(f"{self.owner} crashes {name}")
        self.world.tally.crashed_at[name] += 1
        self.crash()
        return True

    def crash(self) -> None:
        self.dead = True
        self.world.tally.counts["crashes"] += 1
        for task in list(self.tasks):
            task.cancel()
        self.world.outside(self.world.restart(self))
