"""Check every request to HubSpot and every answer of the sandbox against the OpenAPI file of HubSpot's own client."""

from contextlib import suppress

import pytest
from openapi_core import OpenAPI

from bot.core.model import Action
from bot.http.errors import ConnectorError
from sandbox.hubspot.seeds import KEY_PROPERTY
from tests.connectors.crm import Crm, crm
from tests.connectors.hubspot.test_facts import WANTED
from tests.connectors.hubspot.test_hubspot import note, task
from tests.connectors.support import KEY, NOW, Exchange, details, world_of
from tests.contract.exchanges import contract, faults

HOST = "https://api.hubapi.com"


world = world_of(crm)


@pytest.fixture(scope="session")
def specification() -> OpenAPI:
    return contract("hubspot.crm.2026-09.openapi.json")


def misfits(specification: OpenAPI, world: Crm) -> list[str]:
    assert world.api
    return [fault for one in world.api for fault in faults(specification, one, "/hubspot", HOST, errors=True)]


@pytest.mark.parametrize(
    "todo",
    [note(), task(), note(email=None, account_id="cus_NORTHWIND"), note(email=None, customer_name="Kestrel Hotels")],
    ids=["note", "task", "by account id", "by company name"],
)
async def test_notes_and_tasks_fit_the_contract(world: Crm, specification: OpenAPI, todo: Action) -> None:
    connector = world.hubspot()
    assert await connector.find(todo, KEY) is None
    await connector.perform(todo, KEY)
    assert await connector.find(todo, KEY) is not None
    await connector.close()
    assert misfits(specification, world) == []


async def test_look_ups_fit_the_contract(world: Crm, specification: OpenAPI) -> None:
    for connector in (world.hubspot(), world.hubspot(renewals=None)):
        await connector.check()
        for email in ("ap@northwind.example", "nobody@example.com", "haruka@example.com"):
            assert await connector.facts(details(email=email), WANTED, NOW)
        await connector.close()
        world.state.hubspot["searches"].clear()
    assert misfits(specification, world) == []


@pytest.mark.parametrize("fault", ["refused", "owner", "429", "hang", "credentials"])
async def test_requests_that_fail_and_their_answers_fit_the_contract(
    world: Crm, specification: OpenAPI, fault: str
) -> None:
    connector = world.hubspot("pat-wrong" if fault == "credentials" else "pat-made-up", total_s=0.2)
    if fault == "refused":
        del world.state.hubspot["properties"]["notes"][KEY_PROPERTY]
    if fault == "429":
        world.body = {"category": "RATE_LIMITS", "message": "slow down", "correlationId": "c-1", "status": "error"}
    if fault in {"429", "hang"}:
        world.fail("POST", fault)
    with suppress(ConnectorError):
        await connector.perform(task(email="haruka@example.com") if fault == "owner" else note(), KEY)
    await connector.close()
    world.over.set()
    assert misfits(specification, world) == []


async def test_a_request_that_breaks_the_contract_is_seen(specification: OpenAPI) -> None:
    headers = {"Authorization": "Bearer x"}
    upsert = "/hubspot/crm/objects/2026-09/notes/batch/upsert"
    wrong = (
        Exchange("POST", upsert, {}, headers, b'{"inputs":[{"id":"x"}]}', "application/json"),
        Exchange("POST", upsert, {}, headers, b'{"inputs":[{"id":"x","properties":{"n":1}}]}', "application/json"),
        Exchange("POST", upsert.replace("2026-09", "2026-03"), {}, headers, b'{"inputs":[]}', "application/json"),
        Exchange("POST", upsert, {}, {}, b'{"inputs":[]}', "application/json"),
    )
    for one in wrong:
        assert list(faults(specification, one, "/hubspot", HOST, errors=True))
