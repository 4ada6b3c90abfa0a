"""Run every transaction: load, ask core, save, audit. Functions are plain; they never await and never call out."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from storage import Store

T = TypeVar("T")


class Database(Protocol):
    """Run functions of this package in transactions: all that a handler knows of storage."""

    async def read(self, fn: Callable[[Store], T]) -> T:
        """Return what the function makes of one moment of the database."""
        ...

    async def write(self, fn: Callable[[Store], T]) -> T:
        """Return what the function returns, once its transaction is committed."""
        ...
