"""Tell the worker which lanes a transaction made work for: exactly those, on each engine, and only after the commit."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
import pytest_asyncio

from bot.cases import calls, cards, decisions, deliveries, executions, notices, pauses, timers
from bot.cases.calls import CallHistory
from bot.cases.clicks import Click
from bot.cases.executions import AttemptResult
from bot.core.model import Call, Details, Fields, Outcome, Receipt
from bot.core.notices import Notice
from bot.core.people import EVERYTHING as ALL
from bot.core.triage import case_id_of
from storage import Database, RuleBroken, Store, open_database
from storage.session import Due, to_time
from tests.support.databases import Cluster, held_commit
from tests.support.inline import InlineDatabase
from tests.support.kinds import EVERYTHING, NOW, SHIPPED, told
from tests.support.offers import charged, click
from tests.support.policies import ANA, SAM
from tests.support.rows import a_call, a_card, add_call, open_case, raw, raw_rows

CALL = told("refund-small").model_copy(update={"author": SAM})
CASE = case_id_of(CALL.call_id)
TABLES = ("calls", "executions", "cards", "notices")
Step = Callable[[Store, datetime], object]
Job = TypeVar("Job", bound=deliveries.DeliveryJob)
WHO: dict[str, Any] = {"owner": "w1", "limit": 9}


class Watched:
    """Hold a database, what it has told since it was asked last, and which rows have changed since."""

    def __init__(self, database: Database, url: str) -> None:
        self.database, self._url = database, url
        self.told: list[Due] = []
        database.on_due = self.told.append
        self._before = self._rows()

    def _rows(self) -> dict[str, set[tuple[Any, ...]]]:
        waiting = {lane: f"SELECT wake_at, t.* FROM {lane} AS t WHERE wake_at IS NOT NULL" for lane in TABLES}
        waiting["timers"] = "SELECT due_at, case_id, name FROM timers WHERE fired_at IS NULL"
        return {lane: set(raw_rows(self._url, text)) for lane, text in waiting.items()}

    async def write(self, fn: Callable[[Store], object]) -> tuple[Due, Due]:
        """Return what was told of a transaction, and what its rows say."""
        self.told.clear()
        await self.database.write(fn)
        await asyncio.sleep(0)
        assert len(self.told) <= 1
        before, self._before = self._before, self._rows()
        written = {lane: rows - before[lane] for lane, rows in self._before.items()}
        due = {lane: to_time(min(row[0] for row in rows)) for lane, rows in written.items() if rows}
        return (self.told[0] if self.told else {}), due


@pytest_asyncio.fixture
async def watched(database: Database, database_url: str) -> AsyncIterator[Watched]:
    yield Watched(database, database_url)


def at(now: datetime, step: Step) -> Callable[[Store], object]:
    return lambda store: step(store, now)


def by(now: datetime, due: Due) -> set[str]:
    return {lane for lane, at in due.items() if at <= now}


def settle(store: Store, now: datetime) -> None:
    history = CallHistory(CALL.call_id, tuple(store.calls_of(CALL.call_id)))
    facts = (charged(100_000),)
    calls.settle(store, history, facts, policy=SHIPPED, available_operations=EVERYTHING, now=now)


def receive(body: str, call: Call = CALL) -> Step:
    return lambda store, now: calls.receive(store, call, body_sha256=body, now=now)


def leased(now: datetime) -> dict[str, Any]:
    return {**WHO, "now": now, "until": now + timedelta(minutes=1)}


def _claim(store: Store, jobs: list[Job], now: datetime) -> list[Job]:
    until = now + timedelta(minutes=1)
    return deliveries.claim(store, jobs, owner="w1", until=until, now=now, may_post=lambda _: True)


def claim_cards(store: Store, now: datetime) -> list[cards.CardJob]:
    return _claim(store, cards.due(store, now, 9, frozenset()), now)


def shown(store: Store, now: datetime) -> bool:
    card, case = store.card(CASE, "refunds"), store.case(CASE)
    assert card is not None
    assert case is not None
    return cards.shown(
        store, cards.job_of(store, card), revision=case.revision, channel_id="C1", message_ts="1.1", now=now
    )


def ana_clicks(store: Store) -> Click:
    file = store.case_file(CASE)
    assert file is not None
    return click(file, ANA)


def approve(store: Store, now: datetime) -> None:
    assert decisions.approve(store, ana_clicks(store), policy=SHIPPED, now=now).text is None


def reject(store: Store, now: datetime) -> None:
    assert decisions.reject(store, ana_clicks(store), "No.", policy=SHIPPED, now=now).text is None


def claim_executions(store: Store, now: datetime) -> list[executions.ClaimedExecution]:
    return executions.claim_executions(store, **leased(now), available_operations=EVERYTHING)


def ends(outcome: Outcome) -> Step:
    receipt = Receipt(vendor_id="re_1") if outcome is Outcome.SUCCEEDED else None

    def end(store: Store, now: datetime) -> None:
        claimed = claim_executions(store, now)
        assert executions.ended(store, claimed[0], AttemptResult(outcome, "So it is.", receipt), now)

    return end


def claim_notices(store: Store, now: datetime) -> list[notices.NoticeJob]:
    return _claim(store, notices.due(store, now, 9, frozenset()), now)


def pause(store: Store, now: datetime) -> bool:
    return pauses.pause(store, ALL, by=ANA, reason="The bank is closed", now=now)


def resume(store: Store, now: datetime) -> bool:
    return pauses.resume(store, ALL, by=ANA, now=now)


def digest(store: Store, now: datetime) -> bool:
    return store.add_notice(Notice(notice_id="digest/1", recipient=ANA, text="All well.", created_at=now, due_at=now))


def changed(store: Store, now: datetime) -> None:
    more = CALL.model_copy(update={"author": None, "details": Details(fields=Fields(customer_name="Dana"))})
    receive("changed", more)(store, now)
    settle(store, now)


OPENED: tuple[tuple[str, Step, set[str]], ...] = (
    ("a call is received", receive("first"), {"calls"}),
    ("the same body again", receive("first"), set()),
    ("the call is claimed", lambda store, now: calls.claim_calls(store, **leased(now)), set()),
    ("another version comes meanwhile", receive("second", CALL.model_copy(update={"duration_s": 9})), {"calls"}),
    ("the case opens", settle, {"cards"}),
    ("the card is claimed", claim_cards, set()),
    ("the card hangs", shown, set()),
    ("the call comes again", receive("third"), {"calls"}),
    ("it is redelivered", settle, {"cards"}),
    ("the card shows it", shown, set()),
)
PAID: tuple[tuple[str, Step, set[str]], ...] = (
    ("it is approved", approve, {"cards", "executions"}),
    ("nothing may run", pause, {"cards", "executions"}),
    ("nothing is claimed", claim_executions, set()),
    ("it may run again", resume, {"cards", "executions"}),
    ("the vendor is away", ends(Outcome.UNAVAILABLE), {"cards"}),
    ("a minute later", ends(Outcome.SUCCEEDED), {"cards", "executions"}),
    ("the approval is told", claim_notices, set()),
    ("a digest is asked for", digest, {"notices"}),
    ("the same digest again", digest, set()),
)
DROPPED: tuple[tuple[str, Step, set[str]], ...] = (
    ("the call changes", changed, {"cards"}),
    ("it is rejected", reject, {"cards"}),
    ("its time would have come", lambda store, now: timers.fire(store, CASE, policy=SHIPPED, now=now), set()),
)


@pytest.mark.parametrize("steps", [(*OPENED, *PAID), (*OPENED, *DROPPED)], ids=["paid", "dropped"])
async def test_each_transaction_tells_exactly_the_lanes_that_it_made_work_for(
    watched: Watched, steps: tuple[tuple[str, Step, set[str]], ...]
) -> None:
    for minute, (what, step, lanes) in enumerate(steps):
        now = NOW + timedelta(minutes=2 * minute)
        said, written = await watched.write(at(now, step))
        assert by(now, said) == lanes, what
        assert by(now, written) == lanes, what


async def test_a_timer_that_fires_wakes_the_cards(watched: Watched) -> None:
    for step in (receive("first"), settle):
        await watched.write(at(NOW, step))
    later = NOW + timedelta(days=30)
    said, written = await watched.write(lambda store: timers.fire(store, CASE, policy=SHIPPED, now=later))
    assert by(later, said) == by(later, written) == {"cards"}


async def test_what_is_undone_is_not_told(watched: Watched) -> None:
    def fails(store: Store) -> None:
        add_call(store, a_call())
        raise LookupError("after it has written")

    with pytest.raises(LookupError):
        await watched.write(fails)
    assert watched.told == []
    assert (await watched.write(open_case))[0] == {}


async def test_what_an_aborted_try_made_due_is_not_told(cluster: Cluster) -> None:
    url = cluster.fresh()
    database = await open_database(url)
    watched, tries = Watched(database, url), list[int]()

    def conflicts_once(store: Store) -> None:
        tries.append(len(tries))
        open_case(store, 1)
        if len(tries) == 1:
            add_call(store, a_call())
            raise psycopg.errors.SerializationFailure
        store.add_card(a_card())

    said, written = await watched.write(conflicts_once)
    assert len(tries) == 2
    assert list(said) == list(written) == ["cards"]
    await database.close()


async def test_nobody_is_told_before_the_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    database = await open_database(url)
    watched = Watched(database, url)
    gate = held_commit(database)
    writes = [asyncio.create_task(database.write(partial(add_call, call=a_call(n)))) for n in (1, 2)]
    await asyncio.sleep(0.05)
    assert watched.told == []
    gate.set()
    await asyncio.gather(*writes)
    await asyncio.sleep(0)
    assert [list(due) for due in watched.told] == [["calls"]]  # one commit, told once
    await database.close()


async def test_a_commit_that_fails_is_not_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    database = await open_database(url)
    watched = Watched(database, url)
    raw(url, "CREATE TABLE later (id TEXT REFERENCES cases (case_id) DEFERRABLE INITIALLY DEFERRED)")

    def breaks_at_the_end(store: Store) -> None:
        add_call(store, a_call())
        store._session.run("INSERT INTO later VALUES ('nothing')", {})

    with pytest.raises(RuleBroken):
        await database.write(breaks_at_the_end)
    assert watched.told == []
    assert (await watched.write(open_case))[0] == {}
    await database.close()


def test_a_database_in_memory_tells_it_too() -> None:
    database, said = InlineDatabase(), list[Due]()
    database.on_due = said.append
    database.run(open_case)
    database.run(lambda store: store.add_card(a_card()))
    assert [list(due) for due in said] == [["cards"]]
