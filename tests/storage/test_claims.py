"""Test several owners at once: what one has claimed, chained or sealed no other takes, on both engines."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from storage import Database, Store, open_database
from tests.support.databases import Cluster
from tests.support.rows import LATER, NOW, WORKED, a_call, a_card, add_call, approve_case, open_case, running

CASES = 40


@pytest.fixture
async def handles(database_url: str) -> AsyncIterator[list[Database]]:
    """Open two processes as far as the engine allows: on SQLite there is only one."""
    opened = [await open_database(database_url) for _ in range(1 if database_url.startswith("sqlite") else 2)]
    yield opened * (2 // len(opened))
    for handle in opened:
        await handle.close()


async def claimed_by_all(handles: list[Database], claim: Callable[[Store, str], list[str]]) -> list[str]:
    """Return all that ten owners on two handles take at the same time, five rows at once, until nothing is left."""
    taken: list[str] = []

    async def owner(number: int) -> None:
        handle, empty = handles[number % 2], 0
        while empty < 3:
            rows = await handle.write(lambda store: claim(store, f"w{number}"))
            taken.extend(rows)
            empty = 0 if rows else empty + 1

    await asyncio.gather(*(owner(number) for number in range(10)))
    return taken


def claim_calls(store: Store, owner: str) -> list[str]:
    due = store.due_calls(NOW, 5)
    store.lease_calls(due, owner, LATER)
    return due


def claim_executions(store: Store, owner: str) -> list[str]:
    due = store.due_executions(NOW, 5)
    for execution in due:
        store.save_execution(running(execution, owner), entry=WORKED, now=NOW)
    return [execution.case_id for execution in due]


def claim_cards(store: Store, owner: str) -> list[str]:
    due = store.due_cards(NOW, 5)
    for place in due:
        store.save_card(place.model_copy(update={"lease_owner": owner, "lease_until": LATER}))
    return [place.case_id for place in due]


def fill_calls(store: Store) -> None:
    for number in range(1, CASES + 1):
        add_call(store, a_call(number))
        add_call(store, a_call(number), sha="sha-2")


def fill_executions(store: Store) -> None:
    for number in range(1, CASES + 1):
        approve_case(store, number)


def fill_cards(store: Store) -> None:
    for number in range(1, CASES + 1):
        open_case(store, number)
        store.add_card(a_card(number))


@pytest.mark.parametrize(
    ("fill", "claim", "prefix"),
    [(fill_calls, claim_calls, "call"), (fill_executions, claim_executions, "C"), (fill_cards, claim_cards, "C")],
    ids=["calls", "executions", "cards"],
)
async def test_no_row_is_ever_given_to_two_owners(
    handles: list[Database], fill: Callable[[Store], None], claim: Callable[[Store, str], list[str]], prefix: str
) -> None:
    await handles[0].write(fill)
    taken = await claimed_by_all(handles, claim)
    assert sorted(taken) == sorted(f"{prefix}-{number}" for number in range(1, CASES + 1))


async def test_many_writers_of_one_history_leave_it_whole(handles: list[Database]) -> None:
    writes = [handles[n % 2].write(lambda store: store.append("C-1", WORKED, NOW)) for n in range(60)]
    await asyncio.gather(*writes)
    verified = await handles[0].read(lambda store: store.verify())
    assert (verified.entries, verified.broken) == (60, None)


async def test_two_processes_that_receive_versions_of_one_call_store_both(handles: list[Database]) -> None:
    writes = [handles[n % 2].write(partial(add_call, call=a_call(), sha=f"sha-{n % 10}")) for n in range(20)]
    answers = await asyncio.gather(*writes)
    assert (answers.count("new"), answers.count("changed"), answers.count("duplicate")) == (1, 9, 10)


async def test_two_processes_that_seal_at_once_leave_one_chain(handles: list[Database]) -> None:
    await handles[0].write(fill_executions)
    await asyncio.gather(*(handles[n % 2].write(lambda store: store.seal(NOW)) for n in range(8)))
    assert (await handles[0].read(lambda store: store.verify())).broken is None


async def test_a_deadlock_on_the_server_is_run_again_and_not_reported(cluster: Cluster) -> None:
    database = await open_database(cluster.fresh())
    await database.write(open_case)
    await database.write(lambda store: open_case(store, 2))
    both_hold_one = threading.Barrier(2)

    def crossing(first: str, second: str) -> Callable[[Store], None]:
        tries: list[int] = []

        def lock_both(store: Store) -> None:
            tries.append(1)
            store.case(first, lock=True)
            if len(tries) == 1:
                both_hold_one.wait(10)
            store.case(second, lock=True)
            store.append(first, WORKED, NOW)

        return lock_both

    await asyncio.gather(database.write(crossing("C-1", "C-2")), database.write(crossing("C-2", "C-1")))
    assert (await database.read(lambda store: store.verify())).entries == 4
    await database.close()
