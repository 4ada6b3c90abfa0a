"""Run one seed and report what it found."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.simulation.fault_schedule import Tally
from tests.simulation.promises import broken_promises
from tests.simulation.virtual_time import VirtualLoop
from tests.simulation.world import World

SHOWN = 60  # last events of a failing run


@dataclass(frozen=True)
class Report:
    seed: int
    faults: tuple[str, ...]
    trace: tuple[str, ...]
    tally: Tally

    def __str__(self) -> str:
        lines = [f"seed {self.seed} broke a promise:", *(f"  - {fault}" for fault in self.faults)]
        lines += [f"the last {SHOWN} events:", *(f"  {line}" for line in self.trace[-SHOWN:])]
        return "\n".join([*lines, "replay it with", f"  SIMULATION_SEED={self.seed} make simulate"])


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the bot, which warns of every fault that is played; the report says what matters."""
    logger = logging.getLogger("countersign")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def simulate(seed: int) -> Report:
    with _quiet(), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        world = World(seed, loop)
        runner.run(world.run())
        world.faults += broken_promises(world)
        runner.run(world.db.close())
    return Report(seed, tuple(world.faults), tuple(world.trace), world.tally)
