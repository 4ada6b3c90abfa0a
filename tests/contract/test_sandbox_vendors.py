"""Hold what the sandbox's Fidel API takes and answers against our reconstruction of its specification."""

from collections.abc import AsyncIterator

import pytest
import yaml
from jsonschema import Draft202012Validator

from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, MASTERCARD, PROGRAM, REFUND, VISA
from sandbox.fidel.server import OPERATIONS
from tests.contract.sandbox import JSON, Contract, Try
from tests.sandbox.vendors import Reply, Vendor, running
from tests.support.places import CONTRACT_FILES

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
    return Contract(yaml.safe_load((CONTRACT_FILES / "fidel-api.yaml").read_text()), Draft202012Validator)


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
