"""What the sandbox's vendors take and answer, held against the vendors' own specifications.

Fidel's is our reconstruction, kept in `tests/contracts`; Stripe's is Stripe's and lies in `../shared`.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, MASTERCARD, PROGRAM, REFUND, VISA
from sandbox.fidel.server import OPERATIONS
from sandbox.stripe.server import READS, WRITES
from sandbox.stripe.wire import nested
from tests.sandbox_vendors import Reply, Vendor, running

CONTRACTS = Path(__file__).resolve().parent / "contracts"
REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Try(NamedTuple):
    """One request and the status that it gets; `path` fills the template."""

    method: str
    template: str
    path: Mapping[str, str] = {}
    body: Any = None
    status: int = 200
    query: str = ""

    @property
    def url(self) -> str:
        return self.template.format(**self.path) + self.query


class Contract:
    """A specification with its references resolved lazily."""

    def __init__(self, document: Any, validator: type[Validator]) -> None:
        self.document = document
        self._validator = validator
        self._registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(document))

    def operation(self, tried: Try) -> Any:
        return self.document["paths"][tried.template][tried.method.lower()]

    def faults(self, schema: Any, value: Any) -> list[str]:
        whole = {"$id": "urn:check", "allOf": [_absolute(schema)]}
        checker = Draft202012Validator.FORMAT_CHECKER
        found = self._validator(whole, registry=self._registry, format_checker=checker).iter_errors(value)
        return [f"{fault.json_path}: {fault.message[:200]}" for fault in found]

    def answer_schema(self, tried: Try, status: int) -> Any:
        answers = self.operation(tried)["responses"]
        answer = answers.get(str(status)) or answers["default"]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        return answer["content"][JSON]["schema"]


def _absolute(schema: Any) -> Any:
    """The schema with references to its document's root: it is checked from outside of it."""
    if isinstance(schema, dict):
        return {name: f"urn:api{value}" if name == "$ref" else _absolute(value) for name, value in schema.items()}
    return [_absolute(item) for item in schema] if isinstance(schema, list) else schema


def _nullable(keyword: str) -> Any:
    """OpenAPI 3.0 says `nullable` beside a keyword where JSON Schema would list null."""
    check = Draft202012Validator.VALIDATORS[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        return () if instance is None and schema.get("nullable") else check(validator, value, instance, schema)

    return checked


# --- Fidel API ------------------------------------------------------------------------------------------------------

ADDRESS = {"address": "7 Quay St", "city": "Bristol", "postcode": "BS1 4DJ", "countryCode": "GBR"}
MISSED = {"locationId": BOSTON, "transactionDate": "2026-11-11", "amount": 42.1}
NOBODY = "00000000-0000-4000-8000-000000000000"
WHOLE_BRAND = {
    "name": "Juniper & Sage Tea House",
    "logoURL": "https://static.example.com/juniper.png",
    "websiteURL": "https://juniper.example.com/",
    "metadata": {"call": "c-1"},
}
REIMBURSEMENT = "/transactions/{transactionId}/reimbursement"

FIDEL_TRIES = (
    Try("GET", "/brands", query="?limit=1&name=har"),
    Try("POST", "/brands", body=WHOLE_BRAND, status=201),
    Try("POST", "/brands", body={"name": "Harbour Lane Bakery"}, status=400),
    Try("GET", "/brands/{brandId}", {"brandId": BRAND}),
    Try("GET", "/brands/{brandId}", {"brandId": NOBODY}, status=404),
    Try("GET", "/brands/{brandId}", {"brandId": "x"}, status=400),
    Try("PATCH", "/brands/{brandId}", {"brandId": BRAND}, {"websiteURL": "https://new.example.com/"}),
    Try("GET", "/brands/{brandId}/transactions", {"brandId": BRAND}),
    Try("GET", "/brands/{brandId}/programs/{programId}/locations", {"brandId": BRAND, "programId": PROGRAM}),
    Try("GET", "/programs"),
    Try("GET", "/programs/{programId}", {"programId": PROGRAM}),
    Try("GET", "/programs/{programId}/locations", {"programId": PROGRAM}),
    Try("GET", "/programs/{programId}/cards", {"programId": PROGRAM}),
    Try("GET", "/programs/{programId}/transactions", {"programId": PROGRAM}, query="?limit=2"),
    Try("GET", "/programs/{programId}/missing-transaction-requests", {"programId": PROGRAM}),
    Try("GET", "/locations/{locationId}", {"locationId": BRISTOL}),
    Try("PATCH", "/locations/{locationId}", {"locationId": BRISTOL}, ADDRESS),
    Try("GET", "/cards/metadata/{metadataId}", {"metadataId": "cust-77"}),
    Try("GET", "/cards/{cardId}", {"cardId": VISA}),
    Try("PUT", "/cards/{cardId}/metadata", {"cardId": VISA}, {"id": "cust-77", "case": "c-1"}),
    Try("GET", "/cards/{cardId}/transactions", {"cardId": VISA}),
    Try("POST", "/cards/{cardId}/missing-transaction-requests", {"cardId": MASTERCARD}, MISSED, 201),
    Try("GET", "/missing-transaction-requests/{missingTransactionRequestId}", {"missingTransactionRequestId": NOBODY}),
    Try("POST", "/transactions/test", body={"amount": 5, "cardId": VISA, "locationId": BRISTOL}, status=201),
    Try("GET", "/transactions/{transactionId}", {"transactionId": REFUND}),
    Try("PATCH", "/transactions/{transactionId}", {"transactionId": BREAKFAST}, {"cleared": True}),
    Try("POST", REIMBURSEMENT, {"transactionId": BREAKFAST}, {"amount": 5}, 202),
    Try("POST", REIMBURSEMENT, {"transactionId": REFUND}, {"amount": 5}, 400),
    Try("GET", "/accounts/{accountId}/credits/balance", {"accountId": "5b7d0c51-7f0e-4f7e-8a54-2f6d9a1f1c33"}),
)
FIDEL_INVALID = (
    Try("POST", "/brands", body={"name": "x"}),
    Try("POST", "/brands", body={"name": "x" * 51}),
    Try("POST", "/brands", body={"websiteURL": "https://a.example.com/"}),
    Try("POST", "/brands", body={"name": "Fine", "metadata": "text"}),
    Try("PATCH", "/brands/{brandId}", {"brandId": BRAND}, {"name": "Other"}),
    Try("PATCH", "/brands/{brandId}", {"brandId": BRAND}, {}),
    Try("PATCH", "/locations/{locationId}", {"locationId": BRISTOL}, {"city": "Bath"}),
    Try("PATCH", "/locations/{locationId}", {"locationId": BRISTOL}, {**ADDRESS, "postcode": "BS1"}),
    Try("PUT", "/cards/{cardId}/metadata", {"cardId": VISA}, ["id"]),
    Try("POST", "/cards/{cardId}/missing-transaction-requests", {"cardId": VISA}, {**MISSED, "amount": -1}),
    Try("POST", "/cards/{cardId}/missing-transaction-requests", {"cardId": VISA}, {**MISSED, "transactionDate": "x"}),
    Try("POST", "/transactions/test", body={"cardId": VISA, "locationId": BRISTOL}),
    Try("PATCH", "/transactions/{transactionId}", {"transactionId": BREAKFAST}, {"cleared": False}),
    Try("POST", REIMBURSEMENT, {"transactionId": BREAKFAST}, {"amount": 0}),
)


@pytest.fixture(scope="session")
def fidel_contract() -> Contract:
    return Contract(yaml.safe_load((CONTRACTS / "fidel-api.yaml").read_text()), Draft202012Validator)


@pytest.fixture
async def fidel() -> AsyncIterator[Vendor]:
    async with running("/fidel/v1") as vendor:
        vendor.state.fidel["reimbursement"] = True
        vendor.state.fidel["requests"][NOBODY] = {
            "id": NOBODY,
            "amount": "42.10",
            "status": "successful",
            "programId": PROGRAM,
            "created": "2026-11-20T09:15:02.114Z",
            "result": {"transactions": []},
        }
        yield vendor


async def ask_fidel(vendor: Vendor, tried: Try) -> Reply:
    return await vendor.ask(tried.method, tried.url, **({} if tried.body is None else {"json": tried.body}))


def body_faults(contract: Contract, tried: Try) -> list[str]:
    return contract.faults(contract.operation(tried)["requestBody"]["content"][JSON]["schema"], tried.body)


@pytest.mark.parametrize("tried", FIDEL_TRIES, ids=lambda tried: f"{tried.method} {tried.template} {tried.status}")
async def test_fidel_takes_and_answers_what_its_contract_says(
    fidel: Vendor, fidel_contract: Contract, tried: Try
) -> None:
    if tried.body is not None:
        assert body_faults(fidel_contract, tried) == []
    answer = await ask_fidel(fidel, tried)
    assert answer.status == tried.status
    assert answer.body["status"] == tried.status
    assert fidel_contract.faults(fidel_contract.answer_schema(tried, answer.status), answer.body) == []


@pytest.mark.parametrize("tried", FIDEL_INVALID, ids=lambda tried: f"{tried.method} {tried.template}")
async def test_fidel_refuses_what_its_contract_forbids(fidel: Vendor, fidel_contract: Contract, tried: Try) -> None:
    assert body_faults(fidel_contract, tried)
    answer = await ask_fidel(fidel, tried)
    assert answer.status == 400
    assert fidel_contract.faults(fidel_contract.answer_schema(tried, 400), answer.body) == []


def test_every_operation_of_the_fake_fidel_is_in_the_contract_and_tried() -> None:
    known = {(method, path) for path, methods in OPERATIONS.items() for method in methods}
    assert known == {(tried.method, tried.template) for tried in FIDEL_TRIES}


# --- Stripe ---------------------------------------------------------------------------------------------------------

WHOLE_REFUND = "payment_intent=pi_DUPLICATE&amount=100&reason=duplicate&metadata[call_id]=c-1&expand[]=charge"
STRIPE_TRIES = (
    Try("GET", "/v1/customers", query="?email=ap@northwind.example"),
    Try("GET", "/v1/customers/{customer}", {"customer": "cus_NORTHWIND"}),
    Try("GET", "/v1/payment_intents", query="?expand[]=data.latest_charge"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_PARTLY"}, query="?expand[]=latest_charge"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_YEN"}, query="?expand[]=customer"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_NOBODY"}, status=404),
    Try("GET", "/v1/charges", query="?payment_intent=pi_PARTLY&expand[]=data.refunds"),
    Try("GET", "/v1/charges/{charge}", {"charge": "ch_DISPUTED"}, query="?expand[]=payment_intent"),
    Try("GET", "/v1/refunds", query="?payment_intent=pi_PARTLY&limit=100"),
    Try("GET", "/v1/refunds/{refund}", {"refund": "re_PARTLY"}, query="?expand[]=charge"),
    Try("POST", "/v1/refunds", body=WHOLE_REFUND),
    Try("POST", "/v1/refunds", body="payment_intent=pi_DISPUTED", status=400),
    Try("GET", "/v1/disputes", query="?payment_intent=pi_DISPUTED"),
    Try("GET", "/v1/disputes/{dispute}", {"dispute": "dp_DISPUTED"}, query="?expand[]=charge"),
    Try("POST", "/v1/disputes/{dispute}", {"dispute": "dp_DISPUTED"}, "evidence[receipt]=file_1&submit=false"),
    Try("GET", "/v1/invoices", query="?customer=cus_NORTHWIND&status=open"),
    Try("GET", "/v1/invoices/{invoice}", {"invoice": "in_20418"}, query="?expand[]=customer"),
    Try("POST", "/v1/invoices/{invoice}/send", {"invoice": "in_20431"}),
)
TYPED: Mapping[str, Callable[[str], Any]] = {"amount": int, "submit": lambda text: text == "true"}


@pytest.fixture(scope="session")
def stripe_contract() -> Contract:
    file = REFERENCE / "openapi" / "stripe.v1.current.openapi.json"
    if not file.exists():
        pytest.skip("contract: ../shared/reference is absent")
    with_nullable = {keyword: _nullable(keyword) for keyword in ("type", "enum", "anyOf", "oneOf", "allOf", "$ref")}
    validator = extend(Draft202012Validator, with_nullable)  # type: ignore[no-untyped-call]  # the stubs leave it so
    return Contract(json.loads(file.read_text()), validator)


@pytest.fixture
async def stripe() -> AsyncIterator[Vendor]:
    async with running("/stripe") as vendor:
        yield vendor


@pytest.mark.parametrize("tried", STRIPE_TRIES, ids=lambda tried: f"{tried.method} {tried.url}")
async def test_stripe_takes_and_answers_what_its_contract_says(
    stripe: Vendor, stripe_contract: Contract, tried: Try
) -> None:
    options: dict[str, Any] = {}
    if tried.body is not None:
        schema = stripe_contract.operation(tried)["requestBody"]["content"][FORM]["schema"]
        params = nested(parse_qsl(tried.body))
        typed = {name: TYPED[name](value) if name in TYPED else value for name, value in params.items()}
        assert stripe_contract.faults(schema, typed) == []
        options = {"data": tried.body, "headers": stripe.headers() | {"Content-Type": FORM}}
    answer = await stripe.ask(tried.method, tried.url, **options)
    assert answer.status == tried.status
    assert stripe_contract.faults(stripe_contract.answer_schema(tried, answer.status), answer.body) == []
    for item in answer.body["data"] if answer.body.get("object") == "list" else [answer.body]:
        _assert_known_members(stripe_contract, item)


def _assert_known_members(contract: Contract, item: dict[str, Any]) -> None:
    """The specification is open, so a misspelt member would pass it."""
    known = contract.document["components"]["schemas"][item.get("object", "error")]["properties"]
    assert set(item) <= set(known)


def test_every_operation_of_the_fake_stripe_is_in_the_contract_and_tried() -> None:
    known = {("GET", path) for path in READS} | {("POST", path) for path in WRITES}
    assert known == {(tried.method, tried.template) for tried in STRIPE_TRIES}
