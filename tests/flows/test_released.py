"""Test that a database of every released version is served: what it holds is shown, and new work is done on it."""

from tests.support.world import ANA, a_world


async def test_a_database_of_every_released_version_is_served(released_url: str) -> None:
    async with a_world(released_url) as world:
        call_id = await world.call("brand-create")
        await world.card("finance-brands")
        await world.press_on((await world.case_of(call_id)).case_id, ANA, "case.approve")
        await world.state((await world.case_of(call_id)).case_id, "done")
        assert "C-1" in (await world.command(ANA, "finance-refunds", "/finance show C-1"))["text"]
        assert (await world.app.db.read(lambda store: store.verify())).broken is None
