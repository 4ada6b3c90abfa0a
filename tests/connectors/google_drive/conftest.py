"""Give the tests of Drive its world and a connector."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.google_drive import DriveConnector
from tests.connectors.google import GoogleWorld, google_world


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as running:
        yield running


@pytest.fixture
async def drive(world: GoogleWorld) -> AsyncIterator[DriveConnector]:
    connector = world.drive()
    yield connector
    await connector.close()
