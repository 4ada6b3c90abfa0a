"""`countersign policy backtest`: stored cases are read and weighed in parts, by several processes, and added up."""

import asyncio
import gc
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar

from bot.core.backtest import Part, Report, Trial, add_up, part_of
from storage import Store, open_database

PAGE = 250  # cases that are read at once; more would not stay in the processor's cache until they are weighed
PART = 20  # pages that a process gets at once
MANY = 2 * PART * PAGE  # fewer cases are done before other processes have started

T = TypeVar("T")


def backtest(database_url: str, trial: Trial, *, since: datetime, until: datetime, processes: int) -> Report:
    """Of every case opened since. Raises StorageError."""
    stored = _read(database_url, lambda store: store.case_ids())
    pages = [(ids[0], ids[-1]) for ids in _cut(stored, PAGE)]
    weigh = partial(_weigh, database_url, trial, since)
    with _helpers(processes if len(stored) > MANY else 1) as pool:
        parts = list(pool.map(weigh, _cut(pages, PART)) if pool else map(weigh, _cut(pages, PART)))
    return add_up(trial, parts, since=since, until=until)


def _cut(things: Sequence[T], size: int) -> list[Sequence[T]]:
    return [things[n : n + size] for n in range(0, len(things), size)]


def cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _weigh(database_url: str, trial: Trial, since: datetime, pages: Sequence[tuple[str, str]]) -> Part:
    rules = [*trial.now.automatic.items(), *trial.new.automatic.items()]
    alone = {kind for kind, rule in rules if rule.enabled}

    def weigh(store: Store) -> Part:
        return part_of(trial, chain.from_iterable(store.replay(since, *page, alone) for page in pages))

    gc.disable()  # nothing here refers to itself, and looking for that takes a fifth of the time
    try:
        return _read(database_url, weigh)
    finally:
        gc.enable()


def _read(database_url: str, fn: Callable[[Store], T]) -> T:
    async def read() -> T:
        db = await open_database(database_url, read_only=True)
        try:
            return await db.read(fn)
        finally:
            await db.close()

    return asyncio.run(read())


@contextmanager
def _helpers(processes: int) -> Iterator[ProcessPoolExecutor | None]:
    if processes < 2:
        yield None
        return
    # No thread of ours is alive at this moment, so a fork inherits no lock that nobody opens.
    way = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, mp_context=way) as pool:
        yield pool
