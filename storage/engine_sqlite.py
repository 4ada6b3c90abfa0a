"""SQLite: one writer thread, group commit; readers with connections of their own."""

import asyncio
import fcntl
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from storage.engine_inline import copy_to
from storage.errors import StorageError
from storage.sqlite_session import SqliteSession, connect, in_savepoint, migrate, translated
from storage.statements import SQLITE
from storage.store import Store

T = TypeVar("T")
Work = Callable[[Store], Any]
Job = tuple[Work, "asyncio.Future[Any]"]
Done = tuple["asyncio.Future[Any]", Any, BaseException | None]

BATCH = 256  # functions that share one fsync at most: bounds how long the first one waits for the last
READERS = 4
# Every statement gives up the interpreter lock and waits to get it back from a busy event loop. The default of 5 ms
# let writes fall to 40 a second beside a loop that never rests; 0.2 ms held more than 2,500 in every measured run.
SWITCH_S = 0.0002


class SqliteDatabase:
    """A `Database` over one file, used by one process: a second one is refused at opening."""

    engine = SQLITE

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop, *, read_only: bool = False) -> None:
        self._path = path
        self._loop = loop
        self._read_only = read_only
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
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
            sys.setswitchinterval(SWITCH_S)
        self._writer = threading.Thread(target=self._write_all, name="countersign-write", daemon=True)
        self._writer.start()

    async def write(self, fn: Callable[[Store], T]) -> T:
        """Returns after the commit; raises what `fn` raised, or StorageError where the commit failed."""
        if self._closed or self._read_only:
            raise StorageError("The database is closed." if self._closed else "The database was opened for reading.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put((fn, future))
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
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
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

    def _write_all(self) -> None:
        store = Store(SqliteSession(self._connection))
        open_for_work = True
        while open_for_work:
            jobs, open_for_work = self._take()
            if jobs:
                done = self._commit_together(store, jobs)
                self._answer(done)

    def _take(self) -> tuple[list[Job], bool]:
        """All that wait, at least one; False when nothing will follow."""
        job = self._queue.get()
        jobs: list[Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == BATCH:
                return jobs, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs, True
        return jobs, False

    def _commit_together(self, store: Store, jobs: list[Job]) -> list[Done]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            done = [self._run(store, job) for job in jobs if not job[1].cancelled()]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            failure = translated(error)
            return [(future, None, failure) for _, future in jobs]
        return done

    def _run(self, store: Store, job: Job) -> Done:
        fn, future = job
        try:
            return future, in_savepoint(self._connection, store, fn), None
        except StopIteration as error:  # which a future cannot carry
            return future, None, RuntimeError(repr(error))
        except BaseException as error:
            if not self._connection.in_transaction:
                raise sqlite3.OperationalError(f"the transaction was lost: {error}") from error
            return future, None, error

    def _answer(self, done: list[Done]) -> None:
        """Wakes the event loop once for all of them."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_resolve, done)


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
