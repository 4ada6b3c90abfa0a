"""Show in Slack that a case without deciders is escalated to the admins, and comes back."""

import json
from typing import Any

import pytest

from tests.support.world import ADA, ANA, World


def members(world: World, group: str) -> list[str]:
    found: list[str] = world.sandbox_slack["groups"][group]["members"]
    return found


async def an_emptied_group(world: World) -> None:
    members(world, "S0FINANCE1").clear()


async def a_deleted_group(world: World) -> None:
    del world.sandbox_slack["groups"]["S0FINANCE1"]


async def a_group_of_people_who_left(world: World) -> None:
    for user_id in members(world, "S0FINANCE1"):
        world.sandbox_slack["people"][user_id]["deleted"] = True


@pytest.mark.parametrize("happens", [an_emptied_group, a_deleted_group, a_group_of_people_who_left])
async def test_whatever_becomes_of_a_group_the_admin_is_asked_on_the_card_and_can_decide(
    sqlite_world: World, happens: Any
) -> None:
    world = sqlite_world
    case, _ = await world.opened("refund-small", "finance-refunds")
    await happens(world)
    world.clock.let_pass(31)  # what is known of the groups is too old by now
    await world.app.jobs.presence.leave_no_case_alone()
    card = await world.card("finance-refunds", says="admins decides by")
    assert "fell to the admins" in json.dumps(card["blocks"])
    await world.press(ADA, "finance-refunds", card, "case.approve")
    await world.state(case.case_id, "approved")
    await world.card("finance-review", says=case.case_id)


async def test_each_look_sees_what_came_since_the_last_one_and_all_cases_once_somebody_else_is_there(
    sqlite_world: World,
) -> None:
    world = sqlite_world

    async def fallen_at_the_next_look(*, after_s: float) -> list[bool]:
        world.clock.let_pass(after_s)
        await world.app.jobs.presence.leave_no_case_alone()
        return [(await world.file(case_id)).case.fallen_to_admins for case_id in ids]

    ids = [(await world.case_of(await world.call("refund-small", fresh=True))).case_id]
    assert await fallen_at_the_next_look(after_s=3600) == [False]
    everybody = list(members(world, "S0FINANCE1"))
    members(world, "S0FINANCE1").clear()
    assert await fallen_at_the_next_look(after_s=3600) == [True]  # nobody has touched it for hours
    ids.append((await world.case_of(await world.call("refund-small", fresh=True))).case_id)
    assert await fallen_at_the_next_look(after_s=31) == [True, True]  # the same people as before
    assert await fallen_at_the_next_look(after_s=3600) == [True, True]
    members(world, "S0FINANCE1").extend(everybody)
    assert await fallen_at_the_next_look(after_s=31) == [False, False]


async def test_a_missing_group_keeps_nobody_else_from_deciding(sqlite_world: World) -> None:
    del sqlite_world.sandbox_slack["groups"]["S0LEADS001"]
    case, card = await sqlite_world.opened("refund-small", "finance-refunds")
    await sqlite_world.press(ANA, "finance-refunds", card, "case.approve")
    await sqlite_world.state(case.case_id, "approved")


async def test_while_slack_cannot_tell_who_is_there_no_case_falls(sqlite_world: World) -> None:
    case, _ = await sqlite_world.opened("refund-small", "finance-refunds")
    members(sqlite_world, "S0FINANCE1").clear()
    sqlite_world.clock.let_pass(31)
    await sqlite_world.fault("slack", "500")
    await sqlite_world.app.jobs.presence.leave_no_case_alone()
    assert not (await sqlite_world.file(case.case_id)).case.fallen_to_admins


async def test_a_card_in_the_fallback_channel_says_where_it_belongs(sqlite_world: World) -> None:
    await sqlite_world.fault("slack", "archived_channel")
    _, card = await sqlite_world.opened("refund-small", "finance-review", says="24.00 USD")
    assert "This belongs to #finance-refunds, which is closed to the bot." in json.dumps(card["blocks"])
    await sqlite_world.fault("slack", "none")
    case = await sqlite_world.case_of(await sqlite_world.call("unknown-intent"))
    card = await sqlite_world.card("finance-review", says=case.case_id)
    assert "This belongs to" not in json.dumps(card["blocks"])
