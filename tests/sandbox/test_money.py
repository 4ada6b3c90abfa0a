"""Keep Fidel API's promises about money: transactions, missing ones, and the withdrawn reimbursement."""

import json
from datetime import timedelta

import pytest

from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, CATERING, MASTERCARD, PROGRAM, REFUND, REFUNDED, VISA
from tests.sandbox.vendors import NOW, Reply, Vendor

ROOT = "/fidel/v1"  # of the vendor that the fixture `api` starts


async def buy(api: Vendor, amount: float, card: str = VISA) -> Reply:
    body = {"amount": amount, "cardId": card, "locationId": BRISTOL}
    return await api.ask("POST", "/transactions/test", json=body)


async def reimburse(api: Vendor, transaction: str, amount: float) -> Reply:
    return await api.ask("POST", f"/transactions/{transaction}/reimbursement", json={"amount": amount})


async def search(api: Vendor, on: str, amount: float = 42.1) -> Reply:
    body = {"locationId": BOSTON, "transactionDate": on, "amount": amount}
    return await api.ask("POST", f"/cards/{MASTERCARD}/missing-transaction-requests", json=body)


async def test_amounts_are_decimals_in_major_units_without_binary_noise(api: Vendor) -> None:
    for amount in ("0.1", "24.9", "1240.07", "486"):
        made = await buy(api, json.loads(amount))
        assert f'"amount": {amount},' in (await api.get(f"/transactions/{made.item['id']}")).text


async def test_a_matched_refund_and_its_original_point_at_each_other(api: Vendor) -> None:
    refund, original = await api.get(f"/transactions/{REFUND}"), await api.get(f"/transactions/{REFUNDED}")
    assert (refund.item["amount"], refund.item["auth"]) == (-24.9, False)
    assert refund.item["originalTransactionId"] == REFUNDED
    assert original.item["refundTransactionId"] == REFUND


async def test_a_partial_refund_matches_nothing_and_one_purchase_is_refunded_once(api: Vendor) -> None:
    part, first, second = [await buy(api, amount) for amount in (-10, -24.9, -24.9)]
    assert first.item["originalTransactionId"] == BREAKFAST
    assert "originalTransactionId" not in part.item | second.item


async def test_clearing_keeps_the_id_and_the_authorisation(api: Vendor) -> None:
    made = await buy(api, 12.5)
    assert (made.item["auth"], made.item["cleared"]) == (True, False)
    cleared = await api.ask("PATCH", f"/transactions/{made.item['id']}", json={"cleared": True})
    assert (cleared.item["id"], cleared.item["auth"], cleared.item["cleared"]) == (made.item["id"], True, True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/cards/{VISA}/transactions", [BREAKFAST, REFUND, REFUNDED]),
        (f"/programs/{PROGRAM}/transactions", [CATERING, BREAKFAST, REFUND, REFUNDED]),
        (f"/brands/{BRAND}/transactions", [CATERING, BREAKFAST, REFUND, REFUNDED]),
    ],
)
async def test_transactions_are_listed_newest_first(api: Vendor, path: str, expected: list[str]) -> None:
    assert [item["id"] for item in (await api.get(path)).body["items"]] == expected


async def test_metadata_of_the_brand_is_copied_into_later_transactions_only(api: Vendor) -> None:
    await api.ask("PATCH", f"/brands/{BRAND}", json={"metadata": {"case": "c-1"}})
    made, old = await buy(api, 5), await api.get(f"/transactions/{BREAKFAST}")
    assert made.item["brand"]["metadata"] == {"case": "c-1"}
    assert old.item["brand"]["metadata"] == {"crmId": "HL-2041"}
    assert "metadata" not in made.item
    assert made.item["descriptor"]["storeName"] == "Harbour Lane Bakery"


async def test_a_search_waits_until_the_purchase_is_four_days_old(api: Vendor) -> None:
    made = await search(api, "2026-11-19")
    path = f"/missing-transaction-requests/{made.item['id']}"
    assert (await api.get(path)).item["status"] == "pending"
    api.clock.forward(days=3)
    settled = (await api.get(path)).item
    assert (settled["status"], settled["result"]["error"]["code"]) == ("failed", "transaction-not-found")


async def test_each_search_finds_what_the_network_knows(api: Vendor) -> None:
    first, made = [await search(api, "2026-11-11") for _ in range(2)]
    assert first.item["id"] != made.item["id"]
    listed = (await api.get(f"/programs/{PROGRAM}/missing-transaction-requests")).body["items"]
    assert [(item["id"], item["status"]) for item in listed] == [
        (request.item["id"], "successful") for request in (made, first)
    ]
    assert listed[0]["result"]["transactions"][0]["amount"] == 42.1


@pytest.mark.parametrize(("scheme", "days"), [("mastercard", 90), ("amex", 30)])
async def test_a_search_outside_the_window_of_the_network_is_refused(api: Vendor, scheme: str, days: int) -> None:
    api.state.fidel["cards"][MASTERCARD]["scheme"] = scheme
    api.clock.forward(days=days)
    assert (await search(api, NOW.date().isoformat())).status == 201
    api.clock.forward(days=1)
    assert (await search(api, NOW.date().isoformat())).status == 400


async def test_reimbursement_is_not_activated_unless_switched_on(api: Vendor) -> None:
    answer = await reimburse(api, BREAKFAST, 5)
    assert (answer.status, answer.error["code"]) == (401, "reimbursement-not-activated")


async def test_a_transaction_is_reimbursed_once_unless_that_failed(api: Vendor) -> None:
    api.state.fidel["reimbursement"] = True
    first, second = await reimburse(api, BREAKFAST, 24.9), await reimburse(api, BREAKFAST, 1)
    assert (first.status, list(first.item)) == (202, ["id"])
    assert second.error["code"] == "reimbursement-already-created"
    api.state.fidel["reimbursements"][first.item["id"]]["status"] = "failed"
    assert (await reimburse(api, BREAKFAST, 1)).status == 202


@pytest.mark.parametrize(
    ("transaction", "amount", "code"),
    [
        (REFUND, 1, "reimbursement-invalid-transaction"),
        (BREAKFAST, 24.91, "reimbursement-amount-greater-original-amount"),
        ("visa", 250.01, "reimbursement-amount-above-limit"),
        ("uncleared", 5, "reimbursement-transaction-not-eligible"),
        ("mastercard", 1000.01, "credits-account-not-enough-funds"),
        ("yen", 5, "reimbursement-unsupported-currency"),
        ("amex", 5, "reimbursement-unsupported-network"),
    ],
)
async def test_a_reimbursement_is_refused(api: Vendor, transaction: str, amount: float, code: str) -> None:
    store = api.state.fidel
    store["reimbursement"] = True
    if transaction in ("visa", "mastercard", "uncleared", "yen", "amex"):
        made = (await buy(api, 5000, MASTERCARD if transaction == "mastercard" else VISA)).item["id"]
        kept = store["transactions"][made]
        kept["cleared"] = transaction != "uncleared"
        kept["currency"] = "JPY" if transaction == "yen" else "GBP"
        kept["card"]["scheme"] = "amex" if transaction == "amex" else kept["card"]["scheme"]
        transaction = made
    answer = await reimburse(api, transaction, amount)
    assert (answer.status, answer.error["code"]) == (400, code)


async def test_a_purchase_of_ninety_days_ago_is_not_reimbursed(api: Vendor) -> None:
    api.state.fidel["reimbursement"] = True
    for transaction, status in ((CATERING, 202), (BREAKFAST, 400)):  # three and five days old
        api.clock.at = NOW + timedelta(days=85)
        assert (await reimburse(api, transaction, 5)).status == status
