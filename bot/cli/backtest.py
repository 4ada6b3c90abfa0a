"""Run `countersign policy show` and `policy backtest`; a backtest is done in parts, by several processes."""

import asyncio
import gc
import multiprocessing
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TypeVar

from bot.cases.shadow import Seen
from bot.cli.output import table
from bot.core.backtest import Counts, Part, Report, Trial, add_up, evaluate, part_of
from bot.core.duplicates import customer_key
from bot.core.model import Money, Proposal
from bot.core.money import show
from bot.core.policy import DAY, Policy, Spent, payout_of
from bot.core.policy.explain import CaseRecord, Explained, explain
from storage import Database, Store, open_database

PAGE = 2_000  # cases that a process gets at once; fewer are done before other processes have started

T = TypeVar("T")


def backtest(database_url: str, trial: Trial, *, since: datetime, until: datetime, processes: int) -> Report:
    """Count what both policies make of every case opened since. Raises StorageError."""
    stored = _with_database(database_url, lambda db: db.read(Store.case_ids))
    pages = [(page[0], page[-1]) for page in (stored[n : n + PAGE] for n in range(0, len(stored), PAGE))]
    count = partial(_part, database_url, trial, since)
    with _no_gc(), _helpers(processes if len(pages) > 1 else 1) as pool:
        parts = list(pool.map(count, pages) if pool else map(count, pages))
        return add_up(trial, parts, since=since, until=until)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _part(database_url: str, trial: Trial, since: datetime, page: tuple[str, str]) -> Part:
    read = partial(Store.replay, since=since, first=page[0], last=page[1])
    rows = _with_database(database_url, lambda db: db.read(read))
    return part_of(trial, (evaluate(trial, row) for row in rows))


def _with_database(database_url: str, use: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        db = await open_database(database_url, read_only=True)
        try:
            return await use(db)
        finally:
            await db.close()

    return asyncio.run(run())


@contextmanager
def _no_gc() -> Iterator[None]:
    """Switch off the search for cycles: none arise, and it takes a fifth of the time. Forked processes inherit it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _helpers(processes: int) -> Iterator[ProcessPoolExecutor | None]:
    if processes < 2:
        yield None
        return
    # No thread of ours is alive at this moment, so a fork inherits no lock that nobody opens.
    way = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(processes, mp_context=way) as pool:
        yield pool


# --- policy show ----------------------------------------------------------------------------------------------------


async def look(db: Database, policy: Policy, case_id: str, now: datetime) -> tuple[Explained, Proposal] | None:
    """Return why a case is as it is, and its proposal; None: there is no such case."""
    record = await db.read(lambda store: record_of(store, case_id, now))
    return None if record is None else (explain(policy, record), record.file.proposal)


def record_of(store: Store, case_id: str, now: datetime) -> CaseRecord | None:
    file = store.case_file(case_id)
    if file is None:
        return None
    money, customer, since = payout_of(file.proposal), customer_key(file.case.details), now - DAY
    spent = Spent()
    if money is not None:
        spent = Spent(
            customer=store.paid_to(customer, money.currency, since) if customer else 0,
            automatic=store.paid_automatically(file.proposal.kind, money.currency, since),
        )
    versions = range(1, file.case.version + 1)
    return CaseRecord(
        file=file,
        decisions=tuple(decision for version in versions for decision in store.decisions(case_id, version)),
        timers=tuple(store.timers(case_id)),
        history=tuple(store.history(case_id)),
        spent=spent,
        paused=tuple(pause.scope for pause in store.pauses()),
    )


# --- as text --------------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("other_kind", "other kind"),
    ("other_channel", "other channel"),
    ("more_people", "more people"),
    ("fewer_people", "fewer people"),
    ("other_people", "other people"),
    ("not_enough", "not enough"),
    ("against_people", "against people"),
)
_EXAMPLES = 20


def backtest_text(found: Report) -> str:
    head = ("kind", "calls", "automatic", "review", *(title for _, title in _COLUMNS), "without a person")
    rows = [_row(kind.value, counts) for kind, counts in found.kinds.items()]
    shown = found.changed[:_EXAMPLES]
    return "\n".join(
        [
            f"Policy {found.new} against {found.now}: {found.total.calls:,} calls "
            f"from {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}. “a > b” is now > new.",
            "",
            table([head, *rows, _row("all", found.total)]),
            "",
            "not enough: people approved it, and under the new policy that would not do.",
            "against people: people rejected it, and the new policy would have paid it without a person.",
            "",
            f"{found.changed_cases:,} cases change" + (f"; the first {len(shown)}:" if shown else "."),
            *(f"  {case.case_id}  {', '.join(case.differs)}: {case.now} > {case.new}" for case in shown),
            *found.not_replayed,
        ]
    )


def _row(name: str, counts: Counts) -> tuple[str, ...]:
    both = (f"{pair.now:,} > {pair.new:,}" for pair in (counts.automatic, counts.review))
    single = (f"{getattr(counts, column):,}" for column, _ in _COLUMNS)
    paid = (f"{_sum(pair.now, code)} > {_sum(pair.new, code)}" for code, pair in counts.without_review.items())
    return (name, f"{counts.calls:,}", *both, *single, "; ".join(paid) or "none")


def _sum(amount_minor: int, currency: str) -> str:
    return show(Money(amount_minor=amount_minor, currency=currency))


# --- shadow mode ----------------------------------------------------------------------------------------------------


def shadow_text(seen: Seen) -> str:
    if not seen.recorded:
        return "Nothing is recorded. Name a second policy in POLICY_SHADOW_FILE, and start the bot again."
    return "\n".join([seen.summary, *(f"  {line}" for line in seen.lines)])
