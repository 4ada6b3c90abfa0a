"""Give the tests of Sheets its world and a connector."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.google_sheets import SheetsConnector
from tests.connectors.google import GoogleWorld, google_world


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as running:
        yield running


@pytest.fixture
async def sheets(world: GoogleWorld) -> AsyncIterator[SheetsConnector]:
    connector = world.sheets()
    yield connector
    await connector.close()
