"""Check every request that the Fidel connector sends, and every answer that it accepts, against Fidel's own words.

The requests are what arrived on a socket. Fidel publishes no specification: `contracts/fidel-api.yaml` is ours, written
from its documentation.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import yaml
from openapi_core import OpenAPI

from bot.connectors.base import Connector
from bot.core.model import Action
from bot.http.errors import ConnectorError
from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, MASTERCARD, REFUNDED, VISA
from tests.connectors.support import KEY, NOW, REFERENCE, Exchange, World, action, details, vendors
from tests.contract.exchanges import faults
from tests.support.places import CONTRACT_FILES

NOBODY = "00000000-0000-4000-8000-000000000000"
SITE = "https://juniper.example.com/"
ADDRESS: dict[str, Any] = {"address": "7 Quay St", "city": "Bristol", "postcode": "BS1 4DJ", "country_code": "GBR"}
OURS = dict(REFERENCE)

FIDEL = (
    action("fidel", "create_brand", name="Juniper & Sage Tea House", website_url=SITE, logo_url=SITE, reference=OURS),
    action("fidel", "create_brand", name="Harbour Lane Bakery", reference=OURS),
    action("fidel", "update_brand", brand_id=BRAND, website_url=SITE, logo_url=SITE, metadata={"tier": "gold"}),
    action("fidel", "update_brand", brand_id=NOBODY, website_url=SITE),
    action("fidel", "brand_reference", brand_id=BRAND, reference=OURS),
    action("fidel", "card_reference", card_id=VISA, reference=OURS),
    action("fidel", "shop_address", location_id=BRISTOL, **ADDRESS),
    action(
        "fidel",
        "request_missing_transaction",
        card_id=MASTERCARD,
        location_id=BOSTON,
        date="2026-11-11",
        amount_minor=4210,
        currency="USD",
    ),
    action("fidel", "reimburse_transaction", transaction_id=BREAKFAST, amount_minor=1250, currency="GBP"),
    action(
        "fidel",
        "reimburse_transaction",
        transaction_id=BREAKFAST,
        amount_minor=1250,
        currency="GBP",
        description="Goodwill credit",
    ),
)
WANTED = frozenset({"transaction", "refund", "brand", "brand_name"})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with vendors() as running:
        running.state.fidel["reimbursement"] = True
        yield running


@pytest.fixture(scope="session")
def fidel_contract() -> OpenAPI:
    return OpenAPI.from_dict(yaml.safe_load((CONTRACT_FILES / "fidel-api.yaml").read_text()))


def fidel_faults(contract: OpenAPI, world: World) -> list[str]:
    return [fault for one in world.exchanges for fault in faults(contract, one, "", "https://api.fidel.uk", base="/v1")]


async def run(connector: Connector, todo: Action) -> None:
    with suppress(ConnectorError):
        await connector.perform(todo, KEY)
    with suppress(ConnectorError):
        await connector.find(todo, KEY)
    await connector.close()


@pytest.mark.parametrize("todo", FIDEL, ids=lambda todo: todo.operation)
async def test_what_is_sent_to_fidel_and_accepted_from_it_fits_its_contract(
    world: World, fidel_contract: OpenAPI, todo: Action
) -> None:
    await run(world.fidel(reimbursement=True), todo)
    assert world.exchanges
    assert fidel_faults(fidel_contract, world) == []


async def test_what_is_looked_up_at_fidel_fits_its_contract(world: World, fidel_contract: OpenAPI) -> None:
    connector = world.fidel()
    await connector.check()
    by_id = details("2490 GBP", transaction_id=REFUNDED, brand_id=BRAND, brand_name="Harbour Lane Bakery")
    by_card = details("2490 GBP", card_id=VISA, transaction_date="2026-11-15", brand_name="Nobody")
    for stated in (by_id, by_card):
        assert await connector.facts(stated, WANTED, NOW)
    await connector.close()
    assert fidel_faults(fidel_contract, world) == []


async def test_every_page_asked_of_fidel_fits_its_contract(world: World, fidel_contract: OpenAPI) -> None:
    connector = world.fidel()
    for n in range(101):
        name = f"Juniper & Sage Tea House {n}"
        await connector.perform(action("fidel", "create_brand", name=name, reference=OURS), f"call-{n}/step/1")
    world.exchanges.clear()
    await connector.find(FIDEL[0], KEY)
    await connector.close()
    assert [("start" in one.query) for one in world.exchanges] == [False, True]
    assert fidel_faults(fidel_contract, world) == []


async def test_a_request_that_breaks_the_contract_is_seen(fidel_contract: OpenAPI) -> None:
    """Check that the contract does not let everything pass."""
    headers = {"Fidel-Key": "sk_test_x"}
    short_name = Exchange("POST", "/brands", {}, headers, b'{"name":"x"}', "application/json")
    renamed = Exchange("PATCH", f"/brands/{BRAND}", {}, headers, b'{"name":"Other"}', "application/json")
    keyless = Exchange("GET", "/brands", {}, {}, b"", "application/json")
    for wrong in (short_name, renamed, keyless):
        assert list(faults(fidel_contract, wrong, "", "https://api.fidel.uk", base="/v1"))
