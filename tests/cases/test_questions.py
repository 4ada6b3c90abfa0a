"""Ask the owner of the account: in the thread, with a live mention of whoever that is in Slack."""

import json
from datetime import timedelta

import pytest

from bot.cases.clicks import Answer
from bot.cases.owners import ask
from bot.core.model import CaseState, Fact
from bot.core.records import account_owner
from storage import Database
from tests.support.kinds import NOW, SHIPPED, found, told
from tests.support.offers import approve, charged, click, history, look, tell
from tests.support.policies import ANA, BEN, LEA, SAM

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
    assert answer.text is None
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
