"""Test that a database of every released version is served: what it holds is shown, and new work is done on it."""

import pytest

from storage.migrations import MIGRATIONS
from tests.storage.test_migrations import restore
from tests.support.databases import Cluster
from tests.support.places import RELEASED_DATABASES
from tests.support.world import ANA, a_world


@pytest.mark.parametrize("name", [migration.name for migration in MIGRATIONS])
async def test_a_database_of_every_released_version_is_served(
    engine: str, name: str, database_url: str, request: pytest.FixtureRequest
) -> None:
    url = database_url
    if engine == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create(f"served_{name}")
    restore(url, (RELEASED_DATABASES / f"{name}.{engine}.sql").read_text())
    async with a_world(url) as world:
        call_id = await world.call("brand-create")
        await world.card("finance-brands")
        await world.press_on((await world.case_of(call_id)).case_id, ANA, "case.approve")
        await world.state((await world.case_of(call_id)).case_id, "done")
        assert "C-1" in (await world.command(ANA, "finance-refunds", "/finance show C-1"))["text"]
        assert (await world.app.db.read(lambda store: store.verify())).broken is None
