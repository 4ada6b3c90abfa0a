"""Run lanes and chores: wake or tick, claim what is due, run it, stop cleanly; no lane waits for another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

log = logging.getLogger("countersign.worker")

TICK_S = 0.5  # finds what became due by time alone, and what another process wrote
CHORES_EVERY_S = 60.0
PAUSE_AFTER_FAULT_S = 1.0

Chore = Callable[[], Awaitable[None]]


class Lane:
    """Run one kind of work: claim no more than runs at once, and run each piece on its own."""

    def __init__(
        self,
        name: str,
        claim: Callable[[int], Awaitable[Sequence[Any]]],
        handle: Callable[[Any], Awaitable[None]],
        concurrency: int,
    ) -> None:
        self.name = name
        self._claim = claim
        self._handle = handle
        self._concurrency = concurrency
        self._awake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.done = 0
        self.failed = 0

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        while True:
            self._awake.clear()
            free = self._concurrency - len(self._running)
            found = await self._claimed(free) if free else ()
            for piece in found:
                task = asyncio.create_task(self._one(piece), name=f"{self.name} job")
                self._running.add(task)
                task.add_done_callback(self._finished)
            if len(found) < free or not free:
                await self._rest()

    async def drain(self, within_s: float) -> None:
        """Let what runs come to its end; what does not is found again by its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)
        for task in self._running:
            task.cancel()

    async def _claimed(self, free: int) -> Sequence[Any]:
        try:
            return await self._claim(free)
        except Exception:
            log.exception("the %s lane could not claim; it goes on", self.name)
            await asyncio.sleep(PAUSE_AFTER_FAULT_S)
            return ()

    async def _one(self, piece: Any) -> None:
        try:
            await self._handle(piece)
            self.done += 1
        except Exception:  # a fault in one case never stops the others; its lease brings it back
            self.failed += 1
            log.exception("a job of the %s lane failed; it is tried again when its lease ends", self.name)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if len(self._running) == self._concurrency - 1:  # it was full
            self._awake.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(TICK_S):
                await self._awake.wait()
        except TimeoutError:
            pass


class Worker:
    """Run the lanes of one process."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.lanes: dict[str, Lane] = {}
        self._clock = clock
        self._loops: list[asyncio.Task[None]] = []

    def on_due(self, due: Mapping[str, datetime]) -> None:
        """Wake the lanes for which a commit made something due by now; the tick finds what is due later."""
        for name, at in due.items():
            if name in self.lanes and at <= self._clock():
                self.lanes[name].wake()

    def start(self, lanes: Iterable[Lane], chores: Sequence[Chore], at_start: Sequence[Chore] = ()) -> None:
        """Run the lanes, and the chores once a minute; those `at_start` once before."""
        self.lanes = {lane.name: lane for lane in lanes}
        self._loops = [asyncio.create_task(lane.run(), name=f"{lane.name} lane") for lane in self.lanes.values()]
        self._loops.append(asyncio.create_task(_run_chores(chores, at_start), name="chores"))

    async def stop(self, within_s: float = 10.0) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await asyncio.gather(*(lane.drain(within_s) for lane in self.lanes.values()))


async def _run_chores(chores: Sequence[Chore], at_start: Sequence[Chore]) -> None:
    """Run what nobody waits for; a fault of one never stops the others, and the next round covers it."""
    for chore in at_start:
        await _run_chore(chore)
    while True:
        await asyncio.sleep(CHORES_EVERY_S)
        for chore in chores:
            await _run_chore(chore)


async def _run_chore(chore: Chore) -> None:
    try:
        await chore()
    except Exception:
        log.exception("the chore %s failed; it is tried again in a minute", getattr(chore, "__name__", chore))
