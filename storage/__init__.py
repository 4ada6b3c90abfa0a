"""The only folder that speaks SQL: two engines, one set of statements."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from storage.engine_inline import InlineDatabase
from storage.engine_sqlite import SqliteDatabase
from storage.errors import KeyReused, NotStored, RuleBroken, StorageError
from storage.session import OnDue
from storage.sqlite_session import MEMORY
from storage.store import Store
from storage.verify import Verified

__all__ = [
    "Database",
    "InlineDatabase",
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
    """Transactions of plain functions over a `Store`; none of them awaits, and any may be run again."""

    on_due: OnDue | None  # called in the event loop after a commit that made work of the worker due

    @property
    def engine(self) -> str:
        """`sqlite` or `postgresql`."""
        ...

    async def write(self, fn: Callable[[Store], T]) -> T:
        """One transaction; returns after its commit."""
        ...

    async def read(self, fn: Callable[[Store], T]) -> T:
        """One moment of the database, on a connection that cannot write."""
        ...

    async def backup(self, path: str | Path) -> None:
        """SQLite only; elsewhere a StorageError names what to use instead."""
        ...

    async def close(self) -> None: ...


async def open_database(url: str, *, read_only: bool = False) -> Database:
    """`sqlite:///file`, `sqlite:////absolute/file`, `sqlite://:memory:` or `postgresql://…`; migrates unless read only.

    Raises StorageError with a sentence for the operator.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        path = rest.removeprefix("/")
        if path == MEMORY:
            return InlineDatabase()
        if not path or not rest.startswith("/"):
            raise StorageError("DATABASE_URL names no file: write sqlite:///countersign.db or sqlite:////var/lib/….db.")
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(SqliteDatabase, path, loop, read_only=read_only)
    if scheme in ("postgresql", "postgres"):
        from storage.engine_postgresql import PostgresqlDatabase  # here: on SQLite nobody waits for its driver

        return await asyncio.to_thread(PostgresqlDatabase, url, read_only=read_only)
    raise StorageError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
