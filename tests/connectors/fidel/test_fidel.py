"""Promises of the Fidel API connector: what is sent, what is refused, and what is found again."""

import json
from typing import Any

import httpx
import pytest
from pydantic import JsonValue

from bot.connectors.fidel import FidelConnector
from bot.core.model import Action, Receipt
from bot.http.errors import Unavailable, Unsure
from sandbox.fidel.seeds import BRAND, BRISTOL, VISA
from tests.connectors.support import KEY, REFERENCE, World, action, refusal

NOBODY = "00000000-0000-4000-8000-000000000000"
TEA = "Juniper & Sage Tea House"
BAKERY = "Harbour Lane Bakery"
SITE = "https://juniper.example.com/"


def do(operation: str, **params: JsonValue) -> Action:
    return action("fidel", operation, **params)


def create(name: str = TEA, **more: JsonValue) -> Action:
    return do("create_brand", name=name, reference=dict(REFERENCE), **more)


def brands(world: World, name: str) -> list[Any]:
    return [brand for brand in world.state.fidel["brands"].values() if brand["name"].strip() == name]


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
@pytest.mark.parametrize("fault", ["lost_reply", "garbage"])
async def test_a_change_whose_answer_was_lost_is_found(
    fidel: FidelConnector, world: World, change: Action, fault: str
) -> None:
    world.fail("PUT" if change.operation == "card_reference" else "PATCH", fault)
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


async def test_numbers_in_others_metadata_go_back_digit_for_digit(fidel: FidelConnector, world: World) -> None:
    sent: list[bytes] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        metadata = b'{"id":"cust-77","points":12345678901234567.89}'
        return httpx.Response(200, content=b'{"items":[{"id":"%s","metadata":%s}]}' % (VISA.encode(), metadata))

    connector = world.fidel(transport=httpx.MockTransport(vendor))
    await connector.perform(do("card_reference", card_id=VISA, reference=dict(REFERENCE)), KEY)
    await connector.close()
    assert b'"points":12345678901234567.89' in sent[-1]


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


async def test_a_list_that_never_ends_is_given_up(fidel: FidelConnector, world: World) -> None:
    async def endless(*_: object) -> Any:
        return type("Reply", (), {"body": {"items": [], "last": "again"}})()

    fidel.api.http.read = endless  # type: ignore[method-assign, assignment]  # a vendor that loops for ever
    with pytest.raises(Unavailable, match="more than we can look through"):
        await fidel.find(create(), KEY)
