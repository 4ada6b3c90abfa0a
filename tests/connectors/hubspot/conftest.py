"""Give the tests of HubSpot its world and a connector."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.hubspot import HubSpotConnector
from tests.connectors.crm import Crm, crm


@pytest.fixture
async def world() -> AsyncIterator[Crm]:
    async with crm() as running:
        yield running


@pytest.fixture
async def hubspot(world: Crm) -> AsyncIterator[HubSpotConnector]:
    connector = world.hubspot()
    yield connector
    await connector.close()
