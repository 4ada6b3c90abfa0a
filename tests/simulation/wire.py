"""Carry requests between one process and the outside; they travel on when the process that sent them is gone."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tests.simulation.fault_schedule import EFFECT_WITHOUT_ANSWER, Fate

if TYPE_CHECKING:
    from tests.simulation.process import Process

Reply = TypeVar("Reply")
NO_EFFECT = frozenset({Fate.UNREACHED, Fate.BUSY, Fate.FAILED, Fate.CUT, Fate.HANG})


@dataclass(frozen=True)
class Came(Generic[Reply]):
    """Hold what the asker sees: a fate, and the reply if there is one."""

    fate: Fate
    reply: Reply | None = None


@dataclass(frozen=True)
class Wire:
    """Connect one process to one system. `patience_s`: how long the asker waits.

    `latest_s`: how long after the request an effect may still come; `trouble`: how often a write goes wrong.
    """

    process: "Process"
    system: str
    patience_s: float
    latest_s: float
    trouble: float

    async def carry(self, what: str, serve: Callable[[], Reply], *, write: bool, may_stall: bool = True) -> Came[Reply]:
        """Send a request. `serve` is the other side: it runs at most once, whatever becomes of the asker."""
        name = f"{self.system} {what}"
        if write:
            await self.process.border(f"before {name}", may_stall=may_stall)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Came[Reply]] = loop.create_future()
        fate = self.process.world.fault_schedule.fate(self.trouble, write=write)
        self.process.world.outside(self._other_side(name, serve, fate, answer, write))
        return await answer

    async def _other_side(
        self, name: str, serve: Callable[[], Reply], fate: Fate, answer: "asyncio.Future[Came[Reply]]", write: bool
    ) -> None:
        world = self.process.world
        await asyncio.sleep(world.fault_schedule.between(0.01, 0.4))
        if fate is not Fate.ANSWERED:
            world.note(f"{self.process.owner}: {name}: {fate}")
            world.tally.counts[f"faults of {self.system}: {fate}"] += 1
        if fate is Fate.HANG:
            return
        if fate in NO_EFFECT:
            _tell(answer, Came(fate))
            return
        if fate is Fate.LATE:
            await asyncio.sleep(world.fault_schedule.between(self.patience_s, self.latest_s) - 0.5)
        reply = serve()
        if write and self.process.dies_here(f"after {name}"):
            world.tally.counts[f"answers of {self.system} lost after the effect"] += 1
            return
        await asyncio.sleep(world.fault_schedule.between(0.01, 0.4))
        if fate in EFFECT_WITHOUT_ANSWER:
            world.tally.counts[f"answers of {self.system} lost after the effect"] += 1
        _tell(answer, Came(fate, reply))


def _tell(answer: "asyncio.Future[Came[Reply]]", came: Came[Reply]) -> None:
    if not answer.done():  # the asker has given up, or its process is gone
        answer.set_result(came)
