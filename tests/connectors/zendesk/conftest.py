"""Give the tests of Zendesk its world and a connector that has its token."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.zendesk import ZendeskConnector
from tests.connectors.crm import Crm, crm
from tests.connectors.support import world_of

world = world_of(crm)


@pytest.fixture
async def zendesk(world: Crm) -> AsyncIterator[ZendeskConnector]:
    connector = world.zendesk()
    await connector.check()
    world.exchanges.clear()
    yield connector
    await connector.close()
