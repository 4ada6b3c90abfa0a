"""Test which cards wait to be drawn, and who may say that one was, on both engines."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from storage import Database, NotStored, Store
from tests.support.rows import LATER, NOW, WORKED, a_card, a_case, open_case

HELD = a_card(lease_owner="w1", lease_until=LATER)
SHOWN = a_card(shown_revision=1, message_ts="1738315800.000100", due_at=None)


async def test_a_card_comes_back_as_it_was_saved(database: Database) -> None:
    await database.write(open_case)
    await database.write(lambda store: store.add_card(HELD))
    assert await database.read(lambda store: store.card("C-1")) == HELD
    begun = a_card(posting_since=NOW, trail_since=LATER, trail_n=3, failures=2, channel_id="C0FINANCE")
    assert await database.write(lambda store: store.save_card(begun))
    assert await database.read(lambda store: store.card("C-1")) == begun
    assert await database.read(lambda store: store.card("C-1", "escalation")) is None


async def test_a_card_without_a_case_is_refused(database: Database) -> None:
    with pytest.raises(NotStored, match="C-1"):
        await database.write(lambda store: store.add_card(a_card()))


async def test_a_save_under_a_lease_that_somebody_else_has_now_is_refused(database: Database) -> None:
    await database.write(open_case)
    await database.write(lambda store: store.add_card(a_card(lease_owner="w2", lease_until=LATER)))
    assert not await database.write(lambda store: store.save_card(SHOWN, held_by="w1"))
    assert await database.write(lambda store: store.save_card(SHOWN, held_by="w2"))
    assert not await database.write(lambda store: store.save_card(SHOWN, held_by="w2"))


async def test_urgent_cards_come_first_then_the_longest_due(database: Database) -> None:
    def write(store: Store) -> None:
        for number in (1, 2, 3, 4):
            open_case(store, number, urgent=number == 3)
            store.add_card(a_card(number, due_at=NOW - timedelta(minutes=number), channel=f"channel-{number}"))

    await database.write(write)

    async def due(limit: int, *closed: str) -> list[str]:
        places = await database.write(lambda store: store.due_cards(NOW, limit, frozenset(closed)))
        return [place.case_id for place in places]

    assert await due(9) == ["C-3", "C-4", "C-2", "C-1"]
    assert await due(2, "channel-3", "channel-4") == ["C-2", "C-1"]


async def test_a_leased_card_is_due_again_when_the_lease_ran_out(database: Database) -> None:
    await database.write(open_case)
    await database.write(lambda store: store.add_card(HELD))
    assert await database.write(lambda store: store.due_cards(NOW, 9)) == []
    assert await database.write(lambda store: store.due_cards(LATER, 9)) == [HELD]


async def test_only_a_revision_that_grew_makes_every_card_of_the_case_due(database: Database) -> None:
    def due_after(store: Store, revision: int) -> list[str]:
        store.save_case(a_case(revision=revision), entry=WORKED, now=NOW)
        return [place.place for place in store.due_cards(NOW, 9)]

    await database.write(open_case)
    for card in (SHOWN, SHOWN.model_copy(update={"place": "escalation", "due_at": LATER})):
        await database.write(partial(Store.add_card, card=card))
    assert await database.write(partial(due_after, revision=1)) == []
    assert await database.write(partial(due_after, revision=2)) == ["escalation", "home"]


async def test_a_case_that_becomes_urgent_moves_its_card_ahead(database: Database) -> None:
    def write(store: Store) -> None:
        for number in (1, 2):
            open_case(store, number)
            store.add_card(a_card(number))
        store.save_case(a_case(2, urgent=True, revision=2), entry=WORKED, now=NOW)

    await database.write(write)
    assert [place.case_id for place in await database.write(lambda store: store.due_cards(NOW, 1))] == ["C-2"]


@pytest.mark.parametrize("then", [None, LATER], ids=["nothing", "its thread log"])
async def test_a_card_that_was_drawn_while_its_case_moved_on_stays_due_at_once(
    database: Database, then: datetime | None
) -> None:
    def write(store: Store) -> None:
        open_case(store)
        store.add_card(HELD.model_copy(update={"shown_revision": 0}))
        store.save_case(a_case(revision=2), entry=WORKED, now=NOW)

    await database.write(write)
    shown = SHOWN.model_copy(update={"due_at": then})
    assert await database.write(lambda store: store.save_card(shown, held_by="w1"))
    assert [place.shown_revision for place in await database.write(lambda store: store.due_cards(NOW, 9))] == [1]
    current = SHOWN.model_copy(update={"shown_revision": 2})
    await database.write(lambda store: store.save_card(current))
    assert await database.write(lambda store: store.due_cards(LATER, 9)) == []
