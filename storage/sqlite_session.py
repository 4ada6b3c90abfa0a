"""One SQLite connection as the store sees it, and how connections are opened and migrated."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import sqlite_utils
from sqlite_utils.migrations import Migrations

from storage.errors import RuleBroken, StorageError
from storage.migrations import MIGRATIONS, Migration
from storage.session import Params, Row
from storage.statements import SQLITE, Texts
from storage.store import Store

T = TypeVar("T")
MEMORY = ":memory:"
OLDEST = (3, 37, 0)  # the first with STRICT tables
BUSY_MS = 10_000
PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # else REPLACE deletes without asking the triggers
    "PRAGMA cache_size = -16000",  # KiB
    "PRAGMA temp_store = MEMORY",
)


class SqliteSession:
    """A `Session` over one connection that is used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany
        self._texts = Texts(SQLITE)

    def rows(self, text: str, params: Params) -> list[Row]:
        try:
            return self._execute(self._texts[text], params).fetchall()
        except sqlite3.Error as error:
            raise translated(error) from error

    def row(self, text: str, params: Params) -> Row | None:
        found = self.rows(text, params)
        return found[0] if found else None

    def run(self, text: str, params: Params) -> int:
        try:
            return self._execute(self._texts[text], params).rowcount
        except sqlite3.Error as error:
            raise translated(error) from error

    def many(self, text: str, params: Iterable[Params]) -> None:
        try:
            self._executemany(self._texts[text], params)
        except sqlite3.Error as error:
            raise translated(error) from error

    def stream(self, text: str) -> Iterator[Row]:
        try:
            yield from self._execute(self._texts[text])
        except sqlite3.Error as error:
            raise translated(error) from error


def translated(error: sqlite3.Error) -> StorageError:
    """Names the rule or the fault, never a value."""
    return (RuleBroken if isinstance(error, sqlite3.IntegrityError) else StorageError)(str(error))


def in_savepoint(connection: sqlite3.Connection, store: Store, fn: Callable[[Store], T]) -> T:
    """Runs `fn` inside the open transaction; what it raises undoes what it did and nothing else."""
    connection.execute("SAVEPOINT one")
    store.due = {}
    try:
        result = fn(store)
    except BaseException:
        if connection.in_transaction:  # a full disk, for one, has ended the whole transaction already
            connection.execute("ROLLBACK TO one")
            connection.execute("RELEASE one")
        raise
    connection.execute("RELEASE one")
    return result


def connect(path: str, *, read_only: bool = False) -> sqlite3.Connection:
    """Raises StorageError with a sentence where the file cannot be a database of ours."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StorageError(f"SQLite 3.37 or newer is needed; this Python brings {sqlite3.sqlite_version}.")
    try:
        if path != MEMORY and not read_only:
            _create(Path(path))
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The database {path} cannot be opened: {error}.") from error
    return connection


def _create(path: Path) -> None:
    """A new file is for its owner only: it holds personal data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def migrate(connection: sqlite3.Connection) -> None:
    """Brings an older file up to date, one transaction a migration. A file from a newer version is a StorageError."""
    database = sqlite_utils.Database(connection, execute_plugins=False)
    migrations = Migrations("countersign")
    for migration in MIGRATIONS:
        migrations(name=migration.name)(_applied_by(migration))
    unknown = {done.name for done in migrations.applied(database)} - {migration.name for migration in MIGRATIONS}
    if unknown:
        raise StorageError(
            f"The database was written by a newer version of Countersign ({', '.join(sorted(unknown))})."
        )
    try:
        migrations.apply(database)
    except sqlite3.Error as error:
        raise StorageError(f"The database cannot be brought up to date: {error}.") from error


def _applied_by(migration: Migration) -> Callable[[sqlite_utils.Database], None]:
    def apply(database: sqlite_utils.Database) -> None:
        for statement in migration.statements(SQLITE):
            database.conn.execute(statement)

    return apply
