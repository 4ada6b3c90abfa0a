"""Give the tests of connectors a world of Fidel API and Stripe, and their connectors."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.fidel import FidelConnector
from bot.connectors.stripe import StripeConnector
from tests.connectors.support import World, vendors


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with vendors() as running:
        yield running


@pytest.fixture
async def fidel(world: World) -> AsyncIterator[FidelConnector]:
    connector = world.fidel()
    yield connector
    await connector.close()


@pytest.fixture
async def stripe(world: World) -> AsyncIterator[StripeConnector]:
    connector = world.stripe()
    yield connector
    await connector.close()
