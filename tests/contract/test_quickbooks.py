"""Check every request to QuickBooks as it arrived on a socket, and every answer, against Intuit's own schemas.

The file is made of Intuit's XSD; it marks next to nothing as required, so the rules have tests of their own.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from openapi_core import OpenAPI

from bot.connectors.quickbooks import QuickBooksConnector
from bot.core.model import Action
from bot.http.errors import ConnectorError
from tests.connectors.quickbooks.support import Company, company, credit, fault, move, refund, send
from tests.connectors.support import NOW, Exchange, details, world_of
from tests.contract.exchanges import faults
from tests.support.places import reference

HOST = "https://quickbooks.api.intuit.com"
STEPS = (
    send(),
    send(email="cfo@northwind.example", verified="called back"),
    send("INV-20418"),
    refund(),
    refund(100, email="ap@northwind.example"),
    refund(12000, "JPY", invoice_number="INV-20460"),
    refund(99999999),
    credit(),
    credit(100, customer_name="Walk-in O'Brien"),
    move(address={"line1": "90 Pier St", "line2": "Floor 3", "city": "Oakland", "region": "CA", "country": "USA"}),
    move(email="nobody@northwind.example"),
)


world = world_of(company)


@pytest.fixture(scope="session")
def contract() -> OpenAPI:
    document = reference("openapi/quickbooks.online.v3.openapi.json")
    # the validator reads no OAuth schemes; what OAuth leaves on a request is a bearer token
    document["components"]["securitySchemes"]["oauth2"] = {"type": "http", "scheme": "bearer"}
    return OpenAPI.from_dict(document)


def all_faults_of(contract: OpenAPI, exchange: Exchange) -> Iterator[str]:
    yield from faults(contract, exchange, "", HOST)
    for name in unknown_members(contract, exchange):
        yield f"unknown member {name} in {exchange.method} {exchange.path}"


def unknown_members(contract: OpenAPI, exchange: Exchange) -> set[str]:
    """Check the names themselves: the schemas are open, so a misspelt name would pass."""
    if exchange.content_type != "application/json":
        return set()
    kinds = {"refundreceipt": "RefundReceipt", "creditmemo": "CreditMemo", "customer": "Customer"}
    schemas = (contract.spec / "components" / "schemas").read_value()
    sent = json.loads(exchange.body)
    unknown = set(sent) - set(schemas[kinds[exchange.path.rpartition("/")[2]]]["properties"])
    unknown |= set(sent.get("BillAddr", {})) - set(schemas["PhysicalAddress"]["properties"])
    for line in sent.get("Line", []):
        unknown |= set(line) - set(schemas["Line"]["properties"])
        unknown |= set(line["SalesItemLineDetail"]) - set(schemas["SalesItemLineDetail"]["properties"])
    return unknown


async def run(connector: QuickBooksConnector, todo: Action) -> None:
    key = f"call-7f3a/{todo.operation}/1"
    with suppress(ConnectorError):
        await connector.perform(todo, key)
    with suppress(ConnectorError):
        await connector.find(todo, key)
    await connector.close()


def all_faults(contract: OpenAPI, world: Company) -> list[str]:
    return [one for exchange in world.exchanges for one in all_faults_of(contract, exchange)]


@pytest.mark.parametrize("todo", STEPS, ids=lambda todo: todo.operation)
async def test_what_is_sent_to_quickbooks_and_accepted_from_it_fits_its_contract(
    world: Company, contract: OpenAPI, todo: Action
) -> None:
    await run(world.connector(), todo)
    assert world.exchanges
    assert all_faults(contract, world) == []


async def test_tax_codes_of_other_countries_fit_the_contract(world: Company, contract: OpenAPI) -> None:
    for todo in (refund(), credit()):
        await run(world.connector(tax_code="6"), todo)
    assert len(world.writes) == 2
    assert all_faults(contract, world) == []


@pytest.mark.parametrize("todo", [send(), refund(), credit(), move()], ids=lambda todo: todo.operation)
@pytest.mark.parametrize("trouble", ["refused", "stale", "429", "lost_reply", "drop", "401"])
async def test_refusals_throttles_and_time_outs_stay_within_the_contract(
    world: Company, contract: OpenAPI, todo: Action, trouble: str
) -> None:
    connector = world.connector()
    if trouble == "refused":
        world.body = fault("6000", "Business Validation Error")
        world.fail("POST", "400")
    elif trouble == "stale":
        world.books["touch"] = "58"
    elif trouble == "401":
        await connector.check()
        world.books["tokens"]["access"].clear()
    else:
        world.body = fault("3001", "ThrottleExceeded", "THROTTLING")
        world.fail("POST", trouble)
    await run(connector, todo)
    assert world.writes
    assert all_faults(contract, world) == []


async def test_what_is_looked_up_at_quickbooks_fits_its_contract(world: Company, contract: OpenAPI) -> None:
    connector = world.connector()
    await connector.check()
    wanted = frozenset({"books_invoice", "books_customer"})
    for stated in (
        details("100 USD", invoice_number="INV-20431"),
        details(invoice_number="it's none"),
        details(account_id="58"),
        details(email="haruka@example.com"),
        details(customer_name="Walk-in O'Brien"),
    ):
        assert await connector.facts(stated, wanted, NOW)
    await connector.close()
    assert all_faults(contract, world) == []


def test_a_request_that_breaks_the_contract_is_seen(contract: OpenAPI) -> None:
    """Check that the contract does not let everything pass."""
    root, headers, typed = "/v3/company/1", {"Authorization": "Bearer x"}, "application/json"
    broken = (
        Exchange("POST", f"{root}/refundreceipt", {"requestid": "r" * 51}, headers, b"{}", typed),
        Exchange("POST", f"{root}/creditmemo", {}, headers, b'{"CustomerRef": {"name": "x"}}', typed),
        Exchange("POST", f"{root}/customer", {}, headers, b'{"BillAddr": {"Zip": "1"}}', typed),
        Exchange("POST", f"{root}/invoice/1/send", {}, headers, b"x", "application/octet-stream"),
        Exchange("GET", f"{root}/query", {}, headers, b"", ""),
        Exchange("GET", f"{root}/customer/1", {}, headers, b"", "", 200, b'{"Invoice": {}}'),
    )
    assert [bool(list(all_faults_of(contract, one))) for one in broken] == [True] * len(broken)
