"""Promises of the Zendesk connector: one internal comment for a step, whatever is lost, merged or closed."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import JsonValue

from bot.connectors.zendesk import ZendeskConnector
from bot.core.model import Action
from bot.http.errors import CredentialsRefused, Unavailable, Unsure
from sandbox.zendesk.seeds import DANA, ME, OLD_DANA
from tests.connectors.crm import Crm
from tests.connectors.support import KEY, NOW, REFERENCE, action, details, refusal

CALL = str(REFERENCE["call"])
LATER = "call-7f3a/ticket/2"


def ticket(**more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {
        "subject": "Billing call: INV-20418 charged twice",
        "text": "Refund of 129.50 USD made.",
        "priority": "normal",
        "tags": ["countersign", "refund"],
        "email": "ap@northwind.example",
        "name": "Dana Ortiz",
        "reference": dict(REFERENCE),
    }
    return action("zendesk", "ticket", **{**params, **more})


def of_call(world: Crm) -> list[Any]:
    return [one for one in world.state.zendesk["tickets"].values() if one["external_id"] == CALL]


def comments(world: Crm, ticket_id: str | int) -> list[Any]:
    found: list[Any] = world.state.zendesk["comments"].get(str(ticket_id), [])
    return found


def close_ticket(world: Crm, ticket_id: str, *tags: str) -> None:
    world.state.zendesk["tickets"][ticket_id] |= {"status": "closed", "tags": list(tags)}


async def test_a_call_gets_an_internal_ticket_of_its_customer(zendesk: ZendeskConnector, world: Crm) -> None:
    receipt = await zendesk.perform(ticket(), KEY)
    (made,) = of_call(world)
    assert (made["requester_id"], made["priority"], made["tags"]) == (DANA, "normal", ["countersign", "refund"])
    (comment,) = comments(world, made["id"])
    assert comment["public"] is False
    assert comment["body"].startswith("Refund of 129.50 USD made.\n\nCountersign case-12 · step ")
    assert receipt.vendor_id == str(made["id"])
    assert receipt.url == f"{world.url}/zendesk/agent/tickets/{made['id']}"
    assert receipt.request_id
    assert receipt.note is None


async def test_a_later_step_of_the_call_is_a_note_on_its_ticket(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(), KEY)
    receipt = await zendesk.perform(ticket(priority="urgent", tags=["vip"]), LATER)
    (made,) = of_call(world)
    assert (made["priority"], made["tags"]) == ("urgent", ["countersign", "refund", "vip"])
    assert [one["public"] for one in comments(world, made["id"])] == [False, False]
    assert receipt.vendor_id == str(made["id"])


async def test_what_somebody_made_urgent_stays_urgent(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(priority="urgent"), KEY)
    await zendesk.perform(ticket(priority="low"), LATER)
    assert of_call(world)[0]["priority"] == "urgent"


async def test_words_from_a_call_can_neither_read_fields_nor_draw_links(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(text="{{ticket.requester.email}} [pay](https://evil.example)"), KEY)
    (comment,) = comments(world, of_call(world)[0]["id"])
    assert "{{" not in comment["body"]
    assert "](" not in comment["body"]


async def test_a_subject_is_one_short_line(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(subject="Two\nlines " + "x" * 300), KEY)
    subject = of_call(world)[0]["subject"]
    assert subject.startswith("Two lines x")
    assert len(subject) <= 200


@pytest.mark.parametrize("earlier_step", [False, True], ids=["ticket", "note"])
async def test_a_comment_whose_answer_was_lost_is_found_and_not_written_again(
    zendesk: ZendeskConnector, world: Crm, earlier_step: bool
) -> None:
    if earlier_step:
        await zendesk.perform(ticket(), LATER)
    before = len(world.state.zendesk["tickets"])
    world.fail("PUT" if earlier_step else "POST", "lost_reply")
    await refusal(zendesk, ticket(), Unsure)
    found = await zendesk.find(ticket(), KEY)
    assert found is not None
    again = await zendesk.perform(ticket(), KEY)
    assert again.vendor_id == found.vendor_id == str(of_call(world)[0]["id"])
    assert len(comments(world, found.vendor_id)) == 1 + earlier_step
    assert len(world.state.zendesk["tickets"]) == before + (not earlier_step)


@pytest.mark.parametrize("fault", ["drop", "500", "garbage"])
async def test_a_broken_answer_leaves_open_whether_the_ticket_exists(
    zendesk: ZendeskConnector, world: Crm, fault: str
) -> None:
    world.fail("POST", fault)
    await refusal(zendesk, ticket(), Unsure)
    assert (await zendesk.find(ticket(), KEY) is not None) is (fault == "garbage")
    await zendesk.perform(ticket(), KEY)
    assert len(of_call(world)) == 1


async def test_a_first_try_that_lands_after_the_look_makes_no_second_ticket(world: Crm) -> None:
    """Zendesk knows the key of a new ticket for two hours: it answers with the first one."""
    first, second = world.zendesk(), world.zendesk()
    await first.perform(ticket(), KEY)
    (made,) = of_call(world)
    made["external_id"] = None  # as if the list did not show it yet
    receipt = await second.perform(ticket(), KEY)
    assert receipt.vendor_id == str(made["id"])
    assert len(world.state.zendesk["tickets"]) == 3
    await first.close()
    await second.close()


async def test_a_note_that_lands_late_meets_a_changed_ticket_and_is_not_written(
    zendesk: ZendeskConnector, world: Crm
) -> None:
    made = await zendesk.perform(ticket(), LATER)
    world.now += timedelta(minutes=1)
    await zendesk.perform(ticket(), KEY)
    (sent,) = world.sent("PUT")
    headers = {"Authorization": sent.headers["Authorization"], "Content-Type": "application/json"}
    async with ClientSession() as session, session.put(world.url + sent.path, data=sent.body, headers=headers) as late:
        assert late.status == 409
    assert len(comments(world, made.vendor_id)) == 2


async def test_a_ticket_that_somebody_changes_at_this_very_moment_is_tried_again(
    zendesk: ZendeskConnector, world: Crm
) -> None:
    await zendesk.perform(ticket(), LATER)
    world.fail("PUT", "409")
    await refusal(zendesk, ticket(), Unavailable)


async def test_another_step_s_comment_is_not_taken_for_ours(zendesk: ZendeskConnector) -> None:
    await zendesk.perform(ticket(), LATER)
    assert await zendesk.find(ticket(), KEY) is None


async def test_our_comment_is_found_behind_a_page_of_others(zendesk: ZendeskConnector, world: Crm) -> None:
    made = await zendesk.perform(ticket(), LATER)
    others = [{"id": n, "body": "Any news?", "public": True} for n in range(150)]
    world.state.zendesk["comments"][made.vendor_id] += others
    await zendesk.perform(ticket(), KEY)
    world.exchanges.clear()
    assert await zendesk.find(ticket(), KEY) is not None
    assert [one.query.get("page[after]") for one in world.api if "comments" in one.path] == [None, "100"]


async def test_a_closed_ticket_gets_a_follow_up(zendesk: ZendeskConnector, world: Crm) -> None:
    first = await zendesk.perform(ticket(), LATER)
    close_ticket(world, first.vendor_id)
    receipt = await zendesk.perform(ticket(), KEY)
    closed, follow_up = of_call(world)
    assert follow_up["via"]["source"]["from"] == {"ticket_id": closed["id"]}
    assert receipt.vendor_id == str(follow_up["id"])
    assert receipt.note == f"Ticket {closed['id']} of this call is closed: this is its follow-up {follow_up['id']}."
    assert len(comments(world, closed["id"])) == 1


async def test_a_merged_ticket_gets_a_new_ticket_since_it_takes_no_follow_up(
    zendesk: ZendeskConnector, world: Crm
) -> None:
    first = await zendesk.perform(ticket(), LATER)
    close_ticket(world, first.vendor_id, "closed_by_merge")
    receipt = await zendesk.perform(ticket(), KEY)
    merged, new = of_call(world)
    assert new["via"]["source"] == {}
    assert receipt.vendor_id == str(new["id"])
    assert receipt.note is not None
    assert "merged into another" in receipt.note
    assert await zendesk.find(ticket(), LATER) is not None  # what was written before the merge is still found
    assert merged["id"] != new["id"]


async def test_a_ticket_that_is_closed_at_this_very_moment_is_tried_again(
    zendesk: ZendeskConnector, world: Crm
) -> None:
    await zendesk.perform(ticket(), LATER)
    world.body = {"error": "RecordInvalid", "details": {"status": [{"description": "closed prevents ticket update"}]}}
    world.fail("PUT", "422")
    await refusal(zendesk, ticket(), Unavailable)


async def test_without_an_e_mail_the_ticket_is_the_bot_s_own_and_says_so(zendesk: ZendeskConnector, world: Crm) -> None:
    receipt = await zendesk.perform(ticket(email=None), KEY)
    assert of_call(world)[0]["requester_id"] == ME
    assert receipt.note == "The call states no e-mail, so the ticket has no customer."


async def test_a_customer_without_a_name_is_named_by_the_address(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(email="new@juniper.example", name=None), KEY)
    names = [one["name"] for one in world.state.zendesk["users"].values()]
    assert "new" in names


async def test_a_suspended_customer_is_refused_in_words_without_the_address(
    zendesk: ZendeskConnector, world: Crm
) -> None:
    world.state.zendesk["users"][str(DANA)]["suspended"] = True
    sentence = await refusal(zendesk, ticket())
    assert "suspended" in sentence
    assert "northwind" not in sentence
    assert "Dana" not in sentence
    assert await zendesk.find(ticket(), KEY) is None


@pytest.mark.parametrize(
    "wrong",
    [{"priority": "asap"}, {"email": "no address"}, {"tags": ["two words"]}, {"text": ""}, {"public": True}],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_parameters_that_do_not_fit_are_refused_before_anything_is_sent(
    zendesk: ZendeskConnector, world: Crm, wrong: dict[str, JsonValue]
) -> None:
    await refusal(zendesk, ticket(**wrong))
    assert world.exchanges == []


async def test_a_key_that_came_with_another_text_is_refused(zendesk: ZendeskConnector, world: Crm) -> None:
    await zendesk.perform(ticket(), KEY)
    of_call(world)[0]["external_id"] = None
    assert "another text" in await refusal(zendesk, ticket(text="Something else"))


async def test_wrong_credentials_lock_us_out_and_name_the_settings(world: Crm) -> None:
    connector = world.zendesk(secret="made-up-and-wrong")
    sentence = await refusal(connector, ticket(), CredentialsRefused)
    await connector.close()
    assert "ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET" in sentence
    assert "made-up-and-wrong" not in sentence
    assert of_call(world) == []


async def test_an_expired_token_is_renewed_without_a_second_ticket(zendesk: ZendeskConnector, world: Crm) -> None:
    world.state.zendesk["tokens"].clear()
    await zendesk.perform(ticket(), KEY)
    assert len(of_call(world)) == 1
    world.now += timedelta(days=3)
    await zendesk.perform(ticket(), LATER)
    assert [one.status for one in world.api if one.method == "PUT"] == [200]


async def test_an_anonymous_user_is_no_proof_of_the_credentials(zendesk: ZendeskConnector, world: Crm) -> None:
    world.state.zendesk["tokens"].clear()
    with pytest.raises(CredentialsRefused, match="does not know who we are"):
        await zendesk.check()


async def test_a_throttled_request_waits_as_long_as_zendesk_says(zendesk: ZendeskConnector, world: Crm) -> None:
    first = await zendesk.perform(ticket(), LATER)
    world.state.zendesk["updates"][first.vendor_id] = [int(NOW.timestamp())] * 30
    with pytest.raises(Unavailable) as raised:
        await zendesk.perform(ticket(), KEY)
    assert raised.value.retry_after_s == 600
    world.retry_after = "12"
    world.fail("TOKEN", "429")
    fresh = world.zendesk()
    with pytest.raises(Unavailable) as raised:
        await fresh.perform(ticket(), KEY)
    await fresh.close()
    assert raised.value.retry_after_s == 12


async def test_the_customer_s_unsolved_tickets_are_counted(zendesk: ZendeskConnector) -> None:
    (fact,) = await zendesk.facts(details(email="AP@northwind.example"), frozenset({"tickets", "charge"}), NOW)
    url = fact.url
    assert fact.values == {"count": 1, "ticket_id": str(OLD_DANA), "url": url}
    assert url is not None
    assert url.endswith(f"/agent/tickets/{OLD_DANA}")
    assert fact.sentence == f"1 open ticket of this customer, newest {OLD_DANA}"


async def test_no_ticket_is_a_fact_too(zendesk: ZendeskConnector) -> None:
    (fact,) = await zendesk.facts(details(email="marcus@kestrel.example.com"), frozenset({"tickets"}), NOW)
    assert (fact.values, fact.missing) == ({"count": 0}, None)


@pytest.mark.parametrize("email", [None, 'x" status>new requester:"y@z.example', "no address"])
async def test_without_a_plain_address_nothing_is_asked(
    zendesk: ZendeskConnector, world: Crm, email: str | None
) -> None:
    assert await zendesk.facts(details(email=email), frozenset({"tickets"}), NOW) == ()
    assert world.exchanges == []


async def test_a_search_that_fails_is_a_missing_fact(zendesk: ZendeskConnector, world: Crm) -> None:
    world.fail("GET", "500")
    (fact,) = await zendesk.facts(details(email="ap@northwind.example"), frozenset({"tickets"}), NOW)
    assert fact.missing
    assert fact.values == {}
