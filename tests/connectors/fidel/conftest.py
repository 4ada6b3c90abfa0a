"""Give the tests of Fidel API an account that has reimbursement."""

from collections.abc import AsyncIterator

import pytest

from bot.connectors.fidel import FidelConnector
from tests.connectors.support import World


@pytest.fixture
async def fidel(world: World) -> AsyncIterator[FidelConnector]:
    connector = world.fidel(reimbursement=True)
    world.state.fidel["reimbursement"] = True
    yield connector
    await connector.close()
