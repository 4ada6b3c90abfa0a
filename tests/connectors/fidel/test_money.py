"""Promises of the Fidel API connector where purchases are searched for and money is paid out."""

import json
from decimal import Decimal

import pytest
from pydantic import JsonValue

from bot.connectors.base import Repeat
from bot.connectors.fidel import FidelConnector
from bot.core.model import Action
from bot.http.errors import Unsure
from sandbox.fidel.seeds import BOSTON, BREAKFAST, CATERING, MASTERCARD, REFUND, REFUNDED
from tests.connectors.support import KEY, World, action, refusal

NOBODY = "00000000-0000-4000-8000-000000000000"


def do(operation: str, **params: JsonValue) -> Action:
    return action("fidel", operation, **params)


def search(**more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {"card_id": MASTERCARD, "location_id": BOSTON, "date": "2026-11-11"}
    return do("request_missing_transaction", **{**params, "amount_minor": 4210, "currency": "USD", **more})


async def test_a_search_is_asked_for_with_the_exact_amount(fidel: FidelConnector, world: World) -> None:
    receipt = await fidel.perform(search(), KEY)
    assert receipt.vendor_id in world.state.fidel["requests"]
    sent = json.loads(world.writes[0].body, parse_float=Decimal)
    assert sent == {"locationId": BOSTON, "transactionDate": "2026-11-11", "amount": Decimal("42.10")}


async def test_the_same_search_is_not_asked_for_twice_and_another_one_is(fidel: FidelConnector, world: World) -> None:
    first = await fidel.perform(search(), KEY)
    assert (await fidel.perform(search(), KEY)).vendor_id == first.vendor_id
    assert (await fidel.perform(search(amount_minor=4211), KEY)).vendor_id != first.vendor_id
    assert len(world.writes) == 2


async def test_a_search_whose_answer_was_lost_is_found_and_else_a_person_decides(
    fidel: FidelConnector, world: World
) -> None:
    world.fail("POST", "lost_reply")
    await refusal(fidel, search(), Unsure)
    assert await fidel.find(search(), KEY) is not None
    assert await fidel.find(search(date="2026-11-12"), KEY) is None
    assert fidel.operations["request_missing_transaction"].repeat is Repeat.PERSON


async def test_a_failed_search_may_be_asked_for_again(fidel: FidelConnector, world: World) -> None:
    first = await fidel.perform(search(), KEY)
    world.state.fidel["requests"][first.vendor_id]["status"] = "failed"
    assert (await fidel.perform(search(), KEY)).vendor_id != first.vendor_id


async def test_a_search_for_a_card_that_does_not_exist_is_refused(fidel: FidelConnector) -> None:
    assert await refusal(fidel, search(card_id=NOBODY)) == f"Fidel API has no card {NOBODY}."


def reimburse(transaction_id: str = BREAKFAST, amount_minor: int = 1250, currency: str = "GBP") -> Action:
    return do("reimburse_transaction", transaction_id=transaction_id, amount_minor=amount_minor, currency=currency)


async def test_reimbursement_is_off_unless_it_is_switched_on(world: World) -> None:
    connector = world.fidel()
    assert "reimburse_transaction" not in connector.operations
    assert "switched off" in await refusal(connector, reimburse())
    await connector.close()
    assert world.exchanges == []


async def test_a_reimbursement_is_sent_by_transaction_with_the_exact_amount(
    fidel: FidelConnector, world: World
) -> None:
    receipt = await fidel.perform(reimburse(), KEY)
    assert receipt.vendor_id in world.state.fidel["reimbursements"]
    (sent,) = world.writes
    assert (sent.path, sent.body) == (f"/transactions/{BREAKFAST}/reimbursement", b'{"amount":12.50}')


async def test_what_cannot_be_reimbursed_is_refused_before_anything_is_sent(
    fidel: FidelConnector, world: World
) -> None:
    transactions = world.state.fidel["transactions"]
    transactions[CATERING] |= {"cleared": False}
    assert "not cleared yet" in await refusal(fidel, reimburse(CATERING, 100, "USD"))
    transactions[CATERING] |= {"cleared": True, "amount": "900.00"}
    transactions[CATERING]["card"] |= {"scheme": "amex"}
    assert "Visa and Mastercard" in await refusal(fidel, reimburse(CATERING, 100, "USD"))
    transactions[CATERING]["card"] |= {"scheme": "visa"}
    above = await refusal(fidel, reimburse(CATERING, 25001, "USD"))
    assert above == "250.01 USD is more than the 250.00 USD that Visa allows."
    more = await refusal(fidel, reimburse(amount_minor=2491))
    assert more == "24.91 GBP is more than the transaction of 24.90 GBP."
    assert await refusal(fidel, reimburse(currency="USD")) == "The transaction is in GBP, not in USD."
    assert "refunded this purchase already" in await refusal(fidel, reimburse(REFUNDED))
    assert "itself a refund" in await refusal(fidel, reimburse(REFUND))
    assert NOBODY in await refusal(fidel, reimburse(NOBODY))
    transactions[CATERING] |= {"currency": "EUR"}
    assert "USD and GBP only" in await refusal(fidel, reimburse(CATERING, 100, "EUR"))
    assert world.writes == []


async def test_a_reimbursement_that_exists_already_is_unsure_and_never_paid_twice(
    fidel: FidelConnector, world: World
) -> None:
    world.fail("POST", "lost_reply")
    await refusal(fidel, reimburse(), Unsure)
    assert "already" in await refusal(fidel, reimburse(), Unsure)
    assert len(world.state.fidel["reimbursements"]) == 1
    assert await fidel.find(reimburse(), KEY) is None
    assert fidel.operations["reimburse_transaction"].repeat is Repeat.PERSON


async def test_an_error_inside_the_network_leaves_a_reimbursement_unsure(fidel: FidelConnector, world: World) -> None:
    world.error = {"code": "reimbursement-network-internal-error", "message": "Network internal error"}
    world.fail("POST", "500")
    await refusal(fidel, reimburse(), Unsure)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("401", "reimbursement-not-activated", "not activated for the account"),
        ("400", "credits-account-not-enough-funds", "prepaid credits do not cover"),
        ("400", "reimbursement-transaction-not-eligible", "not eligible"),
        ("404", "reimbursement-account-not-found", "no reimbursement account"),
    ],
)
async def test_a_refused_reimbursement_says_why(
    fidel: FidelConnector, world: World, status: str, code: str, words: str
) -> None:
    world.error = {"code": code, "message": "No"}
    world.fail("POST", status)
    assert words in await refusal(fidel, reimburse())
