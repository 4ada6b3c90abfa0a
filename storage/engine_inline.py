"""One SQLite connection in the calling thread: for simulations, unit tests and databases in memory."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from storage.errors import StorageError
from storage.session import OnDue
from storage.sqlite_session import MEMORY, SqliteSession, connect, in_savepoint, migrate, translated
from storage.statements import SQLITE
from storage.store import Store

T = TypeVar("T")


class InlineDatabase:
    """A `Database` without threads. Raises StorageError at opening."""

    engine = SQLITE

    def __init__(self, path: str | Path = MEMORY) -> None:
        self._connection = connect(str(path))
        migrate(self._connection)
        self._store = Store(SqliteSession(self._connection))
        self.on_due: OnDue | None = None

    def run(self, fn: Callable[[Store], T]) -> T:
        """One transaction, begun and committed before this returns."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise translated(error) from error
        try:
            result = in_savepoint(self._connection, self._store, fn)
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if self.on_due is not None and self._store.due:
            self.on_due(self._store.due)
        return result

    async def write(self, fn: Callable[[Store], T]) -> T:
        return self.run(fn)

    async def read(self, fn: Callable[[Store], T]) -> T:
        self._connection.execute("PRAGMA query_only = ON")
        try:
            return fn(self._store)
        finally:
            self._connection.execute("PRAGMA query_only = OFF")

    async def backup(self, path: str | Path) -> None:
        """A consistent copy of everything; the file must not exist yet."""
        copy_to(self._connection, path)

    async def close(self) -> None:
        self._connection.close()


def copy_to(connection: sqlite3.Connection, path: str | Path) -> None:
    if Path(path).exists():
        raise StorageError(f"The backup {path} exists already and is not overwritten.")
    with closing(connect(str(path))) as target:
        connection.backup(target, pages=2000, sleep=0)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
