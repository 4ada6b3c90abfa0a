"""Store everything in SQL: two engines, one set of statements. No other folder speaks SQL."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from storage.engine_sqlite import SqliteDatabase
from storage.errors import KeyReused, NotStored, RuleBroken, StorageError
from storage.session import OnDue
from storage.store import Store
from storage.verify import Verified

__all__ = [
    "Database",
    "KeyReused",
    "NotStored",
    "RuleBroken",
    "StorageError",
    "Store",
    "Verified",
    "open_database",
]

T = TypeVar("T")


class Database(Protocol):
    """Run transactions, which are plain functions of a `Store`: none of them awaits, and any may be run again."""

    on_due: OnDue | None  # called in the event loop after a commit that made work of the worker due

    @property
    def engine(self) -> str:
        """Return the engine's name, `sqlite` or `postgresql`."""
        ...

    async def write(self, fn: Callable[[Store], T]) -> T:
        """Run one transaction and return its result after the commit."""
        ...

    async def read(self, fn: Callable[[Store], T]) -> T:
        """Run `fn` on one snapshot of the database, on a connection that cannot write."""
        ...

    async def backup(self, path: str | Path) -> None:
        """Copy the database to a new file on SQLite; elsewhere raise a StorageError that names what to use instead."""
        ...

    async def close(self) -> None: ...


async def open_database(url: str, *, read_only: bool = False) -> Database:
    """Open `sqlite:///file`, `sqlite:////absolute/file` or `postgresql://…`, and migrate it unless it is read only.

    Raise StorageError with a sentence for the operator.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        path = rest.removeprefix("/")
        if not rest.startswith("/") or path in ("", ":memory:"):  # nothing is acknowledged that is not on a disk
            raise StorageError(
                "DATABASE_URL must name a file: write sqlite:///countersign.db or sqlite:////var/lib/….db."
            )
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(SqliteDatabase, path, loop, read_only=read_only)
    if scheme in ("postgresql", "postgres"):
        from storage.engine_postgresql import PostgresqlDatabase  # here: on SQLite nobody waits for its driver

        return await asyncio.to_thread(PostgresqlDatabase, url, read_only=read_only)
    raise StorageError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
