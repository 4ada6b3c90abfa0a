"""Pay one complaint once: what was paid for a charge is not paid again, whoever asks and whoever clicks."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from bot.core.model import Case, Earlier, Kind
from sandbox.caller import load_calls
from tests.flows.test_kinds import APPROVE, COMPLETE
from tests.support.outside import buttons
from tests.support.slack_requests import a_click, interaction, knock
from tests.support.world import ANA, BEN, SAM, World, a_world

REJECT = "case.reject"
CHANNEL = "finance-refunds"


@pytest_asyncio.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Yield the bot on each engine in turn: of two simultaneous transactions one has to see the other."""
    async with a_world(database_url, every_system=True) as made:
        yield made


async def test_a_second_call_about_a_paid_charge_goes_to_review_and_nobody_can_complete_it(world: World) -> None:
    first = await paid_back(world)

    second = await opened(world, "refund-small")
    file = await world.file(second.case_id)
    paid = f"Already paid: 24.00 USD just now, in case {first.case_id} about payment pi_SMALL."
    assert (file.case.kind, file.proposal.because) == (Kind.REVIEW, paid)
    assert [one.paid_by for one in exact(second)] == [(ANA,)]
    card = await world.card("finance-review", says="Already paid")
    assert first.case_id in json.dumps(card["blocks"])
    assert f"<@{ANA}>" in json.dumps(card["blocks"])

    await world.press_on(second.case_id, BEN, COMPLETE)
    given = {"amount": "24.00", "currency": "USD", "payment_id": "pi_SMALL", "reason": "They called again"}
    await world.submit(BEN, await world.form(BEN), kind="refund", **given)
    file = await world.file_once(second.case_id, lambda file: BEN in file.proposal.authors)
    assert (file.case.kind, file.proposal.because) == (Kind.REVIEW, paid)
    await world.press_on(second.case_id, ANA, APPROVE)  # "Log and close"
    await world.state(second.case_id, "done")
    assert len(await world.refunds_of("pi_SMALL")) == 1


async def test_of_two_approvals_at_the_same_moment_exactly_one_pays_and_the_other_is_told(world: World) -> None:
    one, other = await opened(world, "refund-small"), await opened(world, "refund-small")
    assert [earlier.case_id for earlier in exact(other)] == [one.case_id]
    told = "\n".join([entry.entry.sentence or "" for entry in await world.history(one.case_id)])
    assert f"Case {other.case_id} is about payment pi_SMALL too." in told

    await asyncio.gather(world.press_on(one.case_id, ANA, APPROVE), world.press_on(other.case_id, BEN, APPROVE))

    async def settled() -> list[Case] | None:
        found = [(await world.file(case.case_id)).case for case in (one, other)]
        return found if sorted(case.state for case in found) == ["done", "open"] else None

    ended = await world.until(settled, "one case done, and one still open")
    done, left = sorted(ended, key=lambda case: case.state)
    assert len(await world.refunds_of("pi_SMALL")) == 1
    loser = {one.case_id: ANA, other.case_id: BEN}[left.case_id]
    answer = f"Already paid: 24.00 USD just now, in case {done.case_id} about payment pi_SMALL. Nothing was approved."
    await world.told(loser, answer)
    winner = {one.case_id: ANA, other.case_id: BEN}[done.case_id]
    assert [earlier.paid_by for earlier in exact(left) if earlier.paid] == [(winner,)]
    assert (await world.file(left.case_id)).decisions == ()


async def test_once_one_is_paid_the_others_say_so_at_once_and_an_old_button_of_theirs_pays_nothing(
    world: World,
) -> None:
    one, other = await opened(world, "refund-small"), await opened(world, "refund-small")
    _, old = await world.drawn(other.case_id, APPROVE)
    await world.press_on(one.case_id, ANA, APPROVE)
    await world.state(one.case_id, "done")

    _, card = await world.drawn(other.case_id, REJECT, says="Already paid")
    assert APPROVE not in buttons(card)
    assert "Change the amount" not in json.dumps(card["blocks"])
    revision = (await world.file(other.case_id)).case.revision

    for user, words in ((BEN, "Already paid"), (SAM, "Only finance may approve")):
        await knock(world, interaction(a_click(world, old, APPROVE, by=user)))
        await world.told(user, words)
    assert not any("paid" in text for text in await world.whispers(CHANNEL, SAM))
    refused = [entry.entry.actor for entry in await world.history(other.case_id) if entry.entry.what == "click.refused"]
    assert refused == [SAM]
    assert (await world.file(other.case_id)).case.revision == revision
    assert len(await world.refunds_of("pi_SMALL")) == 1


async def test_a_dispute_about_a_refunded_payment_is_stopped_too(world: World) -> None:
    first = await paid_back(world)
    body = changed("dispute-evidence", payment_id="pi_SMALL", amount=24, summary="A charge of USD 24.00.")
    assert await world.deliver(body) == 200
    second = await world.case_of(body["payload"]["call"]["id"])
    file = await world.file(second.case_id)
    assert (file.case.kind, file.proposal.options) == (Kind.REVIEW, ())
    assert f"in case {first.case_id} about payment pi_SMALL" in (file.proposal.because or "")


async def test_a_near_miss_is_a_hint_and_stops_nobody(world: World) -> None:
    first = await paid_back(world)
    body = changed("refund-small", payment_id="pi_DUPLICATE", refund_amount=25, summary="Asks for USD 25.00 back.")
    assert await world.deliver(body) == 200
    second = await world.case_of(body["payload"]["call"]["id"])
    (hint,) = second.earlier
    assert (hint.case_id, hint.exact, hint.why) == (first.case_id, False, "the same customer and a similar amount")
    assert second.kind is Kind.REFUND
    card = await world.card(CHANNEL, says="25.00 USD")
    assert first.case_id in json.dumps(card["blocks"])
    await world.press_on(second.case_id, ANA, APPROVE)
    await world.state(second.case_id, "done")
    assert len(await world.refunds_of("pi_DUPLICATE")) == 1


async def test_what_was_rejected_was_not_paid(world: World) -> None:
    first = await opened(world, "refund-small")
    await world.press_on(first.case_id, ANA, REJECT)
    await world.submit(ANA, await world.form(ANA), reason="Not ours")
    await world.state(first.case_id, "rejected")
    second = await opened(world, "refund-small")
    assert second.kind is Kind.REFUND
    await world.press_on(second.case_id, BEN, APPROVE)
    await world.state(second.case_id, "done")
    assert len(await world.refunds_of("pi_SMALL")) == 1


async def opened(world: World, name: str) -> Case:
    """Return the case of another call of the same words, with an id of its own."""
    return await world.case_of(await world.call(name, fresh=True))


async def paid_back(world: World) -> Case:
    """Return the case of a small refund that Ana approved and that is done."""
    case = await opened(world, "refund-small")
    await world.press_on(case.case_id, ANA, APPROVE)
    await world.state(case.case_id, "done")
    return case


def changed(name: str, *, summary: str, **analysis: Any) -> dict[str, Any]:
    """Return the body of another call with some of its analysis changed."""
    body: dict[str, Any] = copy.deepcopy(load_calls()[name]["body"])
    body["payload"]["call"] |= {"id": f"call_demo_another_{name}", "summary": summary, "transcript": "[]"}
    body["payload"]["call"]["post_call_analysis"] |= analysis
    return body


def exact(case: Case) -> list[Earlier]:
    return [earlier for earlier in case.earlier if earlier.exact]
