"""Provide the whole way of a case: the bot on each engine in turn, or on SQLite alone, beside the sandbox."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.shell import shell
from tests.support.world import OpenWorld, World, a_world, open_world, sqlite_world

__all__ = ["open_world", "shell", "sqlite_world"]

PUBLIC = "https://countersign.example"


@pytest_asyncio.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Yield the bot on each engine in turn."""
    async with a_world(database_url) as world:
        yield world


@pytest_asyncio.fixture
async def connected(open_world: OpenWorld) -> AsyncIterator[World]:
    """Yield the bot on SQLite with every system connected, and with a public address for links."""
    async with open_world(every_system=True, public_url=PUBLIC) as world:
        yield world
