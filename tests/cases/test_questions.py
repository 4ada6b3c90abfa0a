"""A question to the owner of the account: asked in the thread, with a live mention of whoever that is in Slack."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cases.clicks import Answer
from bot.cases.questions import ask
from bot.core.cards.forms import FormErrors, read_question
from bot.core.model import CaseState, Fact
from bot.core.records import account_owner
from storage import Database
from tests.support.choices import pick
from tests.support.kinds import NOW, SHIPPED, found, told
from tests.support.offers import approve, charged, click, history, look, tell
from tests.support.policies import ANA, BEN, LEA, SAM
from tests.support.world import World, a_world

OWNED = found("contact", owner_email="li@acme.example")


async def asked(database: Database, who: str, owner: str | None, facts: tuple[Fact, ...] = ()) -> tuple[Answer, str]:
    case_id = await tell(database, told("refund-small"), (charged(100_000), *facts))
    made = click(await look(database, case_id), who, "ask")
    answer = await database.write(
        lambda store: ask(store, made, "Did they cancel?", owner=owner, policy=SHIPPED, now=NOW + timedelta(minutes=1))
    )
    return answer, case_id


async def test_the_owner_of_the_account_is_mentioned_and_their_address_is_kept_nowhere(database: Database) -> None:
    answer, case_id = await asked(database, ANA, LEA, (OWNED,))
    entry = (await history(database, case_id))[-1]
    assert answer.changed
    assert (entry.actor, entry.what, entry.data["mentions"]) == (ANA, "question.asked", [LEA])
    assert "Did they cancel?" in (entry.sentence or "")
    assert "li@acme.example" not in json.dumps([one.model_dump() for one in await history(database, case_id)])


async def test_where_nobody_knows_the_owner_those_who_own_the_case_are_mentioned(database: Database) -> None:
    _, case_id = await asked(database, ANA, None)
    entry = (await history(database, case_id))[-1]
    assert entry.data["mentions"] == list(SHIPPED.groups["finance"])
    assert "not known" in (entry.sentence or "")


async def test_only_people_of_the_case_ask_and_a_refused_one_is_kept(database: Database) -> None:
    answer, case_id = await asked(database, SAM, LEA)
    assert "Only finance" in (answer.text or "")
    assert [one.what for one in await history(database, case_id)][-1] == "click.refused"


async def test_a_question_about_a_decided_case_says_how_it_stands(database: Database) -> None:
    _, case_id = await asked(database, ANA, LEA)
    await approve(database, case_id, BEN)
    file = await look(database, case_id)
    await database.write(
        lambda store: store.save_case(
            file.case.model_copy(update={"state": CaseState.DONE}), entry=(store.history(case_id)[-1]).entry, now=NOW
        )
    )
    made = click(await look(database, case_id), ANA, "again")
    answer = await database.write(lambda store: ask(store, made, "And now?", owner=LEA, policy=SHIPPED, now=NOW))
    assert "done" in (answer.text or "")


@pytest.mark.parametrize(
    ("facts", "email"),
    [
        ((), None),
        ((OWNED,), "li@acme.example"),
        ((found("contact", owner_email=None),), None),
        ((OWNED.model_copy(update={"missing": "HubSpot did not answer."}),), None),
    ],
)
def test_the_owner_is_who_the_crm_says(facts: tuple[Fact, ...], email: str | None) -> None:
    assert account_owner(facts) == email


def test_an_empty_question_is_a_fault_on_its_field() -> None:
    with pytest.raises(FormErrors) as faults:
        read_question({"question": {"value": {"value": " ? "}}})
    assert list(faults.value.errors) == ["question"]


# --- in Slack -------------------------------------------------------------------------------------------------------


async def thread_with(world: World, channel: str, ts: str, words: str) -> str:
    async def line() -> str | None:
        world.clock.let_pass(1)
        return next((text for text in await world.thread(channel, ts) if words in text), None)

    return await world.until(line, f"{words!r} in the thread")


async def test_the_question_reaches_the_owner_in_the_thread_and_an_urgent_card_calls_them(tmp_path: Path) -> None:
    async with a_world(f"sqlite:///{tmp_path / 'bot.db'}", every_system=True) as world:
        await world.call("vip-blocker")
        card: dict[str, Any] = await world.card("finance-vip")
        assert f"<@{BEN}>" in json.dumps(card["blocks"])
        await pick(world, LEA, "finance-vip", card, "ask")
        answer = await world.submit(LEA, await world.form(LEA), question="May they pay later? <!channel>")
        assert "errors" not in answer
        line = await thread_with(world, "finance-vip", card["ts"], "May they pay later?")
        assert f"<@{BEN}>" in line
        assert "<!channel>" not in line


async def test_a_lookup_that_fails_asks_those_who_own_the_case(tmp_path: Path) -> None:
    async with a_world(f"sqlite:///{tmp_path / 'bot.db'}", every_system=True) as world:
        world.sandbox_slack["people"][BEN]["email"] = "ben@elsewhere.example"
        await world.call("refund-small")
        card = await world.card("finance-refunds")
        await pick(world, ANA, "finance-refunds", card, "ask")
        await world.submit(ANA, await world.form(ANA), question="Did they cancel?")
        line = await thread_with(world, "finance-refunds", card["ts"], "Did they cancel?")
        assert "<!subteam^S0FINANCE1>" in line


async def test_take_in_the_menu_makes_the_person_the_owner(sqlite_world: World) -> None:
    case = await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    card = await sqlite_world.card("finance-refunds")
    await pick(sqlite_world, SAM, "finance-refunds", card, "take")
    assert (await sqlite_world.file(case.case_id)).case.owner == "finance"
    await pick(sqlite_world, BEN, "finance-refunds", card, "take")
    assert (await sqlite_world.file(case.case_id)).case.owner == BEN
