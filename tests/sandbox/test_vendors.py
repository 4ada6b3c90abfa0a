"""Keep Fidel API's promises: its key, brands, cards and locations, with the quirks a client must know."""

import json
from typing import Any

import pytest

from sandbox import fidel, stripe
from sandbox.fidel.seeds import BOSTON, BRAND, BRISTOL, MASTERCARD, VISA
from sandbox.state import State
from tests.sandbox.vendors import FIDEL_KEY, NOW, Reply, Vendor

NOBODY = "00000000-0000-4000-8000-000000000000"
ROOT = "/fidel/v1"  # of the vendor that the fixture `api` starts


async def create(api: Vendor, name: str, **more: object) -> Reply:
    return await api.ask("POST", "/brands", json={"name": name, **more})


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "options", "refusal"),
    [
        ("GET", "/brands", {"headers": {"Fidel-Key": FIDEL_KEY}}, (400, "content-type")),
        ("GET", "/brands", {"headers": JSON | {"Fidel-Key": f"Bearer {FIDEL_KEY}"}}, (401, "credential")),
        ("GET", "/brands", {"headers": JSON | {"Fidel-Key": "sk_test_other"}}, (401, "credential")),
        ("GET", "/brands", {"headers": JSON | {"Authorization": "x"}}, (401, "credential")),
        ("GET", "/invoices", {}, (404, "routes")),
        ("DELETE", f"/brands/{BRAND}", {}, (405, "routes")),
    ],
)
async def test_a_request_that_fidel_would_not_take_is_refused_with_its_code(
    api: Vendor, method: str, path: str, options: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = await api.ask(method, path, **options)
    assert (answer.status, answer.error["code"]) == refusal


async def test_a_get_with_a_body_is_malformed(api: Vendor) -> None:
    assert (await api.ask("GET", "/brands", json={})).status == 403


async def test_an_invalid_uuid_is_not_an_unknown_one(api: Vendor) -> None:
    answer = await api.get("/brands/not-a-uuid")
    assert (answer.status, answer.error["message"]) == (400, "Invalid uuid")


@pytest.mark.parametrize("status", [404, 400])
async def test_an_unknown_id_answers_404_or_400_as_the_switch_says(api: Vendor, status: int) -> None:
    api.state.fidel["unknown_id"] = str(status)
    answer = await api.get(f"/transactions/{NOBODY}")
    assert (answer.status, answer.error["code"]) == (status, "item-exists")
    assert answer.error["message"] == "Item does not exist"


async def test_an_answer_has_the_envelope(api: Vendor) -> None:
    listed, one = await api.get("/brands"), await api.get(f"/brands/{BRAND}")
    envelope = {"count": 1, "last": None, "resource": "/v1/brands", "status": 200}
    assert listed.body | {"items": [], "execution": 0} == {"items": [], "execution": 0, **envelope}
    assert len(one.body["items"]) == 1
    assert "count" not in one.body


async def test_a_second_brand_of_one_name_is_refused_though_its_code_says_the_opposite_elsewhere(api: Vendor) -> None:
    answer = await create(api, "Harbour Lane Bakery")
    assert (answer.status, answer.error["code"]) == (400, "item-exists")
    assert answer.error["message"] == "Item already exists"


async def test_a_created_brand_is_found_by_more_than_its_name_and_keeps_what_it_was_given(api: Vendor) -> None:
    given = {"logoURL": "https://static.example.com/j.png", "metadata": {"requestId": "7d0f"}}
    made = await create(api, "Harbour Lane Bakery Outlet", **given)
    await create(api, "Other")
    assert made.status == 201
    names = [brand["name"] for brand in (await api.get("/brands", name="harbour lane BAKERY")).body["items"]]
    assert names == ["Harbour Lane Bakery Outlet", "Harbour Lane Bakery"]
    read = await api.get(f"/brands/{made.item['id']}")
    assert {name: read.item[name] for name in given} == given


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "should have required property 'name'"),
        ({"name": "x"}, "should NOT be shorter than 2 characters"),
        ({"name": "x" * 51}, "should NOT be longer than 50 characters"),
        ({"name": "Fine", "websiteURL": "nowhere"}, 'should match format "uri"'),
        ({"name": "Fine", "metadata": {"a": "x" * 2048}}, "should NOT be larger than 2 KB"),
    ],
)
async def test_a_schema_failure_lists_its_messages_in_an_array_and_a_body_that_is_not_json_is_one(
    api: Vendor, body: dict[str, object], message: str
) -> None:
    answer = await api.ask("POST", "/brands", json=body)
    assert (answer.status, answer.error["message"]) == (400, "Invalid schema")
    assert answer.error["metadata"] == [{"message": message}]
    assert (await api.ask("POST", "/brands", data=b"name=x")).error["message"] == "Invalid schema"


async def test_a_name_in_an_update_is_refused_and_changes_nothing(api: Vendor) -> None:
    body = {"websiteURL": "https://new.example.com/", "name": "Harbour"}
    answer = await api.ask("PATCH", f"/brands/{BRAND}", json=body)
    assert answer.status == 400
    assert answer.error["message"]
    assert (await api.get(f"/brands/{BRAND}")).item["websiteURL"] == "https://harbourlane.example.com/"


@pytest.mark.parametrize(("merge", "expected"), [(False, {"a": "1"}), (True, {"crmId": "HL-2041", "a": "1"})])
async def test_metadata_is_replaced_or_merged_as_the_switch_says(
    api: Vendor, merge: bool, expected: dict[str, str]
) -> None:
    api.state.fidel["metadata_merge"] = merge
    answer = await api.ask("PATCH", f"/brands/{BRAND}", json={"metadata": {"a": "1"}})
    assert answer.item["metadata"] == expected


async def test_the_logo_can_be_spelt_as_in_older_samples(api: Vendor) -> None:
    api.state.fidel["logo_spelling"] = "logoUrl"
    brand = (await api.get(f"/brands/{BRAND}")).item
    assert brand["logoUrl"] == "https://static.example.com/harbour-lane.png"
    assert "logoURL" not in brand


async def test_last_is_an_object_that_leads_to_the_next_page_and_to_the_end(api: Vendor) -> None:
    for name in ("Aa", "Bb", "Cc", "Dd"):
        await create(api, name)
    seen, start = [], None
    while True:
        query = {"limit": "2"} | ({"start": json.dumps(start)} if start else {})
        answer = await api.get("/brands", **query)
        seen += [brand["name"] for brand in answer.body["items"]]
        start = answer.body["last"]
        if start is None:
            break
        assert isinstance(start, dict)
    assert seen == ["Dd", "Cc", "Bb", "Aa", "Harbour Lane Bakery"]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"start": "abc"}, {"order": "up"}])
async def test_paging_that_makes_no_sense_is_refused(api: Vendor, query: dict[str, str]) -> None:
    assert (await api.get("/brands", **query)).status == 400


async def test_putting_card_metadata_replaces_it_and_cards_are_found_by_the_id_in_it(api: Vendor) -> None:
    answer = await api.ask("PUT", f"/cards/{VISA}/metadata", json={"case": "c-1"})
    assert answer.body["items"] == [{"metadata": {"case": "c-1"}}]
    assert (await api.get("/cards/metadata/cust-77")).body["items"] == []
    for card in (VISA, MASTERCARD):
        await api.ask("PUT", f"/cards/{card}/metadata", json={"id": "cust-77"})
    found = (await api.get("/cards/metadata/cust-77")).body["items"]
    assert {card["id"] for card in found} == {VISA, MASTERCARD}


async def test_part_of_an_address_is_not_enough(api: Vendor) -> None:
    whole = {"address": "7 Quay St", "city": "Bristol", "postcode": "BS1 4DJ", "countryCode": "GBR"}
    for name in whole:
        part = {other: value for other, value in whole.items() if other != name}
        assert (await api.ask("PATCH", f"/locations/{BRISTOL}", json=part)).status == 400
    assert (await api.ask("PATCH", f"/locations/{BRISTOL}", json=whole)).item["address"] == "7 Quay St"


async def test_the_panel_shows_the_newest_first_in_words_for_people(api: Vendor) -> None:
    await create(api, "Juniper & Sage Tea House", metadata={"case": "c-1"})
    body = {"locationId": BOSTON, "transactionDate": "2026-11-19", "amount": 42.1}
    await api.ask("POST", f"/cards/{MASTERCARD}/missing-transaction-requests", json=body)
    shown = fidel.panel(api.state)
    assert shown["brands"][0]["name"] == "Juniper & Sage Tea House"
    assert (shown["transactions"][0]["amount"], shown["transactions"][0]["card"]) == ("129.50", "Mastercard ••5509")
    assert (shown["requests"][0]["status"], shown["requests"][0]["currency"]) == ("pending", "USD")


@pytest.mark.parametrize("name", ["fidel", "stripe"])
def test_seeding_leaves_a_state_that_is_in_use_alone_and_is_plain_json(name: str) -> None:
    vendor, state = {"fidel": fidel, "stripe": stripe}[name], State()
    vendor.seed(state, NOW)
    before = json.dumps(getattr(state, name))
    vendor.seed(state)
    assert json.dumps(getattr(state, name)) == before
