"""Run transactions on PostgreSQL: a pool of connections used from threads, by any number of processes."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from storage.errors import RuleBroken, StorageError
from storage.migrations import MIGRATIONS
from storage.session import POSTGRESQL, Due, OnDue, Params, Row, Texts
from storage.store import Store

T = TypeVar("T")
Connection = psycopg.Connection[Row]
Pool = ConnectionPool[Connection]

WRITERS = 4  # more than this wait for the interpreter, not for the server
READERS = 4
TRIES = 8
OPEN_S = 10.0  # how long opening waits for the server
MIGRATION_LOCK = 7_261_948_273  # any number that nothing else on the server uses
AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)
HISTORY_TABLE = "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL)"


class PostgresqlSession:
    """Execute statements on one connection inside one transaction."""

    def __init__(self, connection: Connection, texts: Texts) -> None:
        self._connection = connection
        self._texts = texts

    def _execute(self, text: str, params: Params) -> psycopg.Cursor[Row]:
        try:
            return self._connection.execute(self._texts[text], params)
        except AGAIN:
            raise
        except psycopg.Error as error:
            raise translated(error) from None  # the driver's text holds values

    def rows(self, text: str, params: Params) -> list[Row]:
        return self._execute(text, params).fetchall()

    def row(self, text: str, params: Params) -> Row | None:
        return self._execute(text, params).fetchone()

    def run(self, text: str, params: Params) -> int:
        return self._execute(text, params).rowcount

    def many(self, text: str, params: Iterable[Params]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(self._texts[text], params)

    def stream(self, text: str) -> Iterator[Row]:
        with self._connection.cursor(name=f"stream_{uuid4().hex}") as cursor:
            cursor.itersize = 2000
            cursor.execute(self._texts[text])
            yield from cursor


def translated(error: psycopg.Error) -> StorageError:
    """Return our error for one of the server's, without its DETAIL, which holds values."""
    sentence = error.diag.message_primary or type(error).__name__
    return (RuleBroken if isinstance(error, psycopg.IntegrityError) else StorageError)(sentence)


class PostgresqlDatabase:
    """Run transactions on a server, each in a thread of its own with its own connection."""

    engine = POSTGRESQL

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._texts = Texts(POSTGRESQL)
        self._read_only = read_only
        self.on_due: OnDue | None = None
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=int(OPEN_S)) as connection:
                check(connection) if read_only else migrate(connection)
        except psycopg.Error as error:
            raise StorageError(f"The PostgreSQL database cannot be opened: {_without_url(error, url)}.") from None
        self._write_pool: Pool = _pool(url, WRITERS, _configure_writer)
        self._read_pool: Pool = _pool(url, READERS, _configure_reader)
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="countersign-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="countersign-read")

    async def write(self, fn: Callable[[Store], T]) -> T:
        """Run `fn` and return after the commit; run it again if the server asks for it."""
        if self._read_only:
            raise StorageError("The database was opened for reading.")
        return await self._on(self._writers, partial(self._write, asyncio.get_running_loop()), fn)

    async def read(self, fn: Callable[[Store], T]) -> T:
        """Run `fn` on one snapshot of the database, however long it takes."""
        return await self._on(self._readers, self._read, fn)

    async def _on(self, threads: ThreadPoolExecutor, run: Callable[[Any], T], fn: Callable[[Store], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, run, fn)
        except (psycopg.Error, PoolTimeout) as error:
            raise StorageError(f"PostgreSQL failed: {type(error).__name__}.") from None

    def _write(self, loop: asyncio.AbstractEventLoop, fn: Callable[[Store], T]) -> T:
        result, due = self._tried(fn)
        if self.on_due is not None and due:
            loop.call_soon_threadsafe(self.on_due, due)
        return result

    def _tried(self, fn: Callable[[Store], T]) -> tuple[T, Due]:
        for attempt in range(1, TRIES):
            try:
                return self._once(self._write_pool, fn)
            except AGAIN:
                time.sleep(0.002 * attempt)
        return self._once(self._write_pool, fn)

    def _read(self, fn: Callable[[Store], T]) -> T:
        return self._once(self._read_pool, fn)[0]

    def _once(self, pool: Pool, fn: Callable[[Store], T]) -> tuple[T, Due]:
        with pool.connection() as connection, connection.transaction():
            store = Store(PostgresqlSession(connection, self._texts))
            result = fn(store)
        return result, store.due

    async def backup(self, path: str | Path) -> None:
        """Refuse: a server has its own means."""
        raise StorageError("On PostgreSQL use pg_dump, or the server's own backups.")

    async def close(self) -> None:
        """Finish what runs, then close every connection."""
        await asyncio.to_thread(self._shut)

    def _shut(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._write_pool.close()
        self._read_pool.close()


def _pool(url: str, size: int, configure: Callable[[Connection], None]) -> Pool:
    return ConnectionPool(
        url, min_size=1, max_size=size, open=True, configure=configure, kwargs={"prepare_threshold": 1}, timeout=OPEN_S
    )


def _configure_writer(connection: Connection) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED


def _configure_reader(connection: Connection) -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def migrate(connection: Connection) -> None:
    """Bring an older database up to date; of processes that start together one does it and the others wait."""
    connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        connection.execute(HISTORY_TABLE)
        applied = check(connection)
        for migration in MIGRATIONS:
            if migration.name not in applied:
                with connection.transaction():
                    for statement in migration.statements(POSTGRESQL):
                        connection.execute(statement.encode())
                    connection.execute("INSERT INTO migrations VALUES (%s, now())", [migration.name])
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def check(connection: Connection) -> set[str]:
    """Return the names of the migrations applied; raise StorageError for a database of a newer version."""
    applied = {str(row[0]) for row in connection.execute("SELECT name FROM migrations")}
    unknown = applied - {migration.name for migration in MIGRATIONS}
    if unknown:
        raise StorageError(
            f"The database was written by a newer version of Countersign ({', '.join(sorted(unknown))})."
        )
    return applied


def _without_url(error: psycopg.Error, url: str) -> str:
    return str(error).replace(url, "DATABASE_URL").strip().splitlines()[0].rstrip(".")
