"""Promises of the HubSpot connector: one note or task for a step, on the right record, for somebody who is there."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from bot.connectors.hubspot import HubSpotConnector
from bot.connectors.hubspot.client import VERSION
from bot.core.model import Action
from bot.http.errors import CredentialsRefused, Refused, Unavailable, Unsure
from sandbox.hubspot.seeds import DANA, HARBOUR, KESTREL, KEY_PROPERTY, LI, MARCUS, NORTHWIND
from tests.connectors.crm import Crm
from tests.connectors.support import KEY, NOW, REFERENCE, action, details, refusal

DUE = "2026-11-20T09:30:00Z"


def note(**more: JsonValue) -> Action:
    said: dict[str, JsonValue] = {"text": "Refund of 129.50 USD made.", "reference": dict(REFERENCE)}
    return action("hubspot", "note", **{**said, "email": "ap@northwind.example", **more})


def task(**more: JsonValue) -> Action:
    said: dict[str, JsonValue] = {"subject": "Call Kestrel Hotels", "text": "Cannot pay.", "priority": "urgent"}
    whose: dict[str, JsonValue] = {"email": "marcus@kestrel.example.com", "due_at": DUE, "reference": dict(REFERENCE)}
    return action("hubspot", "task", **{**said, **whose, **more})


def made(world: Crm, kind: str) -> list[Any]:
    return list(world.state.hubspot[kind].values())


def links(world: Crm, kind: str) -> list[list[str]]:
    return sorted(link[2:] for link in world.state.hubspot["links"] if link[0] == kind)


async def test_a_note_hangs_on_the_contact_and_its_company(hubspot: HubSpotConnector, world: Crm) -> None:
    receipt = await hubspot.perform(note(), KEY)
    (one,) = made(world, "notes")
    said = one["properties"]
    assert said["hs_note_body"] == "Refund of 129.50 USD made.<br><br>Countersign case-12, call call-7f3a"
    assert said["hs_timestamp"] == "2026-11-20T09:15:00Z"
    assert links(world, "notes") == [["companies", NORTHWIND], ["contacts", DANA]]
    assert receipt.vendor_id == one["id"]
    assert receipt.url == f"https://app.hubspot.com/contacts/1/record/0-1/{DANA}"
    assert receipt.request_id


async def test_a_task_is_for_the_customer_s_owner_and_due_when_it_was_said(
    hubspot: HubSpotConnector, world: Crm
) -> None:
    await hubspot.perform(task(due_at="2026-11-20T10:30:00+01:00"), KEY)
    (one,) = made(world, "tasks")
    said = {name: value for name, value in one["properties"].items() if name not in {KEY_PROPERTY, "hs_task_body"}}
    assert said == {
        "hs_timestamp": DUE,
        "hs_task_subject": "Call Kestrel Hotels",
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": "HIGH",
        "hs_task_type": "TODO",
        "hubspot_owner_id": LI,
    }
    assert links(world, "tasks") == [["companies", KESTREL], ["contacts", MARCUS]]


async def test_words_from_a_call_are_no_html(hubspot: HubSpotConnector, world: Crm) -> None:
    await hubspot.perform(note(text="<img src=x>\n& more"), KEY)
    assert made(world, "notes")[0]["properties"]["hs_note_body"].startswith("&lt;img src=x&gt;<br>&amp; more<br>")


async def test_every_path_has_the_dated_version(hubspot: HubSpotConnector, world: Crm) -> None:
    await hubspot.check()
    await hubspot.perform(task(), KEY)
    await hubspot.facts(details(email="ap@northwind.example"), frozenset({"contact", "deal"}), NOW)
    assert all("/2026-09/" in one.path for one in world.api)


@pytest.mark.parametrize(("todo", "kind"), [(note(), "notes"), (task(), "tasks")], ids=["note", "task"])
@pytest.mark.parametrize("lost", ["POST", "PUT"], ids=["the record's answer", "the link's answer"])
async def test_what_lost_its_answer_is_there_once(
    hubspot: HubSpotConnector, world: Crm, todo: Action, kind: str, lost: str
) -> None:
    world.fail(lost, "lost_reply")
    await refusal(hubspot, todo, Unsure)
    assert len(made(world, kind)) == 1
    receipt = await hubspot.perform(todo, KEY)
    assert [one["id"] for one in made(world, kind)] == [receipt.vendor_id]
    assert len(links(world, kind)) == 2
    found = await hubspot.find(todo, KEY)
    assert found is not None
    assert found.vendor_id == receipt.vendor_id
    assert (await hubspot.perform(todo, KEY)).vendor_id == receipt.vendor_id
    assert len(made(world, kind)) == 1


async def test_a_note_that_hangs_on_nobody_yet_is_not_found_but_finished(hubspot: HubSpotConnector, world: Crm) -> None:
    world.fail("PUT", "429")
    assert "not linked" in await refusal(hubspot, note(), Unsure)
    assert await hubspot.find(note(), KEY) is None
    made(world, "notes")[0]["properties"]["hs_note_body"] = "Corrected by Ana"
    await hubspot.perform(note(), KEY)
    assert [one["properties"]["hs_note_body"] for one in made(world, "notes")] == ["Corrected by Ana"]
    assert len(links(world, "notes")) == 2


async def test_a_link_that_is_refused_says_that_the_note_is_there(hubspot: HubSpotConnector, world: Crm) -> None:
    world.fail("PUT", "403")
    sentence = await refusal(hubspot, note())
    assert made(world, "notes")[0]["id"] in sentence
    assert "HUBSPOT_ACCESS_TOKEN" in sentence


async def test_a_note_that_never_arrived_is_not_found(hubspot: HubSpotConnector, world: Crm) -> None:
    world.fail("POST", "drop")
    await refusal(hubspot, note(), Unsure)
    assert await hubspot.find(note(), KEY) is None
    assert made(world, "notes") == []


async def test_what_somebody_changed_in_our_note_stays(hubspot: HubSpotConnector, world: Crm) -> None:
    await hubspot.perform(note(), KEY)
    made(world, "notes")[0]["properties"]["hs_note_body"] = "Corrected by Ana"
    await hubspot.perform(note(), KEY)
    assert made(world, "notes")[0]["properties"]["hs_note_body"] == "Corrected by Ana"


async def test_two_steps_make_two_notes(hubspot: HubSpotConnector, world: Crm) -> None:
    first = await hubspot.perform(note(), KEY)
    second = await hubspot.perform(note(), "call-7f3a/note/2")
    assert first.vendor_id != second.vendor_id
    assert len(made(world, "notes")) == 2


async def test_a_conflict_is_not_taken_for_a_refusal(hubspot: HubSpotConnector, world: Crm) -> None:
    world.body = {"category": "CONFLICT", "message": "made-up", "correlationId": "c-1"}
    world.fail("POST", "409")
    with pytest.raises(Unsure) as raised:
        await hubspot.perform(note(), KEY)
    assert raised.value.request_id == "c-1"


@pytest.mark.parametrize(
    ("whose", "linked"),
    [
        ({"email": "AP@northwind.example"}, [["companies", NORTHWIND], ["contacts", DANA]]),
        ({"account_id": "KESTREL-001"}, [["companies", KESTREL], ["contacts", MARCUS]]),
        ({"customer_name": "harbour lane bakery"}, [["companies", HARBOUR]]),
        (
            {"email": "nobody@example.com", "account_id": "cus_NORTHWIND"},
            [["companies", NORTHWIND], ["contacts", DANA]],
        ),
    ],
    ids=["e-mail", "account id", "company name", "account id after an unknown e-mail"],
)
async def test_the_customer_is_found_by(
    hubspot: HubSpotConnector, world: Crm, whose: dict[str, JsonValue], linked: list[list[str]]
) -> None:
    await hubspot.perform(note(**{"email": None, **whose}), KEY)
    assert links(world, "notes") == linked


@pytest.mark.parametrize(
    "whose",
    [{}, {"email": "nobody@example.com"}, {"account_id": "cus_NOBODY"}, {"customer_name": "Harbour"}],
    ids=["nothing stated", "e-mail", "account id", "part of a name"],
)
async def test_a_customer_whom_hubspot_does_not_know_is_refused_before_anything_is_written(
    hubspot: HubSpotConnector, world: Crm, whose: dict[str, JsonValue]
) -> None:
    sentence = await refusal(hubspot, note(**{"email": None, **whose}))
    assert sentence == "HubSpot has no contact or company for this customer. Add it there first."
    assert world.changes == []


async def test_between_two_companies_of_one_name_nobody_is_guessed(hubspot: HubSpotConnector, world: Crm) -> None:
    companies = world.state.hubspot["companies"]
    companies["88199"] = {**companies[HARBOUR], "id": "88199"}
    sentence = await refusal(hubspot, note(email=None, customer_name="Harbour Lane Bakery"))
    assert "2 companies with this name" in sentence
    assert world.changes == []


async def test_a_company_that_the_search_does_not_show_yet_refuses_the_step_and_doubles_nothing(
    hubspot: HubSpotConnector, world: Crm
) -> None:
    world.state.hubspot["companies"][HARBOUR]["updatedAt"] = NOW.isoformat()
    by_name = note(email=None, customer_name="Harbour Lane Bakery")
    await refusal(hubspot, by_name)
    world.now += timedelta(minutes=1)
    await hubspot.perform(by_name, KEY)
    assert len(made(world, "notes")) == 1


@pytest.mark.parametrize(
    ("email", "says"),
    [("priya@example.com", "has no owner"), ("haruka@example.com", "has left HubSpot")],
    ids=["no owner", "an owner who left"],
)
async def test_a_task_without_somebody_to_do_it_is_refused_and_says_what_to_do(
    hubspot: HubSpotConnector, world: Crm, email: str, says: str
) -> None:
    sentence = await refusal(hubspot, task(email=email))
    assert says in sentence
    assert sentence.endswith("then press Retry.")
    assert world.changes == []
    await hubspot.perform(note(email=email), "call-7f3a/note/1")  # a note needs nobody


async def test_a_contact_without_owner_falls_to_the_owner_of_its_company(hubspot: HubSpotConnector, world: Crm) -> None:
    world.state.hubspot["contacts"][DANA]["properties"]["hubspot_owner_id"] = None
    await hubspot.perform(task(email="ap@northwind.example"), KEY)
    assert made(world, "tasks")[0]["properties"]["hubspot_owner_id"] == LI


@pytest.mark.parametrize(
    "wrong",
    [{"due_at": "2026-11-20T09:30:00"}, {"due_at": "soon"}, {"priority": "asap"}, {"subject": ""}, {"owner": "1"}],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_parameters_that_do_not_fit_are_refused_before_anything_is_sent(
    hubspot: HubSpotConnector, world: Crm, wrong: dict[str, JsonValue]
) -> None:
    await refusal(hubspot, task(**wrong))
    assert world.exchanges == []


async def test_a_wrong_token_locks_us_out_and_names_the_setting(world: Crm) -> None:
    connector = world.hubspot(key="pat-wrong")
    sentence = await refusal(connector, note(), CredentialsRefused)
    await connector.close()
    assert "HUBSPOT_ACCESS_TOKEN" in sentence
    assert "pat-wrong" not in sentence


async def test_a_refusal_names_properties_and_repeats_no_words_of_the_customer(
    hubspot: HubSpotConnector, world: Crm
) -> None:
    fault = {"message": "dana@private.example is invalid", "in": "hs_timestamp"}
    world.body = {"category": "VALIDATION_ERROR", "message": "dana@private.example", "errors": [fault]}
    world.fail("POST", "400")
    assert await refusal(hubspot, note()) == "HubSpot refused it (VALIDATION_ERROR: hs_timestamp)."


async def test_a_batch_whose_record_failed_is_a_refusal(hubspot: HubSpotConnector, world: Crm) -> None:
    error = {"category": "OBJECT_LIMIT", "message": "made-up", "errors": []}
    world.body = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}
    world.fail("POST", "207")
    assert "OBJECT_LIMIT" in await refusal(hubspot, note())


@pytest.mark.parametrize(("status", "pause"), [("429", 7.0), ("423", 2.0), ("477", 2.0)])
async def test_a_busy_hubspot_is_tried_again_later(
    hubspot: HubSpotConnector, world: Crm, status: str, pause: float
) -> None:
    world.retry_after = "7"
    world.fail("POST", status)
    with pytest.raises(Unavailable) as raised:
        await hubspot.perform(note(), KEY)
    assert raised.value.retry_after_s == pause
    assert made(world, "notes") == []


async def test_the_search_s_own_limit_is_no_refusal(hubspot: HubSpotConnector, world: Crm) -> None:
    world.state.hubspot["searches"] = [NOW.timestamp()] * 5
    await refusal(hubspot, note(email=None, customer_name="Harbour Lane Bakery"), Unavailable)


async def test_the_check_says_which_property_has_to_be_made(hubspot: HubSpotConnector, world: Crm) -> None:
    assert await hubspot.check() == f"HubSpot answers in version {VERSION} and takes the key."
    world.state.hubspot["properties"]["tasks"][KEY_PROPERTY]["hasUniqueValue"] = False
    with pytest.raises(Refused, match="countersign_step with unique values on tasks"):
        await hubspot.check()
    del world.state.hubspot["properties"]["notes"][KEY_PROPERTY]
    with pytest.raises(Refused, match="countersign_step with unique values on notes"):
        await hubspot.check()
    sentence = await refusal(hubspot, note())
    assert KEY_PROPERTY in sentence


async def test_the_upsert_names_the_unique_property_and_strings_only(hubspot: HubSpotConnector, world: Crm) -> None:
    await hubspot.perform(note(), KEY)
    (sent,) = [one for one in world.changes if one.method == "POST"]
    (given,) = json.loads(sent.body)["inputs"]
    assert given["idProperty"] == KEY_PROPERTY
    assert given["id"] == given["properties"][KEY_PROPERTY]
    assert KEY not in sent.body.decode()
    assert all(isinstance(value, str) for value in given["properties"].values())
