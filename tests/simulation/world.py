"""Play one run: a bot of one or two processes in a world that breaks, then calm until nothing is left to do."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.core.policy import Band, Policy
from storage import Store
from tests.simulation.callers import Callers
from tests.simulation.fault_schedule import FaultSchedule, Tally
from tests.simulation.fidel import Fidel
from tests.simulation.people import People
from tests.simulation.process import LONG_AGO, Process
from tests.simulation.quorum.reference_model import MONEY, TWO_ONE_LEAD, Rules, Seats
from tests.simulation.slack import Workspace
from tests.simulation.stripe import Stripe
from tests.simulation.vendors import Records
from tests.simulation.virtual_time import VirtualLoop
from tests.support.due import next_due
from tests.support.inline import InlineDatabase

T = TypeVar("T")
CHANNELS = {
    "finance-refunds": "C0REFUNDS1",
    "finance-disputes": "C0DISPUTE1",
    "finance-brands": "C0BRANDS01",
    "finance-review": "C0REVIEW01",
}
RULES = Rules(bands=((100_00, Seats(1, ("finance",))), (None, TWO_ONE_LEAD)))
WEEKEND_S = 30 * 3600.0
CALM_AT_MOST_S = 12 * 3600.0


def a_policy() -> Policy:
    """Return the policy of every run: `RULES`, with a channel for each kind of case."""
    bands = [
        {"kinds": tuple(sorted(MONEY)), "up_to": None if up_to is None else {"USD": up_to}, **_band(seats)}
        for up_to, seats in RULES.bands
    ]
    return Policy.model_validate(
        {
            "channels": {
                **{name.removeprefix("finance-"): f"#{name}" for name in CHANNELS},
                "fallback": "#finance-review",
            },
            "groups": {"finance": ("@finance",), "leads": ("@leads",)},
            "bands": tuple(Band.model_validate(band) for band in (*bands, _band(RULES.others))),
        }
    )


def _band(seats: Seats) -> dict[str, object]:
    return {"quorum": seats.people, "groups": seats.of, "at_least": dict(seats.at_least)}


class World:
    """Hold the outside and the processes of one run, and its clock."""

    def __init__(self, seed: int, loop: VirtualLoop) -> None:
        self.fault_schedule = FaultSchedule(seed)
        self.tally = Tally()
        self.trace: list[str] = []
        self.faults: list[str] = []  # what must never be, as sentences
        self._loop = loop
        self._outside: dict[asyncio.Task[None], None] = {}
        self.db = InlineDatabase()
        self.rules, self.policy = RULES, a_policy()
        self.records = Records(self)
        self.workspace = Workspace(self, CHANNELS)
        self.fidel, self.stripe = Fidel(self), Stripe(self)
        self.callers, self.people = Callers(self), People(self)
        self._alone = self.fault_schedule.often(0.5)
        self._started = 0
        self._down_until_s = 0.0
        self.processes: list[Process] = []

    def now(self) -> datetime:
        return self._loop.now()

    def later(self, at_most_s: float) -> datetime:
        return self.now() + timedelta(seconds=self.fault_schedule.between(0, at_most_s))

    def note(self, what: str) -> None:
        self.trace.append(f"{self._loop.time():10.3f}  {what}")

    def outside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start what goes on whatever becomes of the bot."""
        task = self._loop.create_task(coroutine)
        self._outside[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._outside.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken(error)

    def broken(self, error: BaseException) -> None:
        self.note(f"RAISED {error!r}")
        self.faults.append(f"nothing raises unexpectedly: {error!r}")

    def start(self) -> None:
        self._started += 1
        process = Process(self, f"process-{self._started}")
        self.processes.append(process)
        process.start(alone=self._alone)

    async def restart(self, dead: Process) -> None:
        await asyncio.sleep(max(0.0, self._down_until_s - self._loop.time()) + self.fault_schedule.between(0.3, 20))
        self.processes.remove(dead)
        self.note("a process starts")
        self.start()

    def a_process(self) -> Process:
        """Return the process at which the next request arrives; one that is down answers nothing."""
        return self.fault_schedule.rng.choice(self.processes)

    async def until_taken(self, fn: Callable[[Store], T]) -> T:
        """Ask again until a process answers."""
        while (answer := await self.a_process().ask(fn)) is None:
            self.tally.counts["requests repeated"] += 1
            await asyncio.sleep(self.fault_schedule.between(1, 5))
        return answer

    async def run(self) -> None:
        for _ in range(1 if self._alone else 2):
            self.start()
        self.callers.some()
        if self.fault_schedule.often(0.4):
            self.outside(self.people.somebody_goes_away())
        end_s = self.fault_schedule.between(90, 300)
        self.outside(self.people.work(end_s))
        self.outside(self._archive(self.fault_schedule.between(0, end_s)))
        self.outside(self._mend(self.fault_schedule.between(0, end_s)))
        await asyncio.sleep(end_s)
        if self.fault_schedule.often(0.1):
            await self._long_weekend()
        self.fault_schedule.calm = True
        self.note("calm from here on")
        await self._until_rest()
        for process in self.processes:
            for task in process.tasks:
                task.cancel()
        await asyncio.sleep(1)

    async def _archive(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if self.fault_schedule.often(0.15):
            name = self.fault_schedule.rng.choice([name for name in CHANNELS if name != "finance-review"])
            self.workspace.archived.add(CHANNELS[name])
            self.note(f"#{name} is archived")
            self.tally.counts["channels archived"] += 1

    async def _mend(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        for payment in self.stripe.payments.values():
            payment.disputed = False

    async def _long_weekend(self) -> None:
        """Keep everything down for longer than Stripe keeps a key."""
        self.tally.counts["long weekends"] += 1
        self.note("a long weekend")
        self._down_until_s = self._loop.time() + WEEKEND_S
        for process in self.processes:
            if not process.dead:
                process.crash()
        await asyncio.sleep(WEEKEND_S)

    async def _until_rest(self) -> None:
        end_s = self._loop.time() + CALM_AT_MOST_S
        while self._loop.time() < end_s:
            busy = bool(self._outside) or any(process.busy for process in self.processes)
            due = await self.db.read(lambda store: next_due(store, LONG_AGO))
            if not busy and due is None and not self.people.help():
                return
            await asyncio.sleep(15)
        self.faults.append("it comes to rest: something is still due, or somebody still has something to do")
