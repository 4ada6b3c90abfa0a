"""Check every request that the Stripe connector sends, and every answer that it accepts, against Stripe's own file.

The requests are what arrived on a socket. The file lies in `../shared`.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from openapi_core import OpenAPI

from bot.core.model import Action
from tests.connectors.support import NOW, REFERENCE, Exchange, World, action, details, vendors
from tests.contract.exchanges import faults
from tests.contract.test_connectors import run
from tests.support.places import reference

HOST = "https://api.stripe.com"
OURS = dict(REFERENCE)
STREET: dict[str, Any] = {"line1": "9 High St", "city": "Bath", "postcode": "BA1 1AA", "country": "GB"}
# Stripe has it, the file has not: tests/contract/test_stripe_sdk.py holds it against Stripe's own package
NOT_IN_THE_FILE = ("POST", re.compile(r"/v1/charges/[^/]+"))
METADATA = ("countersign", "countersign_submitted", "call", "case")  # our names in a form whose names are free

STRIPE = (
    action("stripe", "refund", payment_id="pi_SMALL", amount_minor=2400, currency="USD", reason="duplicate"),
    action("stripe", "refund", payment_id="ch_PARTLY", amount_minor=100, currency="USD", reference=OURS),
    action("stripe", "refund", payment_id="pi_DISPUTED", amount_minor=100, currency="USD"),
    action("stripe", "refund", payment_id="pi_NOBODY", amount_minor=100, currency="USD"),
    action("stripe", "credit_note", invoice_number="INV-20418", amount_minor=100, currency="USD", reference=OURS),
    action("stripe", "credit_note", invoice_number="INV-20431", amount_minor=100, currency="USD", reference=OURS),
    action("stripe", "send_invoice", invoice_number="INV-20431", email="ap@northwind.example"),
    action("stripe", "send_invoice", invoice_number="INV-20418"),
    action("stripe", "send_receipt", payment_id="pi_SMALL", email="ap@northwind.example"),
    action("stripe", "send_receipt", payment_id="pi_SMALL", email="eve@elsewhere.example"),
    action("stripe", "pay_invoice", invoice_number="INV-20431"),
    action("stripe", "pay_invoice", invoice_number="INV-20455"),
    action("stripe", "pay_invoice", subscription_id="sub_LARKSPUR"),
    action("stripe", "stage_evidence", payment_id="pi_DISPUTED", text="Signed for.", reference=OURS),
    action("stripe", "stage_evidence", payment_id="pi_SMALL", text="Signed for.", reference=OURS),
    action("stripe", "submit_evidence", payment_id="pi_DISPUTED", reference=OURS),
    action("stripe", "update_address", account_id="cus_KESTREL", address=STREET),
    action("stripe", "update_address", email="marcus@kestrel.example.com", address=STREET),
    action("stripe", "portal_link", account_id="cus_KESTREL"),
    action("stripe", "portal_link", account_id="cus_NOBODY"),
)
WANTED = frozenset({"charge", "refunds", "customer", "dispute", "invoice", "subscription"})
STATED = (
    details("100 USD", payment_id="pi_PARTLY"),
    details("100 USD", payment_id="ch_DISPUTED"),
    details("100 USD", payment_id="pi_NOBODY"),
    details("418000 USD", invoice_number="INV-20455", email="marcus@kestrel.example.com"),
    details(account_id="cus_LARKSPUR"),
    details(subscription_id="sub_LARKSPUR", account_id="cus_NOBODY"),
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with vendors() as running:
        running.state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]["has_evidence"] = True
        yield running


@pytest.fixture(scope="session")
def contract() -> OpenAPI:
    return OpenAPI.from_dict(_with_nulls(_with_brackets(reference("openapi/stripe.v1.current.openapi.json"))))


def _with_nulls(node: Any) -> Any:
    """Stripe writes `nullable` beside `anyOf`, which the validator looks for inside."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("nullable") is True and "anyOf" in node:
        node = {**node, "anyOf": [*node["anyOf"], {"type": "string", "nullable": True, "enum": [None]}]}
    return {name: _with_nulls(item) for name, item in node.items()}


def _with_brackets(document: Any) -> Any:
    """Stripe's names in brackets, spelt out: the validator reads no `deepObject`, neither in queries nor in forms."""
    for operation in (one for path in document["paths"].values() for one in path.values()):
        deep = [one for one in operation.get("parameters", ()) if one.get("style") == "deepObject"]
        spelt = {name: schema for one in deep for name, schema in _spelt(one["name"], one["schema"])}
        named = [{"name": name, "in": "query", "schema": schema} for name, schema in spelt.items()]
        operation["parameters"] = [one for one in operation.get("parameters", ()) if one not in deep] + named
        for form in operation.get("requestBody", {}).get("content", {}).values():
            fields = form["schema"]["properties"]
            for name in form.pop("encoding", {}):
                fields |= dict(_spelt(name, fields.pop(name)))
    return document


def _spelt(name: str, schema: Any) -> Iterator[tuple[str, Any]]:
    if schema.get("type") == "array":
        yield f"{name}[]", schema
    for inner in (schema, *schema.get("anyOf", ())):
        for member, its in inner.get("properties", {}).items():
            yield f"{name}[{member}]", its
    if name == "metadata":
        yield from ((f"metadata[{ours}]", {"type": "string", "maxLength": 500}) for ours in METADATA)


def contract_faults(contract: OpenAPI, world: World) -> list[str]:
    known = [one for one in world.exchanges if not _not_in_the_file(one)]
    found = [fault for one in known for fault in faults(contract, one, "", HOST)]
    return found + [fault for one in known if one.method == "POST" for fault in unknown_fields(contract, one)]


def _not_in_the_file(exchange: Exchange) -> bool:
    method, path = NOT_IN_THE_FILE
    return exchange.method == method and path.fullmatch(exchange.path) is not None


def unknown_fields(contract: OpenAPI, exchange: Exchange) -> list[str]:
    """Check what a form has too much of: the validator drops it, although the specification closes it."""
    paths = contract.spec / "paths"
    templates = [one for one in paths.read_value() if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", one), exchange.path)]
    content = paths / min(templates, key=lambda one: one.count("{")) / "post" / "requestBody" / "content"
    known = (content / "application/x-www-form-urlencoded" / "schema" / "properties").read_value()
    return [f"unknown field {name}" for name, _ in parse_qsl(exchange.body.decode()) if name not in known]


@pytest.mark.parametrize("todo", STRIPE, ids=lambda todo: f"{todo.operation} {next(iter(todo.params.values()))}")
async def test_what_is_sent_and_accepted_fits_the_contract(world: World, contract: OpenAPI, todo: Action) -> None:
    await run(world.stripe(), todo)
    assert world.exchanges
    assert contract_faults(contract, world) == []


async def test_what_is_looked_up_fits_the_contract(world: World, contract: OpenAPI) -> None:
    connector = world.stripe()
    await connector.check()
    for stated in STATED:
        assert await connector.facts(stated, WANTED, NOW)
    await connector.close()
    assert contract_faults(contract, world) == []


@pytest.mark.parametrize("todo", STRIPE[:1], ids=lambda todo: todo.operation)
@pytest.mark.parametrize("fault", ["429", "drop"])
async def test_what_is_sent_again_after_a_pause_fits_the_contract(
    world: World, contract: OpenAPI, todo: Action, fault: str
) -> None:
    world.error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}
    world.fail("POST", fault)
    await run(world.stripe(), todo)
    await run(world.stripe(), todo)
    assert len(world.writes) == 2
    assert contract_faults(contract, world) == []


async def test_a_request_that_breaks_the_contract_is_seen(contract: OpenAPI) -> None:
    """Check that the contract does not let everything pass."""
    headers = {"Authorization": "Bearer rk_test_x"}
    form = "application/x-www-form-urlencoded"
    unknown = Exchange("POST", "/v1/refunds", {}, headers, b"payment_intent=pi_1&sum=1", form)
    staged = Exchange("POST", "/v1/disputes/dp_1", {}, headers, b"evidence[novel]=x&submit=false", form)
    reason = Exchange("POST", "/v1/refunds", {}, headers, b"payment_intent=pi_1&reason=upset", form)
    assert unknown_fields(contract, unknown) == ["unknown field sum"]
    assert unknown_fields(contract, staged) == ["unknown field evidence[novel]"]
    assert list(faults(contract, reason, "", HOST))
