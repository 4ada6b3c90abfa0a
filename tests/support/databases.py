"""Open databases for tests: SQLite in a file, and a private PostgreSQL cluster that lives as long as the session."""

import os
import pwd
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg.sql import SQL, Identifier

from storage import Database, open_database
from storage.engine_sqlite import SqliteDatabase
from storage.migrations import MIGRATIONS
from tests.support.places import RELEASED_DATABASES

PROGRAMS = Path("/usr/lib/postgresql")
ENGINES = ("sqlite", "postgresql")
OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "listen_addresses=''",
        "max_connections=200",
        "deadlock_timeout=100ms",
        "fsync=off",
        "full_page_writes=off",
        "autovacuum=off",
        "wal_level=minimal",
        "max_wal_senders=0",
        "max_wal_size=4GB",
    )
)


class Cluster:
    """Run a PostgreSQL server on a socket in a directory of its own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self._data = folder / "data"
        self._numbers = count(1)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:  # the server refuses to run as root
            command = ["setpriv", f"--reuid={_ordinary_user()}", "--clear-groups", *command]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)

    def start(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, _ordinary_user())
        self._run("initdb", "-D", str(self._data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        options = f"-k {self.folder} {OPTIONS}"
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://tests@/{name}?host={self.folder}"

    def fresh(self) -> str:
        """Return the URL of an empty schema, which takes a tenth of the time of a database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(name)))
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def create(self, name: str) -> str:
        """Create a database and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.url(name)


def _ordinary_user() -> str:
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def programs() -> Path | None:
    """Return the folder of the newest installed server's programs."""
    found = sorted(PROGRAMS.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    found = programs()
    if found is None:
        reason = f"PostgreSQL: no server programs under {PROGRAMS}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))  # a socket's path must be short
    cluster = Cluster(found, folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Run the test once on each engine."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a fresh database on the engine."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path}/countersign.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.fresh()


@pytest.fixture(params=[migration.name for migration in MIGRATIONS])
def released_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database as each released version left it, on the engine."""
    url = f"sqlite:///{tmp_path}/released.db"
    if engine == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create(f"released_{secrets.token_hex(4)}")
    restore(url, (RELEASED_DATABASES / f"{request.param}.{engine}.sql").read_text())
    return url


def restore(url: str, dump: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(dump)
        return
    with psycopg.connect(url) as server:
        server.execute(dump.encode())


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()


def held_commit(database: Database) -> threading.Event:
    """Make the next commit wait until the returned event is set, as for a slow disk."""
    assert isinstance(database, SqliteDatabase)
    gate = threading.Event()
    database._committer.submit(gate.wait, 30)
    return gate
