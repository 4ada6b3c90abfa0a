"""Check every request to Zendesk and every answer accepted from it against the OpenAPI file that it publishes.

The file describes no error answers: those are the reference's words, checked in test_connectors_zendesk.py.
"""

from contextlib import suppress

import pytest
from openapi_core import OpenAPI

from bot.http.errors import ConnectorError
from sandbox.zendesk.seeds import DANA
from tests.connectors.crm import Crm, crm
from tests.connectors.support import KEY, NOW, Exchange, details, world_of
from tests.connectors.zendesk.test_zendesk import LATER, close_ticket, ticket
from tests.contract.exchanges import contract, faults

HOST = "https://acme.zendesk.com"


world = world_of(crm)


@pytest.fixture(scope="session")
def specification() -> OpenAPI:
    return contract("zendesk.support.v2.openapi.json")


def misfits(specification: OpenAPI, world: Crm) -> list[str]:
    assert world.api
    return [fault for one in world.api for fault in faults(specification, one, "/zendesk", HOST, errors=False)]


async def test_tickets_notes_and_follow_ups_fit_the_contract(world: Crm, specification: OpenAPI) -> None:
    connector = world.zendesk()
    first = await connector.perform(ticket(), KEY)
    await connector.perform(ticket(priority="urgent", email=None), LATER)
    close_ticket(world, first.vendor_id)
    await connector.perform(ticket(), "call-7f3a/ticket/3")
    assert await connector.find(ticket(), KEY) is not None
    await connector.close()
    assert [one.method for one in world.api if one.method != "GET"] == ["POST", "PUT", "POST"]
    assert misfits(specification, world) == []


async def test_look_ups_fit_the_contract(world: Crm, specification: OpenAPI) -> None:
    connector = world.zendesk()
    await connector.check()
    assert await connector.facts(details(email="ap@northwind.example"), frozenset({"tickets"}), NOW)
    await connector.close()
    assert misfits(specification, world) == []


@pytest.mark.parametrize("fault", ["refused", "429", "hang"])
async def test_requests_that_fail_fit_the_contract(world: Crm, specification: OpenAPI, fault: str) -> None:
    connector = world.zendesk(total_s=0.2)
    await connector.check()
    if fault == "refused":
        world.state.zendesk["users"][str(DANA)]["suspended"] = True
    else:
        world.fail("POST", fault)
    with suppress(ConnectorError):
        await connector.perform(ticket(), KEY)
    await connector.close()
    world.over.set()
    assert misfits(specification, world) == []


async def test_a_request_that_breaks_the_contract_is_seen(specification: OpenAPI) -> None:
    headers = {"Authorization": "Bearer x"}
    urgent = b'{"ticket":{"comment":{"body":"x"},"priority":"asap"}}'
    silent = b'{"ticket":{"subject":"x"}}'
    for body, who in ((urgent, headers), (silent, headers), (b'{"ticket":{"comment":{"body":"x"}}}', {})):
        wrong = Exchange("POST", "/zendesk/api/v2/tickets", {}, who, body, "application/json")
        assert list(faults(specification, wrong, "/zendesk", HOST, errors=False))
