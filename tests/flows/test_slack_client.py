"""Send to Slack: what each of its answers means for a post, and how fast a channel is posted to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.cards import Picture
from bot.core.slack_ids import EventType
from bot.slack import ChannelClosed, NotNow, NotSure, Pace, Slack, SlackError
from tests.support.world import World, reserved_port

NOW = datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
PICTURE = Picture(text="A card", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "A card"}}])
KEY = {"case": "C-1", "place": "home"}


@dataclass
class Answers:
    """Answer every request as the test says, and count."""

    answer: Callable[[web.Request], Any]
    asked: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        await request.read()
        answer = self.answer(request)
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            answer = web.Response()
        if asyncio.iscoroutine(answer):
            answer = await answer
        assert isinstance(answer, web.StreamResponse)
        return answer


@asynccontextmanager
async def slack_of(answer: Callable[[web.Request], Any]) -> AsyncIterator[tuple[Slack, Answers]]:
    answers = Answers(answer)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answers.handle)
    async with TestServer(app) as server:
        slack = Slack(token="xoxb-made-up", api_url=str(server.make_url("/api/")), clock=lambda: NOW)
        try:
            yield slack, answers
        finally:
            await slack.close()


async def post(slack: Slack) -> str:
    return await slack.post("C0REFUNDS1", PICTURE, event=EventType.CARD, key=KEY)


BROKEN: dict[str, Callable[[web.Request], Any]] = {
    "a dropped connection": lambda _: None,
    "a page of a proxy": lambda _: web.Response(text="<h1>Bad gateway</h1>", content_type="text/html", status=502),
    "a page with status 200": lambda _: web.Response(text="<h1>Sign in</h1>", content_type="text/html"),
    "a page with status 404": lambda _: web.Response(text="<h1>Not here</h1>", content_type="text/html", status=404),
    "plain text": lambda _: web.Response(text="upstream connect error"),
    "broken JSON": lambda _: web.Response(text='{"ok": tr', content_type="application/json"),
    "a list": lambda _: web.json_response([]),
    "nothing": lambda _: web.json_response(None),
    "an empty object": lambda _: web.json_response({}),
    "an internal error": lambda _: web.json_response({"ok": False, "error": "internal_error"}),
    "a status of 503": lambda _: web.json_response({"ok": False}, status=503),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_post_without_a_readable_answer_is_not_sure_and_not_repeated(how: str) -> None:
    async with slack_of(BROKEN[how]) as (slack, answers):
        with pytest.raises(NotSure):
            await post(slack)
        assert len(answers.asked) == 1


@pytest.mark.parametrize("how", [how for how in BROKEN if how != "an internal error"])
async def test_a_read_without_a_readable_answer_may_simply_be_asked_again(how: str) -> None:
    async with slack_of(BROKEN[how]) as (slack, _):
        with pytest.raises(NotNow):
            await slack.channel_id("#finance-refunds")


async def test_a_slack_that_hangs_is_left_before_a_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.http.slack.TIMEOUT_S", 1.0)  # enough to connect
    forever = asyncio.Event()

    async def hang() -> web.Response:
        await forever.wait()
        return web.Response()

    async with slack_of(lambda _: hang()) as (slack, _):
        with pytest.raises(NotSure):
            await post(slack)
        forever.set()


async def test_a_slack_that_cannot_be_reached_has_surely_posted_nothing() -> None:
    with reserved_port() as port:
        slack = Slack(token="xoxb-made-up", api_url=f"http://127.0.0.1:{port}/api/", clock=lambda: NOW)
        with pytest.raises(NotNow):
            await post(slack)
        await slack.close()


@pytest.mark.parametrize(("header", "wait_s"), [("30", 30.0), ("1", 1.0), ("soon", 1.0), (None, 1.0)])
async def test_retry_after_is_read_in_seconds(header: str | None, wait_s: float) -> None:
    headers = {"Retry-After": header} if header else {}
    limited = web.json_response
    async with slack_of(lambda _: limited({"ok": False, "error": "ratelimited"}, status=429, headers=headers)) as made:
        with pytest.raises(NotNow) as caught:
            await post(made[0])
        assert caught.value.retry_after_s == wait_s


async def test_blocks_that_slack_refuses_go_out_as_text_alone(sqlite_world: World) -> None:
    bad = Picture(text="Refund of 24.00 USD, to be approved", blocks=[{"type": "no_such_block"}])
    slack = sqlite_world.app.slack
    ts = await slack.post("C0REFUNDS1", bad, event=EventType.CARD, key=KEY)
    (card,) = await sqlite_world.cards("finance-refunds")
    assert (card["ts"], card["text"], card["blocks"]) == (ts, bad.text, [])
    assert await slack.find("C0REFUNDS1", event=EventType.CARD, key=KEY, since=datetime.now(UTC)) == (ts, KEY)


async def test_a_list_is_read_to_its_last_page() -> None:
    def page(request: web.Request) -> web.Response:
        last = "cursor" in request.query
        channel = {"id": "C2", "name": "two"} if last else {"id": "C1", "name": "one"}
        more = {"response_metadata": {"next_cursor": "" if last else "next"}}
        return web.json_response({"ok": True, "channels": [channel], **more})

    async with slack_of(page) as (slack, answers):
        assert await slack.channel_id("#two") == "C2"
        assert await slack.channel_id("#one") == "C1"
        assert len(answers.asked) == 2
        with pytest.raises(ChannelClosed, match="#three"):
            await slack.channel_id("#three")


async def test_a_group_that_does_not_exist_is_no_empty_group(sqlite_world: World) -> None:
    # an empty group would refuse people as if they had no rights
    with pytest.raises(SlackError, match="@no-such-group"):
        await sqlite_world.app.slack.people_of(["@no-such-group"])


async def test_the_token_is_in_no_picture_of_the_client_and_in_no_error() -> None:
    async with slack_of(lambda _: web.json_response({"ok": False, "error": "invalid_auth"})) as (slack, _):
        with pytest.raises(SlackError) as caught:
            await post(slack)
        assert "xoxb" not in repr(slack) + str(slack) + str(caught.value) + str(slack.locked)


async def test_an_answer_to_a_click_never_raises() -> None:
    with reserved_port() as port:
        closed = f"http://127.0.0.1:{port}/"
        slack = Slack(token="xoxb-made-up", api_url=closed, clock=lambda: NOW)
        for url in (closed, "no address", ""):
            await slack.answer(url, "Hello")
        await slack.close()
        await slack.answer(closed, "Hello")  # a click that ends while the bot stops
    assert slack.calls == {("response_url", "unsure"): 4}


def taken(pace: Pace, channel: str, at: datetime, tries: int = 10) -> int:
    return sum(pace.take(channel, at) for _ in range(tries))


def test_a_channel_takes_a_short_burst_and_then_one_post_a_second() -> None:
    pace = Pace(1)
    assert 2 <= taken(pace, "refunds", NOW) <= 3
    assert taken(pace, "refunds", NOW + timedelta(seconds=0.9)) == 0
    later = [taken(pace, "refunds", NOW + timedelta(seconds=second)) for second in range(1, 61)]
    assert max(later) == 1
    assert sum(later) >= 50


def test_channels_do_not_wait_for_each_other() -> None:
    pace = Pace(1)
    taken(pace, "refunds", NOW)
    assert pace.closed(NOW) == {"refunds"}
    assert pace.take("vip", NOW)


def test_a_channel_that_slack_closed_stays_closed_as_long_as_slack_said() -> None:
    pace = Pace(1)
    pace.wait("refunds", NOW + timedelta(seconds=30))
    for second in (0, 29):
        at = NOW + timedelta(seconds=second)
        assert not pace.take("refunds", at)
        assert pace.closed(at) == {"refunds"}
        assert pace.ready_at("refunds", at) == NOW + timedelta(seconds=30)
    assert pace.take("refunds", NOW + timedelta(seconds=30))


def test_a_long_silence_saves_up_no_more_than_the_burst() -> None:
    pace = Pace(1)
    first = taken(pace, "refunds", NOW)
    assert taken(pace, "refunds", NOW + timedelta(days=1)) == first


def test_a_clock_that_is_set_back_closes_a_channel_for_no_longer_than_it_went_back() -> None:
    pace = Pace(1)
    taken(pace, "refunds", NOW)
    assert pace.ready_at("refunds", NOW - timedelta(seconds=5)) <= NOW + timedelta(seconds=2)


def test_no_pace_means_no_waiting() -> None:
    pace = Pace(0)
    assert taken(pace, "refunds", NOW, 1000) == 1000
    assert pace.closed(NOW) == frozenset()
    assert pace.ready_at("refunds", NOW) == NOW


async def test_a_missing_scope_keeps_showing_while_other_methods_work() -> None:
    missing = True

    def answer(request: web.Request) -> web.Response:
        lacks = missing and request.path.endswith("views.publish")
        return web.json_response({"ok": False, "error": "missing_scope"} if lacks else {"ok": True, "ts": "1.000001"})

    async with slack_of(answer) as (slack, _):
        with pytest.raises(SlackError):
            await slack.publish_home("U1", {})
        await post(slack)
        assert slack.locked == "Slack refused views.publish: missing_scope."
        missing = False
        await slack.publish_home("U1", {})
        assert slack.locked is None


async def test_a_token_that_works_again_opens_every_method() -> None:
    revoked = True

    def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": False, "error": "token_revoked"} if revoked else {"ok": True, "ts": "1.000001"})

    async with slack_of(answer) as (slack, _):
        with pytest.raises(SlackError):
            await slack.publish_home("U1", {})
        assert slack.locked is not None
        revoked = False
        await post(slack)
        assert slack.locked is None
