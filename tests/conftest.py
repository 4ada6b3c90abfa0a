"""What many tests share: the databases, and the whole world around a running bot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.databases import cluster, database, database_url, engine
from tests.support.world import World, a_world

__all__ = ["cluster", "database", "database_url", "engine"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bolt and the settings read the environment; a test's world is what the test says."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest_asyncio.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The bot on each engine in turn, beside the sandbox without rate limits."""
    async with a_world(database_url) as made:
        yield made


@pytest_asyncio.fixture
async def sqlite_world(tmp_path: Path) -> AsyncIterator[World]:
    """The same on SQLite alone, where the engine does not matter."""
    async with a_world(f"sqlite:///{tmp_path / 'bot.db'}") as made:
        yield made
