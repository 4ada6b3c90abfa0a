"""List what another case has paid: nobody is offered it, and no approval of it counts."""

from bot.cases import inbox
from bot.core.cards.home import Look
from storage import Database
from tests.support.kinds import NOW, SHIPPED, told
from tests.support.offers import approve, charged, click, look, tell
from tests.support.policies import ANA, BEN, person


async def test_a_list_says_so_offers_it_to_nobody_and_an_approval_among_several_does_not_count(
    database: Database,
) -> None:
    call, facts = told("refund-small"), (charged(100_000),)
    ids = [await tell(database, call.model_copy(update={"call_id": f"call_{n}"}), facts) for n in range(3)]
    files = [await look(database, case_id) for case_id in ids]
    before = await database.read(lambda store: inbox.read(store, SHIPPED, person(BEN), Look(), NOW))
    assert [{row.case.case_id for row in bulk.rows} for bulk in before.bulks] == [set(ids)]

    assert (await approve(database, ids[0], ANA)).text is None
    after = await database.read(lambda store: inbox.read(store, SHIPPED, person(BEN), Look(), NOW))
    assert after.bulks == ()
    assert {row.case.case_id: row.missing for row in after.waiting} == dict.fromkeys(
        ids[1:], "already paid in another case: to be rejected"
    )
    ticked = click(files[1], BEN)
    told_so, counted = await database.write(lambda store: inbox.approve_one(store, ticked, policy=SHIPPED, now=NOW))
    assert (told_so.startswith("Already paid: 24.00 USD"), counted) == (True, False)
