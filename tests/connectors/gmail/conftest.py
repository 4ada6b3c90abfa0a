"""Give the tests of Gmail its world and a connector."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.gmail import GmailConnector
from tests.connectors.google import GoogleWorld, google_world


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as running:
        yield running


@pytest.fixture
async def gmail(world: GoogleWorld) -> AsyncIterator[GmailConnector]:
    connector = world.gmail()
    yield connector
    await connector.close()
