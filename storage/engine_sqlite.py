"""SQLite: one writer, group commit; readers with connections of their own.

The functions run on the event loop and only the COMMIT, which waits for the disk, in a thread: in a thread of their own
each statement handed the interpreter over and back, and whole cases cost a third more (docs/decisions.md).
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from storage.engine_inline import copy_to
from storage.errors import StorageError
from storage.session import OnDue
from storage.sqlite_session import SqliteSession, connect, in_savepoint, migrate, translated
from storage.statements import SQLITE
from storage.store import Store

T = TypeVar("T")
ClaimedExecution = Callable[[Store], Any]
Job = tuple[ClaimedExecution, "asyncio.Future[Any]"]
Done = tuple["asyncio.Future[Any]", Any, BaseException | None]

BATCH = 16  # functions that share one fsync at most: at some 0.3 ms each, the loop is not held for long
READERS = 4


class SqliteDatabase:
    """A `Database` over one file, used by one process: a second one is refused at opening."""

    engine = SQLITE

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop, *, read_only: bool = False) -> None:
        self._path = path
        self._loop = loop
        self._read_only = read_only
        self.on_due: OnDue | None = None
        self._due: dict[str, datetime] = {}  # by the batch that is under way
        self._waiting: deque[Job] = deque()
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
        """Returns after the commit; raises what `fn` raised, or StorageError where the commit failed."""
        if self._closed or self._read_only:
            raise StorageError("The database is closed." if self._closed else "The database was opened for reading.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append((fn, future))
        if self._idle.is_set():
            self._idle.clear()
            self._loop.call_soon(self._work)  # not at once: what is handed in during this turn shares the commit
        return await future

    async def read(self, fn: Callable[[Store], T]) -> T:
        """`fn` sees one moment of the database, however long it takes."""
        if self._closed:
            raise StorageError("The database is closed.")
        return await self._loop.run_in_executor(self._readers, self._read, fn)

    async def backup(self, path: str | Path) -> None:
        """A consistent copy of everything while others go on writing; the file must not exist yet."""

        def copy() -> None:
            with closing(connect(self._path, read_only=True)) as source:
                copy_to(source, path)

        await asyncio.to_thread(copy)

    async def close(self) -> None:
        """What was handed in before is written first."""
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
        """One batch; nothing else touches the connection until it is committed."""
        if not self._waiting:
            self._idle.set()
            return
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
        before = self._connection.total_changes
        done = self._run_together(jobs)
        if self._connection.in_transaction and self._connection.total_changes != before:
            self._committer.submit(self._commit_elsewhere, done)
        else:  # a claim that found nothing waits for no disk
            self._go_on(self._commit(done) if self._connection.in_transaction else done)

    def _run_together(self, jobs: list[Job]) -> list[Done]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            return [self._run(job) for job in jobs if not job[1].cancelled()]
        except sqlite3.Error as error:
            return self._undone([future for _, future in jobs], error)

    def _commit(self, done: list[Done]) -> list[Done]:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            return self._undone([future for future, _, _ in done], error)
        return done

    def _commit_elsewhere(self, done: list[Done]) -> None:
        done = self._commit(done)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._go_on, done)

    def _undone(self, futures: list["asyncio.Future[Any]"], error: sqlite3.Error) -> list[Done]:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        failure = translated(error)
        self._due = {}
        return [(future, None, failure) for future in futures]

    def _go_on(self, done: list[Done]) -> None:
        _resolve(done)
        due, self._due = self._due, {}
        self._loop.call_soon(self._work)
        if self.on_due is not None and due:
            self.on_due(due)

    def _run(self, job: Job) -> Done:
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


def _resolve(done: list[Done]) -> None:
    for future, result, error in done:
        if future.done():  # whoever waited was cancelled
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def lock_file(path: str) -> int:
    """Two processes on one file would each believe that nobody else holds a lease."""
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
