"""Change a case in one way: whatever belongs to a change happens with it, and nobody writes a case beside it."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cases.change import change_case
from bot.cases.notices import REPLACES
from bot.core.lifecycle import WrongMove
from bot.core.model import CaseState, Earlier, Entry, Kind
from bot.core.timers import FOLLOW_UP, schedule
from storage import Database, Store
from tests.support.kinds import SHIPPED
from tests.support.policies import ANA, LEA
from tests.support.rows import DETAILS, LATER, NOW, WORKED, a_proposal, held, loaded, open_case

ROOT = Path(__file__).parents[2]
CHANGE = ROOT / "bot" / "cases" / "change.py"
ITS_VERBS = {"save_case", "add_case", "add_proposal", "set_timers", "stop_timers", "add_keys", "add_card"}


async def test_a_change_grows_the_revision_and_leaves_its_entry_in_the_history(database: Database) -> None:
    await database.write(open_case)
    before = await loaded(database)
    now_ = await database.write(lambda store: change_case(store, before, LATER, WORKED, owner="leads"))
    assert now_ == await loaded(database)
    assert (now_.revision, now_.updated_at, now_.owner) == (before.revision + 1, LATER, "leads")
    assert (await database.read(lambda store: store.history("C-1")))[-1].entry == WORKED


async def test_a_state_that_does_not_follow_is_refused_and_nothing_is_written(database: Database) -> None:
    await database.write(open_case)
    before = await loaded(database)
    with pytest.raises(WrongMove):
        await database.write(lambda store: change_case(store, before, LATER, WORKED, state=CaseState.DONE))
    assert await loaded(database) == before


async def test_the_closing_sentence_is_that_of_the_last_change_of_state(database: Database) -> None:
    await database.write(open_case)
    said: list[str | None] = []

    def happens(store: Store) -> None:
        case = held(store)
        for state, closing in (
            (CaseState.APPROVED, None),
            (CaseState.STUCK, "The bank said no."),
            (None, None),
            (CaseState.APPROVED, None),
        ):
            case = change_case(store, case, LATER, WORKED, state=state, closing=closing)
            said.append(case.closing)

    await database.write(happens)
    assert said == [None, "The bank said no.", "The bank said no.", None]


async def test_a_new_proposal_is_the_next_version_and_the_entry_says_which_one_it_replaces(database: Database) -> None:
    await database.write(open_case)
    before = await loaded(database)
    offer = a_proposal().model_copy(update={"authors": (ANA,)})
    await database.write(lambda store: change_case(store, before, LATER, WORKED, proposal=offer))
    assert (await loaded(database)).version == 2
    proposal = await database.read(lambda store: store.proposal("C-1", 2))
    assert proposal == offer.model_copy(update={"version": 2})
    assert (await database.read(lambda store: store.history("C-1")))[-1].entry.data[REPLACES] == 1


async def test_in_another_channel_it_gets_a_card_and_its_time_begins_anew(database: Database) -> None:
    await database.write(open_case)
    before = await loaded(database)

    def moves(store: Store) -> None:
        store.set_timers(schedule(SHIPPED, before, NOW))
        change_case(store, before, LATER, WORKED, policy=SHIPPED, channel="brands", kind=Kind.BRAND_CREATE)

    await database.write(moves)
    card = await database.read(lambda store: store.card("C-1", "brands"))
    assert card is not None
    assert card.due_at == LATER
    planned = await database.read(lambda store: store.timers("C-1"))
    assert planned == list(schedule(SHIPPED, await loaded(database), LATER))


async def test_timers_are_not_moved_without_the_policy_that_they_follow(database: Database) -> None:
    await database.write(open_case)
    before = await loaded(database)
    with pytest.raises(TypeError):
        await database.write(lambda store: change_case(store, before, LATER, WORKED, urgent=True))


async def test_a_decision_stops_the_timers_but_for_the_promised_follow_up(database: Database) -> None:
    promised = DETAILS.fields.model_copy(update={"follow_up_deadline": (NOW + timedelta(days=9)).date().isoformat()})
    await database.write(lambda store: open_case(store, details=DETAILS.model_copy(update={"fields": promised})))
    before = await loaded(database)

    def decides(store: Store) -> None:
        store.set_timers(schedule(SHIPPED, before, NOW))
        change_case(store, before, LATER, WORKED, state=CaseState.REJECTED)

    await database.write(decides)
    assert [timer.name for timer in await database.read(lambda store: store.timers("C-1"))] == [FOLLOW_UP]


async def test_new_details_are_found_by_later_calls_and_known_duplicates_are_told(database: Database) -> None:
    def two(store: Store) -> None:
        open_case(store)
        open_case(store, 2)

    await database.write(two)
    first, second = await loaded(database), await loaded(database, 2)
    details = DETAILS.model_copy(update={"fields": DETAILS.fields.model_copy(update={"payment_id": "pi_1"})})
    duplicate = Earlier(
        case_id="C-2", kind=second.kind, state=second.state, opened_at=NOW, why="the same payment pi_1", exact=True
    )
    fields: dict[str, Any] = {"details": details, "earlier": (duplicate, duplicate.model_copy(update={"exact": False}))}
    await database.write(lambda store: change_case(store, first, LATER, WORKED, **fields))
    found = await database.read(lambda store: store.with_keys(["payment:pi_1"], NOW - timedelta(days=1)))
    assert list(found) == ["C-1"]
    linked = [line.entry for line in await database.read(lambda store: store.history("C-2"))][1:]
    assert [entry.sentence for entry in linked] == ["Case C-1 is about the same payment pi_1 too."]
    assert (await loaded(database, 2)).revision == second.revision + 1


async def test_people_whom_it_concerns_are_notified(database: Database) -> None:
    await database.write(lambda store: open_case(store, opened_by=ANA, owner=LEA))
    before = await loaded(database)
    entry = Entry(actor="worker", what="case.expired", sentence="Expired.")
    await database.write(lambda store: change_case(store, before, LATER, entry, state=CaseState.EXPIRED))
    notices = await database.write(lambda store: store.due_notices(LATER + timedelta(minutes=1), 9))
    assert {notice.recipient for notice in notices} == {ANA, LEA}


def writes_beside(source: str) -> Iterator[str]:
    """Yield each verb of the store that this module calls or passes on although only `change.py` may."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in ITS_VERBS:
            yield node.attr


def test_no_other_module_writes_a_case() -> None:
    modules = [path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py") if path != CHANGE]
    assert len(modules) > 100
    beside = {str(path.relative_to(ROOT)): sorted(writes_beside(path.read_text())) for path in modules}
    assert {path: verbs for path, verbs in beside.items() if verbs} == {}
    assert set(writes_beside(CHANGE.read_text())) == ITS_VERBS


@pytest.mark.parametrize("verb", sorted(ITS_VERBS))
@pytest.mark.parametrize("written", ["store.{}(case)", "write = store.{}", "ctx.db.write(lambda held: held.{}(case))"])
def test_a_write_beside_it_is_found(verb: str, written: str) -> None:
    assert list(writes_beside(f"def quietly(store, case, ctx):\n    {written.format(verb)}\n")) == [verb]
