"""Open a case by the message shortcut, and by the step of Workflow Builder."""

import json
from typing import Any

import pytest

from bot.core.cards import completing
from bot.core.model import Details
from handlers.slack.shortcuts import plainly, read_message
from sandbox.slack.checks import view_problems
from tests.support.cards import EVIL
from tests.support.slack_requests import TEAM, knock, signed
from tests.support.surfaces import in_words, run_ended, run_step, say
from tests.support.world import ADA, ANA, BEN, SAM, World

APPROVE, REJECT = "case.approve", "case.reject"


MESSAGE = (
    "Dana wants 12.40 USD back for <https://x.example|INV-2044>, her card is 4242 4242 4242 4242 &amp; she is angry"
)


def test_the_form_begins_with_what_the_message_says_redacted() -> None:
    details = read_message({"text": MESSAGE})
    assert details.summary is not None
    assert "4242 4242" not in details.summary
    assert "INV-2044" in details.summary
    assert details.fields.invoice_number == "INV-2044"
    assert (details.fields.amount, details.fields.currency) == ("12.40", "USD")


@pytest.mark.parametrize("text", ["", EVIL * 200, "x" * 40_000])
def test_any_message_makes_a_form_that_slack_takes(text: str) -> None:
    view = completing.open_form(read_message({"text": text}), "C1:1.0:")
    assert view_problems(view, "modal") == []
    assert view_problems(completing.open_form(Details(), "C1:1.0:1.0"), "modal") == []


def test_markup_is_read_as_people_see_it() -> None:
    assert plainly("<@U1|ana> see <https://a.example|the invoice> &lt;b&gt;") == "ana see the invoice <b>"


async def shortcut(world: World, user: str, text: str) -> tuple[str, dict[str, Any]]:
    """Use the shortcut on a new message; return the message's ts and Slack's answer."""
    message = await say(world, SAM, "finance-review", text)
    place = {"channel": world.channel_id("finance-review"), "ts": message["ts"]}
    return message["ts"], await world.post("/sim/shortcut", user=user, callback_id="case.open.shortcut", **place)


async def opened_from(world: World, user: str, text: str) -> dict[str, Any]:
    ts, answer = await shortcut(world, user, text)
    assert answer["ok"], answer
    return {**await world.form(user), "source": ts}


async def test_a_message_becomes_a_case_that_names_who_opened_it_and_where_it_came_from(world: World) -> None:
    form = await opened_from(world, BEN, MESSAGE)
    answer = await world.submit(BEN, form, kind="refund", reason="Charged twice", payment_id="pi_77")
    assert "Opened case C-" in in_words(answer["view"]["blocks"])
    card = await world.card("finance-refunds", says="12.40 USD")
    assert "4242 4242" not in str(card)
    source = f"p{form['source'].replace('.', '')}"
    assert source not in str(card["blocks"]), "the message holds the card number, so the way there is hidden too"
    [case] = await world.app.db.read(lambda store: store.find_cases())
    assert source in (case.details.fields.transcript_url or "")
    assert (case.opened_by, case.root) == (BEN, case.case_id)
    assert case.details.redactions == ("card ••4242",), "what was removed before the form is known to the case"
    await world.press(BEN, "finance-refunds", card, APPROVE)
    assert (await world.file(case.case_id)).decisions == (), "nobody decides alone on what they asked for"


async def test_what_the_kind_needs_is_asked_for_on_the_field(world: World) -> None:
    form = await opened_from(world, BEN, "Something is wrong")
    answer = await world.submit(BEN, form, kind="refund", amount="1.240", currency="USD")
    assert set(answer["errors"]) == {"amount"}
    answer = await world.submit(BEN, form, kind="refund", amount="12.40", currency="USD")
    assert "also needs" in answer["errors"]["kind"]


async def test_a_guest_opens_no_form(world: World) -> None:
    world.sandbox_slack["people"][SAM]["guest"] = True
    await shortcut(world, SAM, "Please look at this")
    await world.told(SAM, "Guests", "finance-review")
    assert not world.sandbox_slack["stacks"].get(SAM)


INPUTS = {"requester": SAM, "amount": "12.40", "currency": "usd", "reason": "Charged twice", "payment_id": "pi_SMALL"}


async def test_a_workflow_waits_for_the_decision_and_learns_of_it(world: World) -> None:
    run = await run_step(world, SAM, **INPUTS, customer="Dana Whitfield")
    card = await world.card("finance-refunds", says="12.40 USD")
    [case] = await world.app.db.read(lambda store: store.find_cases())
    assert (case.workflow, case.opened_by) == (run, SAM)
    await world.press(ANA, "finance-refunds", card, REJECT)
    form = await world.form(ANA)
    await world.submit(ANA, form, reason="The seat was used.")
    ended = await run_ended(world, run)
    assert ended["outputs"] == {
        "outcome": "rejected",
        "case_id": case.case_id,
        "decided_by": ANA,
        "reason": "The seat was used.",
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "a lot"}, "Write the amount as a number"),
        ({"currency": "XYZ"}, "XYZ is not a currency"),
        ({"reason": ""}, "also needs: the reason"),
        ({"payment_id": None}, "also needs: a payment"),
        ({"kind": "holiday"}, "is no kind of case"),
        ({"requester": "somebody"}, "Requester"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_a_workflow_with_bad_input_fails_with_a_sentence(
    world: World, change: dict[str, Any], words: str
) -> None:
    ended = await run_ended(world, await run_step(world, SAM, **{**INPUTS, **change}))
    assert ended["state"] == "failed"
    assert words in ended["error"]
    assert await world.app.db.read(lambda store: store.find_cases()) == []


async def test_a_step_that_slack_delivers_twice_is_one_case(world: World) -> None:
    run = await run_step(world, ADA, **INPUTS)
    await world.card("finance-refunds", says="12.40 USD")
    event = {
        "type": "function_executed",
        "function": {"callback_id": "ask_finance_to_approve"},
        "inputs": INPUTS,
        "function_execution_id": run,
    }
    body = json.dumps({"type": "event_callback", "team_id": TEAM, "event": event}).encode()
    status, _ = await knock(world, body, {**signed(body), "Content-Type": "application/json"})
    assert status == 200
    assert len(await world.app.db.read(lambda store: store.find_cases())) == 1
