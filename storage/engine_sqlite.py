"""Run transactions on SQLite: one writer with group commit, and readers with connections of their own.

The functions run on the event loop and only the COMMIT, which waits for the disk, in a thread: in a thread of their own
each statement handed the interpreter over and back, and whole cases cost a third more (docs/decisions.md).
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils
from sqlite_utils.migrations import Migrations

from storage.errors import RuleBroken, StorageError
from storage.migrations import MIGRATIONS, Migration
from storage.session import SQLITE, OnDue, Params, Row, Texts
from storage.store import Store

T = TypeVar("T")
Transaction = Callable[[Store], Any]
Queued = tuple[Transaction, "asyncio.Future[Any]"]
Finished = tuple["asyncio.Future[Any]", Any, BaseException | None]

BATCH = 16  # functions that share one fsync at most: at some 0.3 ms each, the loop is not held for long
READERS = 4
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


class SqliteDatabase:
    """Hold one database file for this process: a second process is refused at opening."""

    engine = SQLITE

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop, *, read_only: bool = False) -> None:
        self._path = path
        self._loop = loop
        self._read_only = read_only
        self.on_due: OnDue | None = None
        self._due: dict[str, datetime] = {}  # by the batch that is under way
        self._waiting: deque[Queued] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="countersign-read")
        self._reader = threading.local()
        self._reader_connections: list[sqlite3.Connection] = []
        self._lock_fd = None if read_only else lock_file(path)
        try:
            self._open()
        except BaseException:
            self._unlock()
            raise

    def _open(self) -> None:
        if self._read_only and not Path(self._path).is_file():
            raise StorageError(f"There is no database {self._path} yet.")
        self._connection = connect(self._path, read_only=self._read_only)
        if not self._read_only:
            migrate(self._connection)
        self._store = Store(SqliteSession(self._connection))
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="countersign-commit")

    async def write(self, fn: Callable[[Store], T]) -> T:
        """Run `fn` and return after the commit; raise what `fn` raised, or StorageError if the commit failed."""
        if self._closed or self._read_only:
            raise StorageError("The database is closed." if self._closed else "The database was opened for reading.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((fn, future))
        if self._idle.is_set():
            self._idle.clear()
            self._loop.call_soon(self._work)  # not at once: what is handed in during this turn shares the commit
        return await future

    async def read(self, fn: Callable[[Store], T]) -> T:
        """Run `fn` on one snapshot of the database, however long it takes."""
        if self._closed:
            raise StorageError("The database is closed.")
        return await self._loop.run_in_executor(self._readers, self._read, fn)

    async def backup(self, path: str | Path) -> None:
        """Copy one consistent snapshot to a new file while others go on writing."""
        await asyncio.to_thread(_copy, self._path, path)

    async def close(self) -> None:
        """Write what was handed in before, then close every connection and release the file."""
        if self._closed:
            return
        self._closed = True
        await self._idle.wait()
        await asyncio.to_thread(self._committer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in (*self._reader_connections, self._connection):
            connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock_fd is not None:
            os.close(self._lock_fd)

    def _read(self, fn: Callable[[Store], T]) -> T:
        connection, store = self._reader_of_this_thread()
        connection.execute("BEGIN")
        try:
            return fn(store)
        finally:
            connection.execute("ROLLBACK")

    def _reader_of_this_thread(self) -> tuple[sqlite3.Connection, Store]:
        if not hasattr(self._reader, "pair"):
            connection = connect(self._path, read_only=True)
            self._reader_connections.append(connection)
            self._reader.pair = connection, Store(SqliteSession(connection))
        pair: tuple[sqlite3.Connection, Store] = self._reader.pair
        return pair

    def _work(self) -> None:
        """Run one batch; nothing else touches the connection until it is committed."""
        if not self._waiting:
            self._idle.set()
            return
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
        before = self._connection.total_changes
        done = self._run_together(jobs)
        if self._connection.in_transaction and self._connection.total_changes != before:
            self._committer.submit(self._commit_in_thread, done)
        else:  # a claim that found nothing waits for no disk
            self._finish(self._commit(done) if self._connection.in_transaction else done)

    def _run_together(self, jobs: list[Queued]) -> list[Finished]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            return [self._run(job) for job in jobs if not job[1].cancelled()]
        except sqlite3.Error as error:
            return self._failed([future for _, future in jobs], error)

    def _commit(self, done: list[Finished]) -> list[Finished]:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            return self._failed([future for future, _, _ in done], error)
        return done

    def _commit_in_thread(self, done: list[Finished]) -> None:
        done = self._commit(done)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish, done)

    def _failed(self, futures: list["asyncio.Future[Any]"], error: sqlite3.Error) -> list[Finished]:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        failure = translated(error)
        self._due = {}
        return [(future, None, failure) for future in futures]

    def _finish(self, done: list[Finished]) -> None:
        _resolve(done)
        due, self._due = self._due, {}
        self._loop.call_soon(self._work)
        if self.on_due is not None and due:
            self.on_due(due)

    def _run(self, job: Queued) -> Finished:
        fn, future = job
        try:
            result = in_savepoint(self._connection, self._store, fn)
        except StopIteration as error:  # which a future cannot carry
            return future, None, RuntimeError(repr(error))
        except BaseException as error:
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError(f"the transaction was lost: {error}") from error
            return future, None, error
        self._due |= {lane: min(at, self._due.get(lane, at)) for lane, at in self._store.due.items()}
        return future, result, None


def _resolve(done: list[Finished]) -> None:
    for future, result, error in done:
        if future.done():  # whoever waited was cancelled
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def lock_file(path: str) -> int:
    """Lock the file for this process and return the descriptor that holds the lock."""
    # Two processes on one file would each believe that nobody else holds a lease.
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StorageError(
            f"Another process has the database {path} open. Stop it first, or use PostgreSQL for several."
        ) from None
    return descriptor


class SqliteSession:
    """Execute statements on one connection, which one thread uses at a time."""

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
        rows = self.rows(text, params)
        return rows[0] if rows else None

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
    """Return our error for one of the driver's: it names the rule or the fault, never a value."""
    return (RuleBroken if isinstance(error, sqlite3.IntegrityError) else StorageError)(str(error))


def in_savepoint(connection: sqlite3.Connection, store: Store, fn: Callable[[Store], T]) -> T:
    """Run `fn` inside the open transaction; if it raises, undo what it did and nothing else."""
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
    """Open a connection to the file; raise StorageError with a sentence if it cannot be a database of ours."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StorageError(f"SQLite 3.37 or newer is needed; this Python brings {sqlite3.sqlite_version}.")
    try:
        if not read_only:
            _create(Path(path))
        connection = with_pragmas(path)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The database {path} cannot be opened: {error}.") from error
    return connection


def with_pragmas(path: str) -> sqlite3.Connection:
    """Open a connection with our settings and without the driver's own transactions."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def _create(path: Path) -> None:
    """Create the file for its owner only: it holds personal data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an older file up to date, one transaction a migration; raise StorageError for one of a newer version."""
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


def _copy(source_path: str, path: str | Path) -> None:
    if Path(path).exists():
        raise StorageError(f"The backup {path} exists already and is not overwritten.")
    with closing(connect(source_path, read_only=True)) as source, closing(connect(str(path))) as target:
        source.backup(target, pages=2000, sleep=0)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself


def _applied_by(migration: Migration) -> Callable[[sqlite_utils.Database], None]:
    def apply(database: sqlite_utils.Database) -> None:
        for statement in migration.statements(SQLITE):
            database.conn.execute(statement)

    return apply
