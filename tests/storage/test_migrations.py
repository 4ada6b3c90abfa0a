"""Test that every released version of the database opens, is brought up to date and goes on."""

import asyncio
import re
from pathlib import Path

import pytest

from bot.core.model import CaseState
from storage import StorageError, open_database
from storage.migrations import MIGRATIONS
from tests.support.databases import Cluster, restore
from tests.support.places import RELEASED_DATABASES as RELEASED
from tests.support.rows import LATER, WORKED, a_case, raw, raw_rows

NEVER = re.compile("append-only|cannot change")


def test_every_migration_has_a_database_of_its_version_to_start_from() -> None:
    for engine in ("sqlite", "postgresql"):
        assert [path.name for path in sorted(RELEASED.glob(f"*.{engine}.sql"))] == [
            f"{migration.name}.{engine}.sql" for migration in MIGRATIONS
        ]


async def test_a_database_of_every_released_version_opens_and_goes_on(released_url: str) -> None:
    database = await open_database(released_url)
    file = await database.read(lambda store: store.case_file("C-1"))
    assert file is not None
    assert file.executions[0].receipt is not None
    verified = await database.read(lambda store: store.verify())
    assert (verified.entries, verified.seals, verified.broken) == (7, 1, None)
    await database.write(
        lambda store: store.save_case(a_case(state=CaseState.DONE, revision=9), entry=WORKED, now=LATER)
    )
    with pytest.raises(Exception, match=NEVER):
        raw(released_url, "DELETE FROM audit")
    await database.close()


@pytest.mark.parametrize("name", [migration.name for migration in MIGRATIONS])
async def test_a_released_database_ends_with_the_same_schema_as_a_new_one(name: str, tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/{which}.db" for which in ("released", "new")]
    restore(urls[0], (RELEASED / f"{name}.sqlite.sql").read_text())
    schemas = []
    for url in urls:
        await (await open_database(url)).close()
        schemas.append(set(raw_rows(url, "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")))
    assert schemas[0] == schemas[1]


async def test_a_database_from_a_newer_version_is_refused(database_url: str) -> None:
    await (await open_database(database_url)).close()
    if database_url.startswith("sqlite"):
        newer = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('countersign', '9999_x', '')"
    else:
        newer = "INSERT INTO migrations VALUES ('9999_x', now())"
    raw(database_url, newer)
    with pytest.raises(StorageError, match="newer version"):
        await open_database(database_url)


async def test_several_processes_that_start_together_migrate_a_server_once(cluster: Cluster) -> None:
    url = cluster.create("started_together")
    databases = await asyncio.gather(*(open_database(url) for _ in range(4)))
    assert raw_rows(url, "SELECT name FROM migrations") == [(migration.name,) for migration in MIGRATIONS]
    for database in databases:
        await database.close()
