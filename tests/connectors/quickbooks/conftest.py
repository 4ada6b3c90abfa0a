"""Give the tests of QuickBooks a company and a connector."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.quickbooks import QuickBooksConnector
from tests.connectors.quickbooks.support import Company, company


@pytest.fixture
async def world() -> AsyncIterator[Company]:
    async with company() as running:
        yield running


@pytest.fixture
async def quickbooks(world: Company) -> AsyncIterator[QuickBooksConnector]:
    connector = world.connector()
    yield connector
    await connector.close()
