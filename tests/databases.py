"""Databases for tests: SQLite in a file, and a private PostgreSQL cluster that lives as long as the session."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from storage import Database, open_database
from storage.engine_postgresql import PostgresqlDatabase

PROGRAMS = Path("/usr/lib/postgresql")
ENGINES = ("sqlite", "postgresql")
TEMPLATE = "countersign_template"


class Cluster:
    """A PostgreSQL server on a socket in a directory of its own."""

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
        options = (
            f"-k {self.folder} -c listen_addresses='' -c fsync=off -c deadlock_timeout=100ms -c max_connections=200"
        )
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def url(self, name: str) -> str:
        return f"postgresql://tests@/{name}?host={self.folder}"

    def fresh(self) -> str:
        """The URL of a new database with the current schema."""
        return self.create(f"test_{next(self._numbers)}", TEMPLATE)

    def create(self, name: str, template: str = "template1") -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*_quoted(name, template)))
        return self.url(name)


def _quoted(*names: str) -> tuple[psycopg.sql.Identifier, ...]:
    return tuple(psycopg.sql.Identifier(name) for name in names)


def _ordinary_user() -> str:
    known = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _programs() -> Path | None:
    found = sorted(PROGRAMS.glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = _programs()
    if programs is None:
        reason = f"PostgreSQL: no server programs under {PROGRAMS}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="countersign-pg-"))  # a socket's path must be short
    cluster = Cluster(programs, folder)
    try:
        cluster.start()
        template = PostgresqlDatabase(cluster.create(TEMPLATE))
        template.shut()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Runs the test once on each engine."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database on the engine."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path}/countersign.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.fresh()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await open_database(database_url)
    yield opened
    await opened.close()
