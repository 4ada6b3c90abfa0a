"""Slack's faults beside the whole bot: every card arrives once, whatever Slack does meanwhile."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.core.model import Case
from tests.support.world import ANA, BEN, LEA, World, a_world, changed_policy

APPROVE = "case.approve"


async def posts(world: World) -> int:
    return (await world.requests("slack")).get("chat.postMessage", 0)


async def refused(world: World, method: str, outcome: str) -> bool:
    return await world.until(lambda: _counted(world, method, outcome), f"{method} ending with {outcome}")


async def _counted(world: World, method: str, outcome: str) -> bool | None:
    return world.app.slack.calls.get((method, outcome), 0) > 0 or None


async def wait_of(world: World, case_id: str, place: str) -> timedelta:
    async def look() -> timedelta | None:
        found = await world.app.db.read(lambda store: store.card(case_id, place))
        free = found is not None and found.lease_owner is None and found.due_at is not None
        return found.due_at - world.clock() if free and found and found.due_at else None

    return await world.until(look, f"the card of {case_id} waiting")


async def hurry(world: World, case_id: str, place: str) -> None:
    """Let the time pass that the card waits, unless somebody holds it."""
    found = await world.app.db.read(lambda store: store.card(case_id, place))
    if found is not None and found.lease_owner is None and found.due_at is not None:
        world.clock.let_pass(max(0.0, (found.due_at - world.clock()).total_seconds()))


async def settled(world: World, case: Case) -> dict[str, Any]:
    """Return the only card of its channel, once its thread tells how the story began; waiting costs no time."""
    channel = f"finance-{case.channel}"

    async def told() -> dict[str, Any] | None:
        await hurry(world, case.case_id, case.channel)
        cards = await world.cards(channel)
        story = "\n".join(await world.thread(channel, cards[-1]["ts"])) if cards else ""
        return cards[-1] if "Case opened" in story else None

    card = await world.until(told, "the story in the thread")
    assert len(await world.cards(channel)) == 1
    return card


async def test_a_lost_reply_to_a_post_leaves_exactly_one_card(sqlite_world: World) -> None:
    await sqlite_world.fault("slack", "lost_reply")
    case = await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    await refused(sqlite_world, "chat.postMessage", "unsure")
    assert await posts(sqlite_world) == 1  # the connection dropped, and nothing repeated the post
    await sqlite_world.fault("slack", "none")
    card = await settled(sqlite_world, case)
    assert await posts(sqlite_world) == 2  # the card, and one reply in its thread
    place = await sqlite_world.app.db.read(lambda store: store.card(case.case_id, "refunds"))
    assert place is not None
    assert place.message_ts == card["ts"]


async def test_a_lost_reply_to_a_thread_post_leaves_exactly_one_reply(sqlite_world: World) -> None:
    case, card = await sqlite_world.opened("refund-small", "finance-refunds")
    await sqlite_world.fault("slack", "lost_reply")
    await refused(sqlite_world, "chat.postMessage", "unsure")
    await sqlite_world.fault("slack", "none")
    await sqlite_world.press(BEN, "finance-refunds", card, APPROVE)

    async def told() -> str | None:
        await hurry(sqlite_world, case.case_id, "refunds")
        said = "\n".join(await sqlite_world.thread("finance-refunds", card["ts"]))
        return said if "Approved version 1" in said else None

    story = await sqlite_world.until(told, "the approval in the thread")
    assert story.count("Case opened") == 1


async def test_too_many_requests_wait_as_long_as_slack_asks_and_the_card_is_kept(sqlite_world: World) -> None:
    await settled(sqlite_world, await sqlite_world.case_of(await sqlite_world.call("refund-small")))
    before = await posts(sqlite_world)
    await sqlite_world.fault("slack", "429")
    case = await sqlite_world.case_of(await sqlite_world.call("refund-duplicate"))
    await refused(sqlite_world, "chat.postMessage", "ratelimited")
    wait = await wait_of(sqlite_world, case.case_id, "refunds")
    assert timedelta(seconds=1) < wait <= timedelta(seconds=2)
    assert await posts(sqlite_world) == before + 1
    await sqlite_world.fault("slack", "none")
    sqlite_world.clock.let_pass(2)
    await sqlite_world.card("finance-refunds", says="129.50 USD")
    assert len(await sqlite_world.cards("finance-refunds")) == 2


async def test_a_failing_slack_costs_no_card(sqlite_world: World) -> None:
    await sqlite_world.fault("slack", "500")
    case = await sqlite_world.case_of(await sqlite_world.call("refund-small"))
    await refused(sqlite_world, "conversations.list", "internal_error")
    await sqlite_world.fault("slack", "none")
    await settled(sqlite_world, case)


async def test_a_card_whose_channel_is_archived_hangs_in_the_fallback_channel(sqlite_world: World) -> None:
    await sqlite_world.fault("slack", "archived_channel")
    case, _ = await sqlite_world.opened("refund-small", "finance-review", says="24.00 USD")
    (moved,) = [entry for entry in await sqlite_world.history(case.case_id) if entry.entry.what == "card.moved"]
    assert "is_archived" in str(moved.entry.sentence)
    card = await sqlite_world.card("finance-review", says="24.00 USD")
    await sqlite_world.press(BEN, "finance-review", card, APPROVE)
    await sqlite_world.state(case.case_id, "approved")
    await sqlite_world.card("finance-review", says="approved")


async def test_a_channel_archived_under_its_card_moves_the_card_with_its_decision(sqlite_world: World) -> None:
    case, card = await sqlite_world.opened("refund-duplicate", "finance-refunds")
    await sqlite_world.fault("slack", "archived_channel")
    await sqlite_world.press(ANA, "finance-refunds", card, APPROVE)
    card = await sqlite_world.card("finance-review", says="1 of 2")
    await sqlite_world.press(LEA, "finance-review", card, APPROVE)
    await sqlite_world.file_once(case.case_id, lambda file: file.case.state != "open")


async def test_a_revoked_token_shows_in_readyz_and_nothing_is_lost(sqlite_world: World) -> None:
    await sqlite_world.fault("slack", "revoked_token")
    cases = [await sqlite_world.case_of(await sqlite_world.call(name)) for name in ("refund-small", "brand-create")]

    async def unready() -> str | None:
        async with sqlite_world.http.get(sqlite_world.bot + "/readyz") as answer:
            return await answer.text() if answer.status == 503 else None

    assert "token_revoked" in await sqlite_world.until(unready, "/readyz naming the token")
    await sqlite_world.fault("slack", "none")
    for case in cases:
        await settled(sqlite_world, case)
    async with sqlite_world.http.get(sqlite_world.bot + "/readyz") as answer:
        assert answer.status == 200


async def test_a_card_that_somebody_deleted_is_posted_again_when_its_case_moves(sqlite_world: World) -> None:
    case = await sqlite_world.case_of(await sqlite_world.call("refund-duplicate"))
    card = await settled(sqlite_world, case)
    sqlite_world.sandbox_slack["messages"]["C0REFUNDS1"].clear()
    call = {"id": case.root, "status": "completed", "post_call_analysis": {"customer_name": "Dana Ortiz-Bell"}}
    await sqlite_world.deliver({"event_type": "call_ended", "payload": {"call": call}})
    again = await sqlite_world.card("finance-refunds", says="129.50 USD")
    assert again["ts"] != card["ts"]
    assert "Dana Ortiz-Bell" in str(again["blocks"])


async def test_a_card_deleted_before_its_thread_was_begun_is_posted_again(sqlite_world: World) -> None:
    case, card = await sqlite_world.opened("refund-small", "finance-refunds")
    sqlite_world.sandbox_slack["messages"]["C0REFUNDS1"].clear()  # its thread follows three seconds later
    await refused(sqlite_world, "chat.postMessage", "cannot_reply_to_message")
    assert (await settled(sqlite_world, case))["ts"] != card["ts"]


async def test_who_is_in_a_group_is_asked_again_after_half_a_minute(sqlite_world: World) -> None:
    await sqlite_world.call("refund-duplicate")
    card = await sqlite_world.card("finance-refunds")
    await sqlite_world.press(ANA, "finance-refunds", card, APPROVE)
    asked = (await sqlite_world.requests("slack"))["usergroups.users.list"]
    await sqlite_world.press(ANA, "finance-refunds", card, APPROVE)
    assert (await sqlite_world.requests("slack"))["usergroups.users.list"] == asked
    sqlite_world.sandbox_slack["groups"]["S0FINANCE1"]["members"].remove(BEN)
    sqlite_world.clock.let_pass(31)
    await sqlite_world.press(BEN, "finance-refunds", card, APPROVE)
    (case,) = await sqlite_world.app.db.read(lambda store: store.find_cases())
    assert [decision.user_id for decision in (await sqlite_world.file(case.case_id)).decisions] == [ANA]


async def test_a_burst_keeps_the_pace_of_its_channel_and_an_urgent_card_overtakes(tmp_path: Path) -> None:
    """Slack takes about one post a second and channel, and the sandbox is as strict."""
    policy = changed_policy(('channel = "vip"', 'channel = "refunds"'))
    async with a_world(f"sqlite:///{tmp_path / 'bot.db'}", policy=policy, limited=True, slack_channel_pace=1) as world:
        calls = [await world.call("refund-small", fresh=True) for _ in range(7)]
        await world.case_of(calls[-1])
        await world.call("vip-blocker", fresh=True)

        async def all_there() -> list[str] | None:
            cards = [card["text"] for card in await world.cards("finance-refunds")]
            return cards if len(cards) == 8 else None

        cards = await world.until(all_there, "all eight cards")
        assert not [
            outcome for (_, outcome), count in world.app.slack.calls.items() if outcome == "ratelimited" and count
        ]
        urgent = next(place for place, text in enumerate(cards) if "24.00" not in text)
        assert urgent <= 4, cards  # the first burst was on its way before it
