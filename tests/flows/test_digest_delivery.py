"""Check digests in Slack: once a week, to whoever asks for one, and as an image where charts are unknown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot.core.notices import Notice
from bot.core.policy.file import read_policy
from bot.core.policy.values import DAYS
from tests.support.surfaces import finance, in_words
from tests.support.world import ANA, BEN, POLICY, SAM, World, a_world

APPROVE = "case.approve"
BERLIN = '\n[regions.default]\nlocale = "de_DE"\n'


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Start a world in which a digest is due in an hour."""
    due = datetime.now(UTC) + timedelta(hours=1)
    rule = f'\n[digest]\nchannel = "review"\nat = "{DAYS[due.weekday()]} {due:%H:%M}"\n'
    policy = read_policy(POLICY.read_text() + rule + BERLIN)
    async with a_world(f"sqlite:///{tmp_path / 'bot.db'}", policy=policy) as world:
        yield world


async def a_refund_was_decided(world: World) -> None:
    call_id = await world.call("refund-small")
    card = await world.card("finance-refunds", says="24,00 USD")
    await world.press(BEN, "finance-refunds", card, APPROVE)
    await world.state((await world.case_of(call_id)).case_id, "approved")


async def weekly(world: World) -> None:
    """Run the chore of the worker once the digest is due."""
    world.clock.let_pass(3600)
    await world.app.jobs.digests.weekly_digest()


def digests(world: World, channel_id: str) -> list[dict[str, Any]]:
    found = world.sandbox_slack["messages"].get(channel_id, {}).values()
    return [one for one in found if "digest" in one["text"]]


async def waiting(world: World) -> list[Notice]:
    """Digests that are not sent yet; the time passes that they still wait, unless somebody holds them."""
    due = await world.app.db.read(lambda store: store.due_notices(world.clock() + timedelta(days=1), 10))
    found = [one for one in due if one.notice_id.startswith("digest/")]
    free = [one.due_at - world.clock() for one in found if one.due_at is not None and one.lease_owner is None]
    world.clock.let_pass(max(0.0, *(wait.total_seconds() for wait in free), 0.0))
    return found


async def arrived(world: World, channel_id: str) -> dict[str, Any]:
    """Wait until nothing is left to send, and return the first digest there."""

    async def look() -> dict[str, Any] | None:
        left = await waiting(world)
        return None if left else next(iter(digests(world, channel_id)), None)

    return await world.until(look, f"a digest in {channel_id}")


def kinds(message: dict[str, Any]) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def test_the_weekly_digest_comes_once_to_its_channel_with_its_charts(world: World) -> None:
    await a_refund_was_decided(world)
    await weekly(world)
    message = await arrived(world, "C0REVIEW01")
    assert kinds(message).count("data_visualization") == 2
    assert "Approved: 24,00 USD" in message["text"]
    assert "Refund: 1 case" in message["text"]
    await world.app.jobs.digests.weekly_digest()
    await finance(world, ANA, "digest")
    await arrived(world, f"D{ANA[1:]}")
    assert len(digests(world, "C0REVIEW01")) == 1


async def test_an_old_workspace_gets_one_image_with_the_same_figures_in_words(world: World) -> None:
    await a_refund_was_decided(world)
    await world.fault("slack", "old_blocks")
    await weekly(world)
    message = await arrived(world, "C0REVIEW01")
    (image,) = [block for block in message["blocks"] if block["type"] == "image"]
    assert "data_visualization" not in kinds(message)
    assert "Refund: 1 case" in image["alt_text"]
    assert "Refund: 1 case" in in_words(message["blocks"])
    async with world.http.get(f"{world.page}/sim/files/{image['slack_file']['id']}") as answer:
        assert (await answer.read()).startswith(b"\x89PNG")
    assert (await world.requests("slack"))["files.completeUploadExternal"] == 1
    assert len(digests(world, "C0REVIEW01")) == 1


async def test_a_lost_answer_makes_no_second_digest_and_no_second_upload(world: World) -> None:
    """Find what was posted by its key; the image is written down with the notice."""
    await world.call("refund-small")
    await world.card("finance-refunds", says="24,00 USD")
    await world.fault("slack", "old_blocks")
    await finance(world, ANA, "digest")
    await world.until(lambda: _with_image(world), "the image")
    await world.fault("slack", "lost_reply")
    await world.until(lambda: _unsure(world), "an answer that was lost")
    await world.fault("slack", "none")
    message = await arrived(world, f"D{ANA[1:]}")
    assert "image" in kinds(message)
    assert len(digests(world, f"D{ANA[1:]}")) == 1
    assert (await world.requests("slack"))["files.completeUploadExternal"] == 1


async def _with_image(world: World) -> bool | None:
    due = await world.app.db.read(lambda store: store.due_notices(world.clock() + timedelta(days=1), 10))
    return any(block["type"] == "image" for notice in due for block in notice.blocks) or None


async def _unsure(world: World) -> bool | None:
    left = [one for one in await waiting(world) if one.failures]
    return bool(digests(world, f"D{ANA[1:]}") and left) or None


async def test_a_workspace_that_takes_no_files_gets_the_words(world: World) -> None:
    world.sandbox_slack["no_files"] = True
    await world.call("refund-small")
    await world.card("finance-refunds", says="24,00 USD")
    await world.fault("slack", "old_blocks")
    await weekly(world)
    message = await arrived(world, "C0REVIEW01")
    assert not {"image", "data_visualization"} & set(kinds(message))
    assert (await world.requests("slack"))["files.getUploadURLExternal"] == 1
    assert "Refund: 1 case" in in_words(message["blocks"])


async def test_a_digest_that_somebody_asks_for_comes_to_them_alone(world: World) -> None:
    await a_refund_was_decided(world)
    assert "on its way to your direct messages" in await finance(world, ANA, "digest")
    message = await arrived(world, f"D{ANA[1:]}")
    assert "Approved: 24,00 USD" in message["text"]
    assert kinds(message).count("data_visualization") == 2
    assert digests(world, "C0REVIEW01") == []
    assert "answers the people whom the policy names" in await finance(world, SAM, "digest")
    assert digests(world, f"D{SAM[1:]}") == []
