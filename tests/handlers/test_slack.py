"""Verify what comes from Slack, and avoid Bolt's traps, each of which shows a person a failure or loses a click."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.model import CaseFile
from bot.slack.client import FORM_WAIT_S
from bot.slack.people import MEMBERSHIP_WAIT_S
from sandbox.slack.delivery import ACK_S
from storage import open_database
from tests.support.databases import held_commit
from tests.support.slack_requests import TEAM, a_click, interaction, knock, signed
from tests.support.world import ANA, BEN, LEA, SAM, OpenWorld, World, reserved_port

APPROVE, REJECT = "case.approve", "case.reject"


async def a_refund(world: World, name: str = "refund-duplicate") -> tuple[str, dict[str, Any]]:
    """Return the case id and the card of an open refund; the usual one needs two approvals."""
    case = await world.case_of(await world.call(name))
    return case.case_id, await world.card("finance-refunds", says="Refund")


async def undecided(world: World, case_id: str) -> bool:
    file = await world.file(case_id)
    return file.case.state == "open" and not file.decisions and not file.executions


async def test_a_click_that_slack_did_not_sign_decides_nothing(world: World) -> None:
    case_id, card = await a_refund(world)
    body = interaction(a_click(world, card, APPROVE))
    good = signed(body)
    now = good["X-Slack-Request-Timestamp"]
    forged: dict[str, dict[str, str]] = {
        "no signature": {"X-Slack-Request-Timestamp": now},
        "no timestamp": {"X-Slack-Signature": good["X-Slack-Signature"]},
        "neither": {},
        "another secret": signed(body, secret="another"),
        "of another body": signed(body + b"&x=1"),
        "empty": {**good, "X-Slack-Signature": ""},
        "not ASCII": {**good, "X-Slack-Signature": "v0=é"},
        "six minutes old": signed(body, at=time.time() - 360),
        "from the future": signed(body, at=time.time() + 360),
        "no number": {**good, "X-Slack-Request-Timestamp": "yesterday"},
        "no whole number": {**good, "X-Slack-Request-Timestamp": now + ".5"},
        "empty time": {**good, "X-Slack-Request-Timestamp": ""},
        "other digits": {**good, "X-Slack-Request-Timestamp": "١٢٣"},
        "negative": {**good, "X-Slack-Request-Timestamp": "-" + now},
        "five thousand digits": {**good, "X-Slack-Request-Timestamp": "9" * 5000},
    }
    for name, headers in forged.items():
        status, _ = await knock(world, body, {"Content-Type": good["Content-Type"], **headers})
        assert status == 401, name
    assert await undecided(world, case_id)


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=x"])
async def test_unsigned_garbage_is_refused_and_never_fails(world: World, kind: str) -> None:
    pieces = (b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b"payload={", b"payload=%5B%5D", b"[" * 5000, b"a" * 5000)
    for body in pieces:
        headers = {**signed(b"other"), "Content-Type": kind}
        status, _ = await knock(world, body, headers)
        assert 400 <= status < 500, (body[:20], status)


async def test_a_read_of_the_address_is_not_allowed(world: World) -> None:
    async with world.http.get(world.bot + "/slack/events") as answer:
        assert answer.status == 405


async def test_slack_s_check_of_the_address_is_answered_with_its_challenge(world: World) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}).encode()
    headers = {**signed(body), "Content-Type": "application/json"}
    status, answer = await knock(world, body, headers)
    assert (status, json.loads(answer)["challenge"]) == (200, "3eZbrw1aB")
    assert (await knock(world, body, {**headers, "X-Slack-Signature": "v0=0"}))[0] == 401


async def test_slack_s_check_of_the_certificate_is_answered_without_a_signature(world: World) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await knock(world, b"ssl_check=1&token=x", form))[0] == 200


async def test_somebody_of_another_workspace_is_refused(world: World) -> None:
    case_id, card = await a_refund(world)
    foreigners: tuple[dict[str, Any], ...] = (
        {"user": {"id": ANA, "team_id": "T0OTHER001"}},
        {"team": {"id": "T0OTHER001", "domain": "other"}, "user": {"id": ANA, "team_id": "T0OTHER001"}},
        {"team": {"id": "T0OTHER001", "domain": "other"}, "user": {"id": ANA}},
    )
    for more in foreigners:
        body = interaction(a_click(world, card, APPROVE, **more))
        assert (await knock(world, body))[0] == 200
        await world.told(ANA, "Only members of this workspace")
    assert await undecided(world, case_id)


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        *(
            ({"value": value}, "not one of ours")
            for value in ("", "x", ":", "C-1:", "C-1:two", "C-1:-1", ":1", "C-1:\u0661")
        ),
        ({"action_id": "case.approve_everything"}, "from another release"),
        ({"value": "C-0000000000:1"}, "There is no such case here"),
    ],
)
async def test_a_button_that_we_did_not_write_or_no_longer_know_is_answered(
    world: World, replaced: dict[str, str], words: str
) -> None:
    case_id, card = await a_refund(world)
    payload = a_click(world, card, APPROVE)
    payload["actions"][0] |= replaced
    assert (await knock(world, interaction(payload)))[0] == 200
    await world.told(ANA, words)
    assert await undecided(world, case_id)


async def test_a_click_while_slack_cannot_tell_the_groups_is_answered_and_decides_nothing(world: World) -> None:
    case_id, card = await a_refund(world)
    await world.fault("slack", "500")
    answer = await world.press(ANA, "finance-refunds", card, APPROVE)
    assert answer["ok"], answer  # the sandbox waits three seconds, as Slack does
    await world.told(ANA, "could not tell your user groups")
    assert await undecided(world, case_id)
    await world.fault("slack", "none")
    await world.press(ANA, "finance-refunds", card, APPROVE)
    assert len((await world.file(case_id)).decisions) == 1


@pytest.fixture
async def slow_slack(open_world: OpenWorld) -> AsyncIterator[World]:
    """Yield a world whose Slack, when slow, takes longer than a click may wait; busy machines get some more time."""
    assert max(FORM_WAIT_S, MEMBERSHIP_WAIT_S) < ACK_S
    async with open_world(hurried=True, slow_s=20, ack_s=15) as world:
        yield world


async def test_a_click_while_slack_is_slow_is_answered_within_its_three_seconds(slow_slack: World) -> None:
    case_id, card = await a_refund(slow_slack)
    await slow_slack.fault("slack", "slow")
    answer = await slow_slack.press(ANA, "finance-refunds", card, APPROVE)
    assert answer["ok"], answer
    await slow_slack.told(ANA, "could not tell your user groups")
    assert await undecided(slow_slack, case_id)


async def test_a_form_that_slack_is_slow_to_open_is_answered_within_the_three_seconds(slow_slack: World) -> None:
    case_id, card = await a_refund(slow_slack)
    await slow_slack.press(ANA, "finance-refunds", card, APPROVE)  # her groups are known from here on
    card = await slow_slack.card("finance-refunds", says="1 of 2")
    await slow_slack.fault("slack", "slow")
    answer = await slow_slack.press(ANA, "finance-refunds", card, REJECT)
    assert answer["ok"], answer
    await slow_slack.told(ANA, "did not open the form")
    assert (await slow_slack.file(case_id)).case.state == "open"


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/gone", "no address at all", "http://[::1", 7, None, ""])
async def test_an_answer_that_cannot_be_delivered_never_shows_the_click_as_failed(world: World, url: Any) -> None:
    # a raise right after the acknowledgement would make Bolt take it back: 404 after three seconds
    _, card = await a_refund(world)
    with reserved_port() as port:
        url = url.format(port=port) if isinstance(url, str) else url
        body = interaction(a_click(world, card, APPROVE, by=SAM, response_url=url))
        assert (await knock(world, body))[0] == 200


async def test_a_click_that_is_acknowledged_too_late_still_counts_once(world: World) -> None:
    # Slack shows a failure after three seconds, Bolt goes on, and the person clicks again
    case_id, card = await a_refund(world)
    gate = held_commit(world.app.db)
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(knock(world, interaction(a_click(world, card, APPROVE))), ACK_S)
        again = asyncio.create_task(world.press(ANA, "finance-refunds", card, APPROVE))
    finally:
        gate.set()
    assert (await again)["ok"]
    await world.told(ANA, "already decided")
    file = await world.file(case_id)
    assert [decision.user_id for decision in file.decisions] == [ANA]
    await world.card("finance-refunds", says="1 of 2")


async def test_a_replayed_request_has_one_effect(world: World) -> None:
    # Bolt takes the same signed bytes again and again for five minutes
    case_id, card = await a_refund(world)
    body = interaction(a_click(world, card, APPROVE))
    headers = signed(body)
    assert [(await knock(world, body, headers))[0] for _ in range(3)] == [200, 200, 200]
    await world.told(ANA, "has been counted already")
    assert len((await world.file(case_id)).decisions) == 1
    approvals = [e for e in await world.history(case_id) if e.entry.what == "decision.approve"]
    assert len(approvals) == 1


async def test_a_replayed_command_opens_one_case(world: World) -> None:
    trigger = "trigger_id=1.2.abc&command=%2Finvoice-resend&text=INV-77"
    body = f"{trigger}&team_id={TEAM}&user_id={ANA}&channel_id=C0DOCS0001".encode()
    headers = signed(body)
    answers = [await knock(world, body, headers) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 200]
    assert answers[0] == answers[1]
    await world.card("finance-documents", says="Invoice resend")
    assert len(await world.app.db.read(lambda store: store.find_cases())) == 1


async def test_a_trigger_is_used_once_and_before_anything_slow(world: World) -> None:
    # the sandbox refuses a second use, or one after three seconds, as Slack does
    _, card = await a_refund(world)
    before = await world.requests("slack")
    await world.press(ANA, "finance-refunds", card, REJECT)
    await world.form(ANA)
    after = await world.requests("slack")
    asked = {method: count - before.get(method, 0) for method, count in after.items()}
    assert asked["views.open"] == 1
    assert {method for method, count in asked.items() if count} <= {
        "views.open",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "chat.postMessage",
    }


async def test_a_card_is_redrawn_more_often_than_a_response_url_allows(world: World) -> None:
    # five uses in thirty minutes: cards use the channel and ts, and each click's URL is used for its own answer
    case_id, card = await a_refund(world)
    await world.press(ANA, "finance-refunds", card, APPROVE)
    for number in range(7):
        await world.press(SAM, "finance-refunds", card, APPROVE)
        await world.press(BEN if number % 2 else ANA, "finance-refunds", card, APPROVE)
    await world.press(LEA, "finance-refunds", card, APPROVE)
    await world.card("finance-refunds", says="approved")
    await world.told(SAM, "finance", times=7)
    assert max(hook["uses"] for hook in world.sandbox_slack["hooks"].values()) == 1
    assert (await world.file(case_id)).case.state != "open"


async def test_who_we_are_is_asked_once_and_never_for_a_click(world: World) -> None:
    _, card = await a_refund(world)
    for _ in range(5):
        await world.press(ANA, "finance-refunds", card, APPROVE)
    assert (await world.requests("slack"))["auth.test"] == 1


async def test_a_stop_during_a_click_loses_nothing(open_world: OpenWorld, tmp_path: Path) -> None:
    # aiohttp does not wait for Bolt's listeners; what was acknowledged was committed before
    async with open_world() as world:
        case_id, card = await a_refund(world)
        gate = held_commit(world.app.db)
        click = asyncio.create_task(world.press(ANA, "finance-refunds", card, APPROVE))
        looked_up = world.app.slack.calls
        await world.until(lambda: _asked(looked_up, "usergroups.users.list"), "the click inside the bot")
        acknowledged, _ = await asyncio.wait({click}, timeout=0.3)
        assert not acknowledged  # nothing is committed yet
        stopping = asyncio.create_task(world.app.stop())
        gate.set()
        assert (await click)["ok"]
        await stopping
    database = await open_database(f"sqlite:///{tmp_path / 'bot.db'}", read_only=True)
    file: CaseFile | None = await database.read(lambda store: store.case_file(case_id))
    await database.close()
    assert file is not None
    assert [decision.user_id for decision in file.decisions] == [ANA]


async def _asked(calls: dict[tuple[str, str], int], method: str) -> bool | None:
    return any(name == method for name, _ in calls) or None
