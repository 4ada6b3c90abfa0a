"""Test the history: append-only, chained, sealed, and able to tell what was done to it."""

import re
from pathlib import Path

import psycopg
import pytest

from bot.core.model import CaseState
from storage import Database, Store, open_database
from tests.support.databases import Cluster
from tests.support.rows import (
    LATER,
    NOW,
    RECEIVED,
    WORKED,
    a_call,
    a_case,
    a_decision,
    add_call,
    an_attempt,
    an_execution,
    approve_case,
    open_case,
    raw,
    raw_rows,
    running,
)

NEVER = re.compile("append-only|cannot change")
GUARDED = ("audit", "seals", "seal_heads")


def without_triggers(url: str, *statements: str) -> None:
    """Execute what somebody with the database password can after dropping the guards."""
    if url.startswith("sqlite"):
        drops = [f"DROP TRIGGER {table}_{rule}" for table in GUARDED for rule in ("fixed", "kept")]
    else:
        drops = [f"DROP TRIGGER {table}_kept ON {table}" for table in GUARDED]
    raw(url, *drops, *statements)


async def three_cases_of_three_entries(database: Database) -> None:
    def write(store: Store) -> None:
        for number in (1, 2, 3):
            open_case(store, number)
            store.append(f"C-{number}", WORKED, NOW)
            store.append(f"C-{number}", RECEIVED, LATER)

    await database.write(write)


async def broken(database: Database) -> str | None:
    return (await database.read(lambda store: store.verify())).broken


async def test_the_history_comes_back_in_order_with_what_was_said(database: Database) -> None:
    await three_cases_of_three_entries(database)
    history = await database.read(lambda store: store.history("C-2"))
    assert [(line.n, line.at, line.entry) for line in history] == [
        (1, NOW, RECEIVED),
        (2, NOW, WORKED),
        (3, LATER, RECEIVED),
    ]
    assert [line.previous_hash for line in history[1:]] == [line.hash for line in history[:-1]]


async def test_an_untouched_history_verifies_and_is_counted(database: Database) -> None:
    await three_cases_of_three_entries(database)
    await database.write(lambda store: store.seal(NOW))
    assert await database.read(lambda store: store.verify()) == (9, 3, 1, None)


async def test_both_engines_compute_the_same_hashes(cluster: Cluster, tmp_path: Path) -> None:
    hashes = []
    for url in (cluster.fresh(), f"sqlite:///{tmp_path}/countersign.db"):
        database = await open_database(url)
        await three_cases_of_three_entries(database)
        hashes.append([line.hash for line in await database.read(lambda store: store.history("C-3"))])
        await database.close()
    assert hashes[0] == hashes[1]


OF_THE_CASE = "WHERE case_id = 'C-2'"
CUT = f"DELETE FROM audit {OF_THE_CASE}"
BEHEADED = f"DELETE FROM audit_heads {OF_THE_CASE}"
MOVED = "UPDATE audit SET n = {} WHERE case_id = 'C-3' AND n = {}"
SHORTENED = f"UPDATE audit_heads SET n = 2, hash = (SELECT hash FROM audit {OF_THE_CASE} AND n = 2) {OF_THE_CASE}"


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["UPDATE audit SET actor = 'U9' WHERE case_id = 'C-2' AND n = 2"], "entry 2 of case C-2 was altered"),
        (["UPDATE audit SET data = 'nothing' WHERE case_id = 'C-2' AND n = 2"], "entry 2 of case C-2 was altered"),
        ([f"{CUT} AND n = 2"], "entry 2 of case C-2 is missing"),
        ([f"{CUT} AND n = 3"], "entry 3 of case C-2 is missing"),
        (
            [MOVED.format(9, 2), MOVED.format(2, 3), MOVED.format(3, 9)],
            "entry 2 of case C-3 does not follow the one before: reordered or replaced",
        ),
        ([CUT], "entry 3 of case C-2, its last one, is missing"),
    ],
    ids=["altered", "no longer JSON", "an inner one", "the last one", "in another order", "a whole case"],
)
async def test_a_forged_entry_is_named(
    database: Database, database_url: str, statements: list[str], sentence: str
) -> None:
    await three_cases_of_three_entries(database)
    without_triggers(database_url, *statements)
    assert await broken(database) == sentence


@pytest.mark.parametrize(
    ("statements", "rewritten", "sentence"),
    [
        ([CUT, BEHEADED], 0, "case C-2 is missing: seal 1 names its entry 3"),
        ([f"{CUT} AND n = 3", SHORTENED], 0, "case C-2 is missing: seal 1 names its entry 3"),
        ([CUT, BEHEADED], 3, "entry 3 of case C-2 is not the one that seal 1 names"),
        (["DELETE FROM seal_heads", "DELETE FROM seals"], 0, "the seal over entry 3 of case C-1 is missing"),
    ],
    ids=["removed with its head", "shortened with its head", "written anew", "without its seal"],
)
async def test_a_forged_history_is_named_by_the_seal(
    database: Database, database_url: str, statements: list[str], rewritten: int, sentence: str
) -> None:
    await three_cases_of_three_entries(database)
    await database.write(lambda store: store.seal(NOW))
    without_triggers(database_url, *statements)
    for _ in range(rewritten):
        await database.write(lambda store: store.append("C-2", WORKED, NOW))
    assert await broken(database) == sentence


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        ("UPDATE seals SET at = '2025-01-01T00:00:00.000000Z' WHERE n = 1", "seal 1 was altered"),
        ("DELETE FROM seal_heads WHERE seal_n = 1 AND case_id = 'C-2'", "seal 1 was altered"),
        ("UPDATE seals SET previous_hash = hash WHERE n = 2", "seal 2 does not follow the one before"),
    ],
)
async def test_an_altered_seal_is_named(database: Database, database_url: str, tampering: str, sentence: str) -> None:
    await three_cases_of_three_entries(database)
    await database.write(lambda store: store.seal(NOW))
    await database.write(lambda store: store.append("C-1", WORKED, LATER))
    await database.write(lambda store: store.seal(LATER))
    without_triggers(database_url, tampering)
    assert re.match(sentence, await broken(database) or "")


async def test_a_seal_covers_only_what_moved_since_the_last_one(database: Database, database_url: str) -> None:
    await three_cases_of_three_entries(database)
    assert await database.write(lambda store: store.seal(NOW)) == 1
    assert await database.write(lambda store: store.seal(NOW)) is None
    await database.write(lambda store: store.append("C-2", WORKED, LATER))
    assert await database.write(lambda store: store.seal(LATER)) == 2
    assert raw_rows(database_url, "SELECT case_id, n FROM seal_heads WHERE seal_n = 2") == [("C-2", 4)]
    assert await broken(database) is None


async def everything(database: Database) -> None:
    """Write a row in every table that must not change."""

    def write(store: Store) -> None:
        add_call(store, a_call())
        approve_case(store)
        store.add_decision(a_decision(), entry=WORKED)
        store.save_execution(running(an_execution()), entry=WORKED, now=NOW)
        store.add_attempt(an_attempt())
        store.end_attempt(an_attempt().model_copy(update={"ended_at": NOW, "outcome": "succeeded"}))
        store.seal(NOW)

    await database.write(write)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'U9'",
        "DELETE FROM audit",
        "UPDATE seals SET hash = ''",
        "DELETE FROM seal_heads",
        "UPDATE decisions SET verdict = 'reject'",
        "DELETE FROM decisions",
        "UPDATE proposals SET data = '{}'",
        "UPDATE calls SET data = '{}'",
        "DELETE FROM calls",
        "UPDATE attempts SET outcome = 'refused'",
        "DELETE FROM attempts",
        "UPDATE executions SET fingerprint = 'another'",
        "UPDATE receipts SET vendor_id = 're_2'",
        "DELETE FROM receipts",
    ],
)
async def test_what_is_written_for_ever_cannot_be_changed(
    database: Database, database_url: str, statement: str
) -> None:
    await everything(database)
    insert = "INSERT INTO receipts (key, vendor_id, stored_at, data) VALUES ('call-1/refund/1', 're_1', '', '{}')"
    raw(database_url, insert)
    with pytest.raises(Exception, match=NEVER):
        raw(database_url, statement)


async def test_the_audit_of_a_server_cannot_be_emptied_at_once(cluster: Cluster) -> None:
    url = cluster.fresh()
    await (await open_database(url)).close()
    with pytest.raises(psycopg.errors.CheckViolation, match="cannot change"):
        raw(url, "TRUNCATE audit")


async def test_a_refused_change_leaves_no_line_in_the_history(database: Database) -> None:
    await database.write(open_case)
    expired = a_case(state=CaseState.EXPIRED, revision=2)
    await database.write(lambda store: store.save_case(expired, entry=WORKED, now=NOW))
    with pytest.raises(Exception, match="cannot"):
        await database.write(lambda store: store.save_case(a_case(revision=3), entry=WORKED, now=NOW))
    assert len(await database.read(lambda store: store.history("C-1"))) == 2
