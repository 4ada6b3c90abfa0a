"""Promises of the Fidel API connector: what is sent, what is refused, and what is found again."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue

from bot.connectors.base import ConnectorError, Refused, Repeat, Unavailable, Unsure
from bot.connectors.fidel import FidelConnector
from bot.core.model import Action, Receipt
from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, CATERING, MASTERCARD, REFUND, REFUNDED, VISA
from tests.connector_support import KEY, NOW, REFERENCE, World, action, details, vendors

NOBODY = "00000000-0000-4000-8000-000000000000"
TEA = "Juniper & Sage Tea House"
BAKERY = "Harbour Lane Bakery"
SITE = "https://juniper.example.com/"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with vendors() as running:
        yield running


@pytest.fixture
async def fidel(world: World) -> AsyncIterator[FidelConnector]:
    connector = world.fidel(reimbursement=True)
    world.state.fidel["reimbursement"] = True
    yield connector
    await connector.close()


def do(operation: str, **params: JsonValue) -> Action:
    return action("fidel", operation, **params)


def create(name: str = TEA, **more: JsonValue) -> Action:
    return do("create_brand", name=name, reference=dict(REFERENCE), **more)


async def refusal(fidel: FidelConnector, todo: Action, kind: type[ConnectorError] = Refused) -> str:
    with pytest.raises(kind) as raised:
        await fidel.perform(todo, KEY)
    return raised.value.sentence


def brands(world: World, name: str) -> list[Any]:
    return [brand for brand in world.state.fidel["brands"].values() if brand["name"].strip() == name]


# --- create a brand -------------------------------------------------------------------------------------------------


async def test_a_brand_is_made_with_our_key_in_its_metadata(fidel: FidelConnector, world: World) -> None:
    receipt = await fidel.perform(create(website_url=SITE, logo_url="https://static.example.com/j.png"), KEY)
    (brand,) = brands(world, TEA)
    assert brand["id"] == receipt.vendor_id
    assert (brand["websiteURL"], brand["logoURL"]) == (SITE, "https://static.example.com/j.png")
    assert brand["metadata"] == {"countersign": KEY, "call": "call-7f3a", "case": "case-12"}


async def test_a_brand_of_somebody_else_is_refused_before_anything_is_sent(fidel: FidelConnector, world: World) -> None:
    sentence = await refusal(fidel, create(BAKERY))
    assert sentence == f"A brand named {BAKERY} exists already ({BRAND}), it was not made by this case."
    assert world.writes == []


async def test_a_brand_that_we_made_is_not_made_again(fidel: FidelConnector, world: World) -> None:
    first = await fidel.perform(create(), KEY)
    second = await fidel.perform(create(f"  {TEA} "), KEY)
    assert (first.vendor_id, len(world.writes)) == (second.vendor_id, 1)


async def test_a_brand_of_another_case_is_not_taken_for_ours(fidel: FidelConnector) -> None:
    await fidel.perform(create(), "call-0000/step/1")
    assert "not made by this case" in await refusal(fidel, create())
    assert await fidel.find(create(), KEY) is None


@pytest.mark.parametrize("code", ["item-exists", "map.already.exists", "brand"])
async def test_a_name_taken_in_between_is_told_by_its_message_whatever_the_code(
    fidel: FidelConnector, world: World, code: str
) -> None:
    world.error = {"code": code, "message": "Item already exists"}
    world.fail("POST", "400")
    assert "does not list it" in await refusal(fidel, create())


async def test_the_code_item_exists_alone_does_not_mean_that_it_exists(fidel: FidelConnector, world: World) -> None:
    world.error = {"code": "item-exists", "message": "Item does not exist", "class": "program"}
    world.fail("POST", "400")
    assert await refusal(fidel, create()) == "Fidel API has no such record."


async def test_a_brand_whose_answer_was_lost_is_found_by_our_key(fidel: FidelConnector, world: World) -> None:
    world.fail("POST", "lost_reply")
    await refusal(fidel, create(), Unsure)
    found = await fidel.find(create(), KEY)
    assert found is not None
    assert [brand["id"] for brand in brands(world, TEA)] == [found.vendor_id]
    assert (await fidel.perform(create(), KEY)).vendor_id == found.vendor_id
    assert len(brands(world, TEA)) == 1


async def test_a_brand_that_was_never_made_is_not_found(fidel: FidelConnector, world: World) -> None:
    world.fail("POST", "500")
    await refusal(fidel, create(), Unsure)
    assert await fidel.find(create(), KEY) is None


async def test_the_exact_name_is_found_behind_a_page_of_longer_ones(fidel: FidelConnector, world: World) -> None:
    for n in range(130):
        await fidel.perform(create(f"{TEA} {n}"), f"call-{n}/step/1")
    world.exchanges.clear()
    assert await fidel.find(create(), KEY) is None
    reads = world.sent("GET")
    assert len(reads) == 2
    assert json.loads(reads[1].query["start"])["id"]


async def test_the_vendors_own_words_explain_a_schema_refusal(fidel: FidelConnector, world: World) -> None:
    world.error = {"message": "Invalid schema", "metadata": [{"message": "logoURL should match\n format"}, "odd"]}
    world.fail("POST", "400")
    assert await refusal(fidel, create()) == "Fidel API refused it: Invalid schema; logoURL should match format."


@pytest.mark.parametrize("name", ["x", "x" * 51, "  x  "])
async def test_a_name_that_fidel_would_not_take_is_refused_before_anything_is_sent(
    fidel: FidelConnector, world: World, name: str
) -> None:
    assert "name: " in await refusal(fidel, create(name))
    assert world.exchanges == []


# --- change a brand, a card, a shop ---------------------------------------------------------------------------------


async def test_a_brand_update_sends_what_changes_and_keeps_the_rest_of_the_metadata(
    fidel: FidelConnector, world: World
) -> None:
    change = do("update_brand", brand_id=BRAND, website_url=SITE, reference=dict(REFERENCE), metadata={"tier": "gold"})
    assert (await fidel.perform(change, KEY)).vendor_id == BRAND
    assert json.loads(world.writes[0].body) == {
        "websiteURL": SITE,
        "metadata": {
            "crmId": "HL-2041",
            "tier": "gold",
            "countersign_call": "call-7f3a",
            "countersign_case": "case-12",
        },
    }


@pytest.mark.parametrize("spelling", ["logoURL", "logoUrl"])
async def test_a_logo_is_read_in_both_spellings(fidel: FidelConnector, world: World, spelling: str) -> None:
    world.state.fidel["logo_spelling"] = spelling
    same = do("update_brand", brand_id=BRAND, logo_url="https://static.example.com/harbour-lane.png")
    assert (await fidel.perform(same, KEY)).note == "The brand was so already."
    assert world.writes == []


async def test_a_new_name_is_refused_with_the_reason_before_anything_is_sent(
    fidel: FidelConnector, world: World
) -> None:
    rename = do("update_brand", brand_id=BRAND, website_url=SITE, name="Harbour Lane Bakers")
    assert "refuses to rename a brand" in await refusal(fidel, rename)
    assert world.exchanges == []


ADDRESS: dict[str, JsonValue] = {
    "address": "7 Quay St",
    "city": "Bristol",
    "postcode": "BS1 4DJ",
    "country_code": "GBR",
}
CHANGES = (
    do("update_brand", brand_id=BRAND, website_url=SITE),
    do("brand_reference", brand_id=BRAND, reference={**REFERENCE, "state": "done"}),
    do("card_reference", card_id=VISA, reference={**REFERENCE, "link": "https://acme.example.com/archives/C1/p1"}),
    do(
        "shop_address", location_id=BRISTOL, address="7 Quay St", city="Bristol", postcode="BS1 4DJ", country_code="GBR"
    ),
)
EACH_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.operation)


@EACH_CHANGE
async def test_a_change_is_found_once_it_is_made_and_not_before(fidel: FidelConnector, change: Action) -> None:
    assert await fidel.find(change, KEY) is None
    made = await fidel.perform(change, KEY)
    assert await fidel.find(change, KEY) == Receipt(vendor_id=made.vendor_id)


@EACH_CHANGE
async def test_a_change_whose_answer_was_lost_is_found(fidel: FidelConnector, world: World, change: Action) -> None:
    world.fail("PUT" if change.operation == "card_reference" else "PATCH", "lost_reply")
    await refusal(fidel, change, Unsure)
    assert await fidel.find(change, KEY) is not None


@EACH_CHANGE
async def test_a_change_that_is_made_already_is_not_sent_again(
    fidel: FidelConnector, world: World, change: Action
) -> None:
    await fidel.perform(change, KEY)
    assert "so already" in str((await fidel.perform(change, KEY)).note)
    assert len(world.writes) == 1


@EACH_CHANGE
@pytest.mark.parametrize("status", ["404", "400"])
async def test_a_record_that_does_not_exist_is_refused_in_both_of_fidels_ways(
    fidel: FidelConnector, world: World, change: Action, status: str
) -> None:
    world.state.fidel["unknown_id"] = status
    params = {name: NOBODY if name.endswith("_id") else value for name, value in change.params.items()}
    lost = change.model_copy(update={"params": params})
    assert NOBODY in await refusal(fidel, lost)
    assert await fidel.find(lost, KEY) is None


async def test_a_card_keeps_its_metadata_above_all_its_id(fidel: FidelConnector, world: World) -> None:
    world.state.fidel["cards"][VISA]["metadata"] = {"id": "cust-77", "tier": None, "score": 1.5}
    await fidel.perform(do("card_reference", card_id=VISA, reference=dict(REFERENCE)), KEY)
    assert world.state.fidel["cards"][VISA]["metadata"] == {
        "id": "cust-77",
        "tier": None,
        "score": 1.5,
        "countersign_call": "call-7f3a",
        "countersign_case": "case-12",
    }


@pytest.mark.parametrize("surplus", ["amount", "reason", "customer", "email"])
async def test_a_reference_has_no_room_for_anything_else(fidel: FidelConnector, world: World, surplus: str) -> None:
    todo = do("card_reference", card_id=VISA, reference={**REFERENCE, surplus: "12.50"})
    assert surplus in await refusal(fidel, todo)
    assert world.exchanges == []


@pytest.mark.parametrize("brand_id", ["../cards", "x", "", f"{BRAND}/"])
async def test_an_id_that_is_none_is_never_put_into_an_address(
    fidel: FidelConnector, world: World, brand_id: str
) -> None:
    await refusal(fidel, do("update_brand", brand_id=brand_id, website_url=SITE))
    assert world.exchanges == []


async def test_an_address_that_fidel_does_not_know_is_no_missing_record(fidel: FidelConnector, world: World) -> None:
    world.error = {"code": "routes", "message": "Route does not exist"}
    world.fail("GET", "404")
    assert "check FIDEL_API_URL" in await refusal(fidel, CHANGES[0])


# --- missing transactions -------------------------------------------------------------------------------------------


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


# --- reimbursement --------------------------------------------------------------------------------------------------


def reimburse(transaction_id: str = BREAKFAST, amount_minor: int = 1250, currency: str = "GBP") -> Action:
    return do("reimburse_transaction", transaction_id=transaction_id, amount_minor=amount_minor, currency=currency)


async def test_reimbursement_is_off_unless_it_is_switched_on(world: World) -> None:
    connector = world.fidel()
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


# --- facts ----------------------------------------------------------------------------------------------------------


async def look(fidel: FidelConnector, *wanted: str, money: str | None = None, **fields: str) -> list[Any]:
    return list(await fidel.facts(details(money, **fields), frozenset(wanted), NOW))


async def test_a_transaction_is_described_in_one_sentence(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=BREAKFAST, money="2490 GBP")
    assert fact.sentence == "24.90 GBP at Harbour Lane Bakery on 15 Nov 2026, card ••4305, cleared"
    assert (fact.name, fact.source, fact.observed_at, fact.doubt) == ("transaction", "Fidel API", NOW, None)
    known = {name: fact.values[name] for name in ("amount_minor", "currency", "card_id", "location_id", "cleared")}
    assert known == {
        "amount_minor": 2490,
        "currency": "GBP",
        "card_id": VISA,
        "location_id": BRISTOL,
        "cleared": True,
    }


async def test_a_transaction_is_found_by_card_amount_and_date(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-15T08:00:00", money="2490 GBP")
    assert fact.values["transaction_id"] == BREAKFAST


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ("2490 USD", "The call says 24.90 USD, but Fidel API's transaction is 24.90 GBP."),
        ("2491 GBP", "The call says 24.91 GBP, more than Fidel API's transaction of 24.90 GBP."),
    ],
)
async def test_money_that_does_not_fit_the_transaction_is_a_doubt(
    fidel: FidelConnector, money: str, words: str
) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=BREAKFAST, money=money)
    assert fact.doubt == words


async def test_a_transaction_that_is_not_found_is_one_doubt(fidel: FidelConnector) -> None:
    (by_id,) = await look(fidel, "transaction", "refund", transaction_id=NOBODY)
    assert by_id.doubt == by_id.missing == f"Fidel API has no transaction {NOBODY}."
    (by_card,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-16", money="2490 GBP")
    assert by_card.doubt == "Fidel API has no transaction of 24.90 GBP on 16 Nov 2026 with this card."


async def test_two_transactions_that_fit_are_a_doubt(fidel: FidelConnector, world: World) -> None:
    transactions = world.state.fidel["transactions"]
    transactions[REFUNDED]["datetime"] = transactions[BREAKFAST]["datetime"]
    (fact,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-15", money="2490 GBP")
    assert fact.doubt == "Fidel API has 2 transactions of 24.90 GBP on 15 Nov 2026 with this card."


async def test_another_systems_transaction_id_is_missing_and_no_doubt(fidel: FidelConnector, world: World) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id="TX-2041")
    assert (fact.missing, fact.doubt) == ("TX-2041 is not a transaction id of Fidel API.", None)
    assert world.exchanges == []


async def test_a_matched_refund_is_a_doubt(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "refund", transaction_id=REFUNDED)
    assert fact.doubt == f"The shop refunded this purchase already: 24.90 GBP on 8 Nov 2026 ({REFUND})."
    assert fact.values["matched"] is True
    assert fact.values["amount_minor"] == 2490


async def test_an_unmatched_refund_at_the_same_shop_is_a_doubt(fidel: FidelConnector, world: World) -> None:
    transactions = world.state.fidel["transactions"]
    del transactions[REFUND]["originalTransactionId"]
    transactions[REFUND] |= {"amount": "-10.00", "datetime": "2026-11-17T10:00:00"}
    (fact,) = await look(fidel, "refund", transaction_id=BREAKFAST)
    assert "10.00 GBP on 17 Nov 2026" in fact.doubt
    assert "may be for this purchase" in fact.doubt
    assert fact.values["matched"] is False


async def test_a_refund_of_another_purchase_is_no_doubt(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "refund", transaction_id=BREAKFAST)
    assert (fact.sentence, fact.doubt) == ("No refund by the shop seen", None)


async def test_a_transaction_that_is_itself_a_refund_is_a_doubt(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=REFUND)
    assert "itself a refund" in fact.doubt


async def test_a_brand_is_found_by_id_and_by_its_exact_name_only(fidel: FidelConnector) -> None:
    (by_id,) = await look(fidel, "brand", brand_id=BRAND)
    (by_name,) = await look(fidel, "brand", brand_name=f" {BAKERY} ")
    assert by_id == by_name
    assert by_id.values["brand_id"] == BRAND
    (prefix,) = await look(fidel, "brand", brand_name="Harbour Lane")
    assert prefix.doubt == "Fidel API has no brand named Harbour Lane."


async def test_a_name_for_a_new_brand_is_a_doubt_only_where_it_is_taken(fidel: FidelConnector) -> None:
    (free,) = await look(fidel, "brand_name", brand_name=TEA)
    assert (free.values, free.doubt) == ({"taken": False}, None)
    (taken,) = await look(fidel, "brand_name", brand_name=BAKERY)
    assert taken.doubt == f"A brand named {BAKERY} exists already on Fidel API ({BRAND})."


async def test_a_list_that_never_ends_is_given_up(fidel: FidelConnector, world: World) -> None:
    async def endless(*_: object) -> Any:
        return type("Reply", (), {"body": {"items": [], "last": "again"}})()

    fidel._http.read = endless  # type: ignore[method-assign, assignment]  # a vendor that loops for ever
    with pytest.raises(Unavailable, match="more than we can look through"):
        await fidel.find(create(), KEY)
