"""Run transactions in the calling thread on a database in memory: for simulations and tests of pure transactions."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from storage import StorageError, Store
from storage.engine_sqlite import SqliteSession, in_savepoint, migrate, translated, with_pragmas
from storage.session import OnDue

T = TypeVar("T")


class InlineDatabase:
    """Keep the promises of a `Database` without a file, a thread or an event loop."""

    engine = "sqlite"

    def __init__(self) -> None:
        self._connection = with_pragmas(":memory:")
        migrate(self._connection)
        self._store = Store(SqliteSession(self._connection))
        self.on_due: OnDue | None = None

    @property
    def changes(self) -> int:
        """Count the rows ever written: while it stands still there is nothing new to look at."""
        return self._connection.total_changes

    def run(self, fn: Callable[[Store], T]) -> T:
        """Run one transaction, begun and committed before this returns."""
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
        raise StorageError(f"A database in memory is not copied to {path}.")

    async def close(self) -> None:
        self._connection.close()
