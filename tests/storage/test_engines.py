"""Test what only an engine can promise: commits, locks, claims, migrations, backups."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from storage import Database, RuleBroken, StorageError, Store, open_database
from tests.support.databases import Cluster, held_commit
from tests.support.inline import InlineDatabase
from tests.support.rows import LATER, a_proposal, an_execution, approve_case, open_case, raw_rows


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/countersign.db"


@pytest.fixture
async def on_sqlite(sqlite_url: str) -> AsyncIterator[Database]:
    database = await open_database(sqlite_url)
    yield database
    await database.close()


async def together(database: Database, *functions: Callable[[Store], object]) -> list[object]:
    """Return results or errors of functions that share one commit, handed in during one turn of the loop."""
    return await asyncio.gather(*(database.write(function) for function in functions), return_exceptions=True)


def fails_after_writing(store: Store) -> None:
    open_case(store, 2)
    raise LookupError("on purpose")


async def test_a_function_that_fails_in_a_group_commit_does_not_touch_the_others(on_sqlite: Database) -> None:
    results = await together(on_sqlite, open_case, fails_after_writing, lambda store: open_case(store, 3))
    assert results[0] is None
    assert isinstance(results[1], LookupError)
    assert results[2] is None
    assert [case.case_id for case in await on_sqlite.read(lambda store: store.find_cases())] == ["C-1", "C-3"]
    assert (await on_sqlite.read(lambda store: store.verify())).broken is None


async def test_a_function_that_fails_writes_nothing(database: Database) -> None:
    with pytest.raises(LookupError):
        await database.write(fails_after_writing)
    assert await database.read(lambda store: store.case("C-2")) is None
    assert await database.read(lambda store: store.history("C-2")) == []


async def test_nothing_is_acknowledged_before_its_commit(on_sqlite: Database, sqlite_url: str) -> None:
    gate, ran = held_commit(on_sqlite), asyncio.Event()

    def write(store: Store) -> None:
        open_case(store)
        ran.set()

    written = asyncio.ensure_future(on_sqlite.write(write))
    await ran.wait()
    await asyncio.sleep(0)
    assert not written.done()
    assert raw_rows(sqlite_url, "SELECT case_id FROM cases") == []
    gate.set()
    await written
    assert raw_rows(sqlite_url, "SELECT case_id FROM cases") == [("C-1",)]


def orphan_found_at_the_commit(store: Store) -> None:
    """Write a row that breaks a foreign key, with the check put off until the commit."""
    store._session.run("PRAGMA defer_foreign_keys = ON", {})
    store.add_proposal(a_proposal(9))


async def test_a_commit_that_fails_is_reported_to_all_who_shared_it(on_sqlite: Database) -> None:
    results = await together(on_sqlite, open_case, orphan_found_at_the_commit)
    assert [type(result) for result in results] == [RuleBroken, RuleBroken]
    assert await on_sqlite.read(lambda store: store.count_cases()) == {}
    await on_sqlite.write(open_case)


async def test_whoever_stopped_waiting_does_not_disturb_the_others(on_sqlite: Database) -> None:
    gate = held_commit(on_sqlite)
    first = asyncio.ensure_future(on_sqlite.write(lambda store: store.first_time("first", LATER)))
    gone = asyncio.ensure_future(on_sqlite.write(open_case))
    stays = asyncio.ensure_future(on_sqlite.write(lambda store: open_case(store, 2)))
    await asyncio.sleep(0)
    gone.cancel()
    gate.set()
    await asyncio.gather(first, stays)
    assert [case.case_id for case in await on_sqlite.read(lambda store: store.find_cases())] == ["C-2"]


async def test_what_was_handed_in_before_closing_is_written(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    writes = [asyncio.ensure_future(database.write(partial(open_case, number=n))) for n in range(1, 20)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    with pytest.raises(StorageError, match="closed"):
        await database.write(open_case)
    assert raw_rows(sqlite_url, "SELECT COUNT(*) FROM cases") == [(19,)]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        await database.read(open_case)


async def test_the_database_of_the_simulation_keeps_the_same_promises() -> None:
    database = InlineDatabase()
    with pytest.raises(LookupError):
        database.run(fails_after_writing)
    database.run(open_case)
    assert await database.read(lambda store: store.count_cases()) == {"open": 1}
    with pytest.raises(StorageError):
        await database.read(lambda store: open_case(store, 2))
    with pytest.raises(RuleBroken):
        await database.write(open_case)
    await database.close()


async def test_a_second_opening_of_a_sqlite_file_is_refused_but_reading_is_not(sqlite_url: str) -> None:
    with pytest.raises(StorageError, match="no database"):
        await open_database(sqlite_url, read_only=True)
    database = await open_database(sqlite_url)
    with pytest.raises(StorageError, match="Another process"):
        await open_database(sqlite_url)
    await database.write(open_case)
    reader = await open_database(sqlite_url, read_only=True)
    assert await reader.read(lambda store: store.count_cases()) == {"open": 1}
    with pytest.raises(StorageError, match="for reading"):
        await reader.write(open_case)
    await reader.close()
    await database.close()
    await (await open_database(sqlite_url)).close()


@pytest.mark.parametrize(
    "url",
    ["", "countersign.db", "sqlite://", "sqlite:///", "sqlite://:memory:", "sqlite:///:memory:", "mysql://host/name"],
)
async def test_a_url_that_names_no_database_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StorageError, match="DATABASE_URL"):
        await open_database(url)


async def test_a_file_that_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database at all, but long enough to be looked at " * 20)
    with pytest.raises(StorageError, match="cannot be opened"):
        await open_database(f"sqlite:///{tmp_path}/notes.txt")


async def test_an_unreachable_server_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened") as refused:
        await open_database(f"postgresql://tests:hidden-word@/nothing?host={tmp_path}")
    assert "hidden-word" not in str(refused.value)


async def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path}/new/countersign.db")
    await database.write(open_case)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "new").iterdir()} == {0}
    await database.close()


async def test_a_refused_row_is_reported_without_its_values(cluster: Cluster) -> None:
    database = await open_database(cluster.fresh())
    await database.write(open_case)
    with pytest.raises(RuleBroken) as refused:
        await database.write(open_case)
    assert "C-1" not in str(refused.value)
    assert refused.value.__cause__ is None
    await database.close()


async def test_a_backup_holds_what_was_committed_and_is_never_overwritten(sqlite_url: str, tmp_path: Path) -> None:
    database = await open_database(sqlite_url)
    await database.write(approve_case)
    await database.backup(tmp_path / "backup.db")
    await database.write(lambda store: open_case(store, 2))
    with pytest.raises(StorageError, match="exists already"):
        await database.backup(tmp_path / "backup.db")
    await database.close()
    copy = await open_database(f"sqlite:///{tmp_path}/backup.db")
    assert await copy.read(lambda store: store.executions("C-1")) == (an_execution(),)
    assert await copy.read(lambda store: store.case("C-2")) is None
    assert (await copy.read(lambda store: store.verify())).broken is None
    await copy.close()
