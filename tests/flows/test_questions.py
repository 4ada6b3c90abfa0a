"""Ask the owner of the account from the menu of a card: the thread mentions whoever that is in Slack."""

import json
from typing import Any

from tests.support.choices import pick
from tests.support.world import ANA, BEN, LEA, SAM, World


async def test_the_question_reaches_the_owner_in_the_thread_and_an_urgent_card_calls_them(connected: World) -> None:
    await connected.call("vip-blocker")
    card: dict[str, Any] = await connected.card("finance-vip")
    assert f"<@{BEN}>" in json.dumps(card["blocks"])
    await pick(connected, LEA, "finance-vip", card, "ask")
    answer = await connected.submit(LEA, await connected.form(LEA), question="May they pay later? <!channel>")
    assert "errors" not in answer
    line = await connected.thread_line("finance-vip", card["ts"], "May they pay later?")
    assert f"<@{BEN}>" in line
    assert "<!channel>" not in line


async def test_a_lookup_that_fails_asks_those_who_own_the_case(connected: World) -> None:
    connected.sandbox_slack["people"][BEN]["email"] = "ben@elsewhere.example"
    _, card = await connected.opened("refund-small", "finance-refunds")
    await pick(connected, ANA, "finance-refunds", card, "ask")
    await connected.submit(ANA, await connected.form(ANA), question="Did they cancel?")
    line = await connected.thread_line("finance-refunds", card["ts"], "Did they cancel?")
    assert "<!subteam^S0FINANCE1>" in line


async def test_take_in_the_menu_makes_the_person_the_owner(sqlite_world: World) -> None:
    case, card = await sqlite_world.opened("refund-small", "finance-refunds")
    await pick(sqlite_world, SAM, "finance-refunds", card, "take")
    assert (await sqlite_world.file(case.case_id)).case.owner == "finance"
    await pick(sqlite_world, BEN, "finance-refunds", card, "take")
    assert (await sqlite_world.file(case.case_id)).case.owner == BEN
