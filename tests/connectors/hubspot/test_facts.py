"""Promises of what HubSpot knows about a case: the contact with its owner, VIP or not, and the renewal deal."""

import pytest

from bot.connectors.hubspot import HubSpotConnector
from sandbox.hubspot.seeds import DANA, NORTHWIND, RENEWAL
from tests.connectors.crm import Crm
from tests.connectors.support import NOW, details

WANTED = frozenset({"contact", "deal", "charge"})


async def test_the_contact_and_its_renewal_are_facts(hubspot: HubSpotConnector) -> None:
    contact, deal = await hubspot.facts(details(email="ap@northwind.example"), WANTED, NOW)
    assert contact.values == {
        "contact_id": DANA,
        "email": "ap@northwind.example",
        "name": "Dana Ortiz",
        "vip": False,
        "owner_email": "ben@acme.example.com",
        "company": "Northwind",
    }
    assert contact.sentence == "Dana Ortiz, Northwind, owner ben@acme.example.com"
    assert deal.values == {"deal_id": RENEWAL, "name": "Northwind renewal 2027", "close_date": "2026-12-08"}


@pytest.mark.parametrize("on", ["contacts", "companies"])
async def test_a_vip_is_one_by_the_contact_or_by_the_company(hubspot: HubSpotConnector, world: Crm, on: str) -> None:
    record = world.state.hubspot[on][DANA if on == "contacts" else NORTHWIND]
    record["properties"]["vip"] = "true"
    contact, _ = await hubspot.facts(details(account_id="cus_NORTHWIND"), WANTED, NOW)
    assert contact.values["vip"] is True


async def test_the_deal_that_closes_first_is_the_renewal_and_closed_ones_are_none(world: Crm) -> None:
    store = world.state.hubspot
    for deal_id, closes, closed in (("77002", "2026-11-25", "true"), ("77003", "2026-12-01", "false")):
        properties = {**store["deals"][RENEWAL]["properties"], "closedate": closes, "hs_is_closed": closed}
        store["deals"][deal_id] = {**store["deals"][RENEWAL], "id": deal_id, "properties": properties}
        store["links"].append(["deals", deal_id, "contacts", DANA])
    for connector in (world.hubspot(), world.hubspot(renewals=None)):  # by pipeline, or by the word in the name
        (deal,) = await connector.facts(details(email="ap@northwind.example"), frozenset({"deal"}), NOW)
        await connector.close()
        assert deal.values["deal_id"] == "77003"


async def test_what_hubspot_does_not_know_is_missing_without_the_address(hubspot: HubSpotConnector) -> None:
    contact, deal = await hubspot.facts(details(email="nobody@example.com"), WANTED, NOW)
    assert contact.missing == deal.missing
    assert contact.missing is not None
    assert "nobody" not in contact.missing
    _, no_deal = await hubspot.facts(details(email="marcus@kestrel.example.com"), WANTED, NOW)
    assert no_deal.missing == "HubSpot has no open renewal deal of this customer."


async def test_of_a_company_without_a_contact_its_owner_is_known(hubspot: HubSpotConnector) -> None:
    contact, _ = await hubspot.facts(details(customer_name="Harbour Lane Bakery"), WANTED, NOW)
    assert contact.sentence == "Harbour Lane Bakery, owner ben@acme.example.com"
    assert (contact.values["contact_id"], contact.values["owner_email"]) == (None, "ben@acme.example.com")


async def test_where_hubspot_has_no_such_property_nobody_is_said_to_be_no_vip(world: Crm) -> None:
    connector = world.hubspot(vip_property="is_vip")
    contact, _ = await connector.facts(details(email="marcus@kestrel.example.com"), WANTED, NOW)
    await connector.close()
    assert contact.values["vip"] is None


async def test_a_deal_that_cannot_be_searched_leaves_the_contact_alone(hubspot: HubSpotConnector, world: Crm) -> None:
    world.fail("POST", "500")
    contact, deal = await hubspot.facts(details(email="ap@northwind.example"), WANTED, NOW)
    assert contact.values
    assert deal.missing


async def test_nothing_is_asked_where_nothing_is_wanted_or_stated(hubspot: HubSpotConnector, world: Crm) -> None:
    assert await hubspot.facts(details(email="ap@northwind.example"), frozenset({"charge"}), NOW) == ()
    assert await hubspot.facts(details(), WANTED, NOW) == ()
    assert world.exchanges == []
