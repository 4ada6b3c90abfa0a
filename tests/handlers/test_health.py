"""Answer operators: is it alive, is it ready, and how much of what was received."""

import aiohttp
import pytest

from tests.support.world import ANA, World

APPROVE = "case.approve"


async def asked(world: World, path: str) -> tuple[int, dict[str, str]]:
    async with world.http.get(world.bot + path) as answer:
        return answer.status, await answer.json()


async def test_a_running_bot_is_alive_and_ready(world: World) -> None:
    assert await asked(world, "/healthz") == (200, {"status": "alive"})
    assert await asked(world, "/readyz") == (200, {"status": "ready"})


async def test_a_database_that_is_gone_makes_it_unready_and_still_alive(world: World) -> None:
    await world.app.db.close()
    status, said = await asked(world, "/readyz")
    assert status == 503
    assert said["status"] == "not ready"
    assert "database does not answer" in said["database"]
    assert await asked(world, "/healthz") == (200, {"status": "alive"})


async def test_metrics_go_on_when_the_database_is_gone(world: World) -> None:
    await world.opened("refund-small", "finance-refunds")
    before = await world.figures()
    await world.app.db.close()
    after = await world.figures()
    assert after['countersign_received_total{door="dialnexa",what="new"}'] == 1
    assert after['countersign_cases{state="open"}'] == before['countersign_cases{state="open"}'] == 1


async def test_cases_are_counted_by_the_state_that_they_are_in_now(world: World) -> None:
    case, card = await world.opened("brand-create", "finance-brands")
    assert (await world.figures())['countersign_cases{state="open"}'] == 1
    await world.press(ANA, "finance-brands", card, APPROVE)
    await world.state(case.case_id, "done")
    figures = await world.figures()
    assert figures['countersign_cases{state="open"}'] == 0
    assert figures['countersign_cases{state="done"}'] == 1


async def test_metrics_tell_of_the_doors_of_slack_and_of_the_jobs(world: World) -> None:
    _, card = await world.opened("brand-create", "finance-brands")
    await world.press(ANA, "finance-brands", card, APPROVE)
    await world.card("finance-brands", says="done")
    await world.deliver({}, headers={})
    wanted = {
        'countersign_received_total{door="dialnexa",what="new"}',
        'countersign_received_total{door="dialnexa",what="bad_signature"}',
        'countersign_received_total{door="slack",what="200"}',
        'countersign_slack_requests_total{method="chat.postMessage",outcome="ok"}',
        'countersign_slack_requests_total{method="chat.update",outcome="ok"}',
        'countersign_jobs_total{end="done",lane="calls"}',
        'countersign_jobs_total{end="done",lane="executions"}',
        'countersign_jobs_total{end="done",lane="cards"}',
    }

    async def counted() -> bool | None:
        return wanted <= {name for name, figure in (await world.figures()).items() if figure >= 1} or None

    await world.until(counted, f"figures of {wanted}")


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/unknown", "/slack", "/.env"])
async def test_other_paths_are_not_there(world: World, path: str) -> None:
    async with world.http.post(world.bot + path, data=b"{}") as answer:
        assert answer.status == 404


async def test_nothing_personal_is_in_the_metrics(world: World) -> None:
    await world.opened("vip-blocker", "finance-vip")
    async with world.http.get(world.bot + "/metrics") as answer:
        assert answer.content_type == "text/plain"
        text = await answer.text()
    for word in ("Marcus", "Kestrel", "INV-20455", "12025550177", "xoxb", "secret"):
        assert word not in text


async def test_two_bots_on_one_sqlite_file_are_refused(world: World) -> None:
    from storage import StorageError, open_database

    with pytest.raises(StorageError, match="Another process has the database"):
        await open_database(world.app.settings.database_url)


async def test_a_stopped_bot_takes_nothing_more(world: World) -> None:
    await world.app.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await world.deliver({})
