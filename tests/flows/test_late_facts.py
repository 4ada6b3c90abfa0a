"""Delay no card for a slow vendor: what it knows is filled in later, and only what matters changes."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest_asyncio

from bot.cases.calls import LOOK_AGAIN, LOOK_FOR
from bot.core.model import Case
from tests.flows.test_kinds import APPROVE
from tests.support.world import ANA, LEA, OpenWorld, World, a_world

SLOW: dict[str, Any] = {"slow_s": 6.0, "facts_deadline_s": 4.0}  # enough for the others on a busy machine
LATER_S = LOOK_AGAIN.total_seconds() + 1


@pytest_asyncio.fixture
async def world(open_world: OpenWorld) -> AsyncIterator[World]:
    async with open_world(every_system=True, **SLOW) as made:
        yield made


@pytest_asyncio.fixture
async def either_world(database_url: str) -> AsyncIterator[World]:
    """Yield the bot on each engine in turn, where rows are locked."""
    async with a_world(database_url, every_system=True, **SLOW) as made:
        yield made


async def test_a_slow_vendor_delays_no_card_and_is_filled_in_later(world: World) -> None:
    await world.fault("stripe", "slow")
    call_id, channel = await world.call("refund-duplicate"), "finance-refunds"
    card = await world.card(channel, says="129.50 USD")
    assert "did not answer in time" in json.dumps(card["blocks"])
    case = await world.case_of(call_id)
    assert "books_invoice" in names(case)  # the others are not held up
    await world.press_on(case.case_id, ANA, APPROVE)
    before = await world.file(case.case_id)

    await world.fault("stripe", "none")
    case = await learned(world, call_id, "charge")
    assert {"charge", "refunds", "books_invoice", "contact"} <= names(case)
    assert not [fact.name for fact in case.facts if fact.failed]
    assert (case.version, case.revision) == (before.case.version, before.case.revision + 1)
    said = [entry.entry.sentence or "" for entry in await world.history(case.case_id)]
    assert "Looked up late: charge, refunds." in "\n".join(said)
    await world.press_on(case.case_id, LEA, APPROVE)  # the offer is the same, so the first approval counts
    await world.state(case.case_id, "done")
    assert "did not answer" not in json.dumps((await world.card(channel, says="done"))["blocks"])


async def test_while_nothing_is_learned_nothing_is_written_and_the_looks_come_to_an_end(either_world: World) -> None:
    world = either_world
    await world.fault("stripe", "500")
    case, _ = await world.opened("refund-small", "finance-refunds", says="24.00 USD")
    call_id = case.root
    for _ in range(3):
        await looked(world)
    assert (await world.case_of(call_id)).revision == case.revision
    assert await due(world, call_id, world.clock() + LOOK_FOR)
    world.clock.let_pass(LOOK_FOR.total_seconds())

    async def at_rest() -> bool | None:
        return True if not await due(world, call_id, world.clock() + LOOK_FOR) else None

    await world.until(at_rest, "the end of the looks")
    assert (await world.case_of(call_id)).revision == case.revision


async def test_a_changed_call_that_comes_while_it_is_looked_up_is_not_lost(either_world: World) -> None:
    world = either_world
    await world.fault("stripe", "slow")
    call_id = await world.call("refund-small")
    await world.card("finance-refunds", says="24.00 USD")
    body = await world.sent(call_id)
    world.clock.let_pass(LATER_S)

    async def under_way() -> bool | None:
        return True if not await due(world, call_id, world.clock()) else None

    await world.until(under_way, "another look, which lasts for as long as Stripe is slow")
    body["payload"]["call"]["post_call_analysis"]["refund_reason"] = "Two seats were cancelled"
    assert await world.deliver(body) == 200
    case = await world.case_of(call_id)
    await world.file_once(
        case.case_id, lambda file: file.case.details.fields.refund_reason == "Two seats were cancelled"
    )
    await world.fault("stripe", "none")
    case = await learned(world, call_id, "charge")
    assert case.details.fields.refund_reason == "Two seats were cancelled"


async def test_what_was_known_stays_known_where_another_system_fails_at_the_second_look(world: World) -> None:
    await world.fault("stripe", "500")
    call_id = await world.call("refund-duplicate")
    await world.card("finance-refunds", says="129.50 USD")
    before = await world.file((await world.case_of(call_id)).case_id)
    await world.fault("stripe", "none")
    await world.fault("quickbooks", "500")
    case = await learned(world, call_id, "charge")
    assert {"charge", "books_invoice", "books_customer"} <= names(case)
    assert (await world.file(case.case_id)).proposal.actions == before.proposal.actions


def names(case: Case) -> set[str]:
    return {fact.name for fact in case.facts if not fact.failed}


async def learned(world: World, call_id: str, fact: str) -> Case:
    """Let the time of one more look-up pass; return the case once it knows this fact."""
    world.clock.let_pass(LATER_S)
    case = await world.case_of(call_id)
    return (await world.file_once(case.case_id, lambda file: fact in names(file.case))).case


async def looks(world: World) -> tuple[float, float]:
    """Return how often Stripe was asked, and how many looks have ended."""
    ended = (await world.figures())['countersign_jobs_total{end="done",lane="calls"}']
    return sum((await world.requests("stripe")).values()), ended


async def looked(world: World) -> None:
    """Wait for one more look-up and its end."""
    asked, ended = await looks(world)
    world.clock.let_pass(LATER_S)

    async def one_more() -> bool | None:
        asked_now, ended_now = await looks(world)
        return (asked_now > asked and ended_now > ended) or None

    await world.until(one_more, "another look, and its end")


async def due(world: World, call_id: str, at: datetime) -> bool:
    """Return whether the call will be looked up again by then."""
    return call_id in await world.app.db.write(lambda store: store.due_calls(at, 10))
