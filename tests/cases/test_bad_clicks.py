"""Click on what is gone: each click is answered and audited, and changes nothing."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.cases import clicks, decisions, masked, owners, timers
from bot.cases.amendments import change_amount, confirm_recipient
from bot.cases.clicks import Answer, Click
from bot.core.model import CaseFile, CaseState
from bot.core.slack_ids import CaseRef
from storage import Database, Store
from storage.people import WORKSPACE
from tests.support.kinds import NOW, SHIPPED, told
from tests.support.offers import OFFERING, approve, charged, click, history, look, tell
from tests.support.policies import ANA, BEN, person

LATER = NOW + timedelta(days=30)


WHEN: dict[str, Any] = {"policy": SHIPPED, "now": LATER}
OFFER: dict[str, Any] = {"offering": OFFERING, "now": LATER}
# every button and every form of a card
PRESSES: Mapping[str, Callable[[Store, Click], CaseFile | Answer]] = {
    "approve": lambda store, made: decisions.approve(store, made, **WHEN),
    "reject": lambda store, made: decisions.reject(store, made, "Not ours", **WHEN),
    "choose": lambda store, made: decisions.choose(store, made, 1, **WHEN),
    "step done": lambda store, made: decisions.step_done(store, made, **WHEN),
    "retry": lambda store, made: decisions.retry(store, made, **WHEN),
    "settle": lambda store, made: decisions.settle_by_hand(store, made, "Done in the bank", **WHEN),
    "open a form": lambda store, made: clicks.check_open(store, made, state=CaseState.OPEN, **WHEN),
    "change the amount": lambda store, made: change_amount(store, made, "20.00", "A slip", **OFFER),
    "confirm the recipient": lambda store, made: confirm_recipient(store, made, "Called them back", **OFFER),
    "take": lambda store, made: owners.take(store, made, **WHEN),
    "ask": lambda store, made: owners.ask(store, made, "Who is it?", owner=None, **WHEN),
    "show the summary": lambda store, made: masked.reveal(store, made, **WHEN),
}


async def pressed(database: Database, name: str, made: Click) -> Answer:
    answer = await database.write(lambda store: PRESSES[name](store, made))
    assert isinstance(answer, Answer)
    assert answer.text
    return answer


@pytest.mark.parametrize("name", PRESSES)
async def test_a_case_that_is_not_here_is_answered_and_kept_in_the_workspace_s_history(
    database: Database, name: str
) -> None:
    made = Click(person=person(ANA), ref=CaseRef("C-0000000000", 1), identity="x")
    assert "no such case" in ((await pressed(database, name, made)).text or "")
    entry = (await database.read(lambda store: store.history(WORKSPACE)))[-1].entry
    assert (entry.actor, entry.what) == (ANA, "click.refused")


@pytest.mark.parametrize("name", [name for name in PRESSES if name != "show the summary"])
async def test_an_expired_case_says_so_and_the_click_is_in_its_history(database: Database, name: str) -> None:
    case_id = await tell(database, told("refund-small"), (charged(100_000),))
    await database.write(lambda store: timers.fire(store, case_id, policy=SHIPPED, now=LATER))
    file = await look(database, case_id)
    assert file.case.state is CaseState.EXPIRED
    answer = await pressed(database, name, click(file, ANA))
    assert "expired" in (answer.text or "")
    assert await look(database, case_id) == file
    entry = (await history(database, case_id))[-1]
    assert (entry.actor, entry.what, entry.data["why"]) == (ANA, "click.refused", answer.text)


@pytest.mark.parametrize("name", ["approve", "reject", "choose", "open a form", "change the amount"])
async def test_what_was_decided_meanwhile_names_who_did_it_and_keeps_the_click(database: Database, name: str) -> None:
    case_id = await tell(database, told("refund-small"), (charged(100_000),))
    made = click(await look(database, case_id), ANA)
    await approve(database, case_id, BEN)
    assert f"Already approved by <@{BEN}>" in ((await pressed(database, name, made)).text or "")
    assert (await history(database, case_id))[-1].what == "click.refused"
