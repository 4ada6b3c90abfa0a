"""The sandbox's Slack keeps Slack's promises: limits, clocks, signatures, faults. Over real sockets."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.app import WORKSPACE, Config, make_app
from sandbox.slack.checks import message_problems, view_problems
from sandbox.slack.methods import EVERYWHERE, GENERAL, METHODS

REFERENCE = Path(__file__).resolve().parents[1].parent / "shared" / "reference"
ANA, BEN = "U0ANA00001", "U0BEN00001"
REFUNDS, REVIEW = "C0REFUNDS1", "C0REVIEW01"
START = 1_795_392_000.0

Json = dict[str, Any]


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Bot:
    """Records what it is sent; answers what the test wants, after doing what the test wants."""

    heard: list[tuple[web.Request, bytes]] = field(default_factory=list)
    status: int = 200
    answer: Json | None = None
    then: Callable[[Json], Awaitable[None]] | None = None
    url: str = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((request, await request.read()))
        if self.then is not None:
            await self.then(self.last)
        return web.json_response(self.answer, status=self.status) if self.answer else web.Response(status=self.status)

    @property
    def last(self) -> Json:
        """The last payload, event or form."""
        body = self.heard[-1][1]
        if body.startswith(b"{"):
            return dict(json.loads(body))
        form = {key: values[0] for key, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        return dict(json.loads(form["payload"])) if "payload" in form else dict(form)


class Sandbox:
    """The server under test with a Slack client and the page's requests."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession, config: Config) -> None:
        self.url = str(server.make_url("/")).rstrip("/")
        self.ws = server.app[WORKSPACE]
        self.session = session
        self.slack = AsyncWebClient(
            config.slack_token, base_url=f"{self.url}/slack/api/", session=session, retry_handlers=[]
        )

    async def sim(self, path: str, **body: Any) -> Json:
        async with self.session.post(f"{self.url}/sim/{path}", json=body) as answer:
            return dict(await answer.json())

    async def look(self, path: str, **query: str) -> Json:
        async with self.session.get(f"{self.url}/sim/{path}", params=query) as answer:
            return dict(await answer.json())

    async def fault(self, name: str) -> None:
        await self.sim("faults", system="slack", fault=name)

    async def card(self, channel: str = REFUNDS, **more: Any) -> str:
        posted = await self.slack.chat_postMessage(channel=channel, text="A card", blocks=card_blocks(), **more)
        return str(posted["ts"])

    async def press(self, ts: str, user: str = ANA) -> Json:
        action = {"type": "button", "action_id": "case.approve"}
        return await self.sim("click", user=user, channel=REFUNDS, ts=ts, block_id="act", action=action)


def card_blocks() -> list[Json]:
    button = {"type": "button", "action_id": "case.approve", "text": plain("Approve"), "value": "c1:1"}
    return [
        {"type": "section", "block_id": "what", "text": {"type": "mrkdwn", "text": "*Refund* 129.50 USD"}},
        {"type": "actions", "block_id": "act", "elements": [button]},
    ]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def form(**more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "text"}
    block = {"type": "input", "block_id": "why", "label": plain("Reason"), "element": element}
    return {"type": "modal", "title": plain("Reject"), "submit": plain("Reject"), "blocks": [block], **more}


WHY = {"why": {"text": {"type": "plain_text_input", "value": "No invoice"}}}


async def refused(call: Awaitable[Any]) -> Json:
    with pytest.raises(SlackApiError) as caught:
        await call
    response = caught.value.response
    return dict(response.data) if isinstance(response.data, dict) else {}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    bot = Bot()
    app = web.Application()
    app.router.add_post("/{tail:.*}", bot.hear)
    async with TestServer(app) as server:
        bot.url = str(server.make_url("/"))
        yield bot


@pytest.fixture
def config(bot: Bot, clock: Clock) -> Config:
    return Config(bot_url=bot.url, clock=clock, slow_s=0.0, ack_s=0.5)


Start = Callable[[Config], Awaitable[Sandbox]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[TestServer] = []
    async with aiohttp.ClientSession() as session:

        async def begin(config: Config) -> Sandbox:
            server = TestServer(make_app(config))
            servers.append(server)
            await server.start_server()
            return Sandbox(server, session, config)

        yield begin
        for server in servers:
            await server.close()


@pytest.fixture
async def sandbox(start: Start, config: Config) -> Sandbox:
    return await start(config)


async def opened(sandbox: Sandbox, bot: Bot, view: Json | None = None) -> Json:
    """A form that Ana has open, as the page sees it."""
    await sandbox.press(await sandbox.card())
    answer = await sandbox.slack.views_open(trigger_id=bot.last["trigger_id"], view=view or form())
    return dict(answer["view"])


# Clocks of a click


async def test_a_trigger_opens_one_form_only(sandbox: Sandbox, bot: Bot) -> None:
    view = await opened(sandbox, bot)
    assert view["hash"]
    assert view["root_view_id"] == view["id"]
    again = await refused(sandbox.slack.views_open(trigger_id=bot.last["trigger_id"], view=form()))
    assert again["error"] == "exchanged_trigger_id"
    unknown = await refused(sandbox.slack.views_open(trigger_id="1.2.3", view=form()))
    assert unknown["error"] == "invalid_trigger_id"


async def test_a_trigger_is_dead_after_three_seconds(sandbox: Sandbox, bot: Bot, clock: Clock) -> None:
    await sandbox.press(await sandbox.card())
    clock.now += 3.1
    late = await refused(sandbox.slack.views_open(trigger_id=bot.last["trigger_id"], view=form()))
    assert late["error"] == "expired_trigger_id"


async def _use(sandbox: Sandbox, url: str, **body: Any) -> int:
    async with sandbox.session.post(url, json={"text": "Noted.", **body}) as answer:
        return answer.status


async def test_a_response_url_takes_five_posts(sandbox: Sandbox, bot: Bot) -> None:
    await sandbox.press(await sandbox.card())
    url = bot.last["response_url"]
    assert [await _use(sandbox, url) for _ in range(6)] == [200, 200, 200, 200, 200, 404]
    for user, seen in ((ANA, 5), (BEN, 0)):
        messages = (await sandbox.look("messages", channel=REFUNDS, user=user))["messages"]
        assert sum(one["ephemeral"] for one in messages) == seen


async def test_a_response_url_is_dead_after_half_an_hour(sandbox: Sandbox, bot: Bot, clock: Clock) -> None:
    await sandbox.press(await sandbox.card())
    clock.now += 30 * 60 + 1
    assert await _use(sandbox, bot.last["response_url"]) == 404


async def test_a_response_url_replaces_and_deletes_its_message(sandbox: Sandbox, bot: Bot) -> None:
    ts = await sandbox.card()
    await sandbox.press(ts)
    url = bot.last["response_url"]
    assert await _use(sandbox, url, replace_original=True) == 200
    assert sandbox.ws.messages(REFUNDS)[ts]["text"] == "Noted."
    assert "blocks" not in sandbox.ws.messages(REFUNDS)[ts]
    assert await _use(sandbox, url, delete_original=True) == 200
    assert ts not in sandbox.ws.messages(REFUNDS)


# Limits


async def test_a_channel_takes_a_small_burst_and_then_one_post_a_second(sandbox: Sandbox, clock: Clock) -> None:
    for _ in range(3):
        await sandbox.card()
    with pytest.raises(SlackApiError) as caught:
        await sandbox.card()
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "1"
    await sandbox.card(channel=REVIEW)
    clock.now += 1
    await sandbox.card()


async def test_a_method_has_its_tier(sandbox: Sandbox) -> None:
    for _ in range(20):
        await sandbox.slack.usergroups_list()
    assert (await refused(sandbox.slack.usergroups_list()))["error"] == "ratelimited"


async def test_without_limits_a_benchmark_is_not_held_up(start: Start, config: Config) -> None:
    sandbox = await start(replace(config, limited=False))
    assert len({await sandbox.card() for _ in range(30)}) == 30  # and each ts is its own while the clock stands still


def _with(**block: Any) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **block}]


def _button(**more: Any) -> list[Json]:
    button = {"type": "button", "action_id": "a", "text": plain("Go"), **more}
    return [{"type": "actions", "block_id": "b", "elements": [button]}]


CONFIRM = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}
SELECT = {"type": "static_select", "action_id": "s"}
BAD_BLOCKS: list[tuple[str, Any, str]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "/blocks"),
    ("a long section", _with(text=plain("x" * 3001)), "/blocks/0/text/text"),
    ("an empty section", _with(text=plain("")), "/blocks/0/text/text"),
    ("a section without text", [{"type": "section"}], "/blocks/0"),
    ("eleven fields", _with(fields=[plain("x")] * 11), "/blocks/0/fields"),
    ("an unknown key", _with(colour="red"), "/blocks/0"),
    ("an unknown block", [{"type": "poem"}], "/blocks/0/type"),
    ("an alert in a message", [{"type": "alert", "text": plain("x")}], "/blocks/0/type"),
    ("a long header", [{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text"),
    ("a repeated block_id", _with(block_id="b") * 2, "/blocks/1/block_id"),
    ("a repeated action_id", [{**_button()[0], "elements": _button()[0]["elements"] * 2}], "/blocks/0/elements"),
    ("mrkdwn on a button", _button(text={"type": "mrkdwn", "text": "Go"}), "/blocks/0/elements/0/text/type"),
    ("a long button", _button(text=plain("x" * 76)), "/blocks/0/elements/0/text/text"),
    ("a long value", _button(value="x" * 2001), "/blocks/0/elements/0/value"),
    ("an unknown style", _button(style="green"), "/blocks/0/elements/0/style"),
    ("half a confirm", _button(confirm={**CONFIRM, "deny": None}), "/blocks/0/elements/0/confirm/deny"),
    ("a long confirm", _button(confirm={**CONFIRM, "title": plain("x" * 101)}), "/blocks/0/elements/0/confirm/title"),
    ("no options", [{**_button()[0], "elements": [SELECT]}], "/blocks/0/elements/0"),
    (
        "a long option value",
        [{**_button()[0], "elements": [{**SELECT, "options": [{"text": plain("x"), "value": "x" * 151}]}]}],
        "/blocks/0/elements/0/options/0/value",
    ),
    (
        "rows of unequal length",
        [{"type": "table", "rows": [[], [{"type": "raw_text", "text": "x"}]]}],
        "/blocks/0/rows",
    ),
    (
        "26 elements",
        [{**_button()[0], "elements": [_button(action_id=str(n))[0]["elements"][0] for n in range(26)]}],
        "",
    ),
]


@pytest.mark.parametrize(("blocks", "pointer"), [pytest.param(*bad, id=name) for name, *bad in BAD_BLOCKS])
async def test_blocks_that_slack_refuses_are_refused_with_pointers(sandbox: Sandbox, blocks: Any, pointer: str) -> None:
    answer = await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x", blocks=blocks))
    assert answer["error"] == "invalid_blocks"
    assert any(f"[json-pointer:{pointer}" in message for message in answer["response_metadata"]["messages"])


@pytest.mark.parametrize("blocks", [pytest.param(bad[1], id=bad[0]) for bad in BAD_BLOCKS])
def test_what_slack_sdk_refuses_is_refused_here_too(blocks: Any) -> None:
    try:
        for block in Block.parse_all(blocks):
            block.to_dict()
    except Exception:
        assert message_problems(blocks)


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        pytest.param(form(title=plain("x" * 25)), "/view/title/text", id="a title of 25 characters"),
        pytest.param({**form(), "submit": plain("")}, "/view/submit/text", id="an empty submit"),
        pytest.param({key: one for key, one in form().items() if key != "submit"}, "/view", id="inputs without submit"),
        pytest.param(form(private_metadata="x" * 3001), "/view/private_metadata", id="much private metadata"),
        pytest.param(form(blocks=[{"type": "markdown", "text": "x"}]), "/view/blocks/0/type", id="markdown in a form"),
    ],
)
async def test_views_that_slack_refuses_are_refused_with_pointers(
    sandbox: Sandbox, bot: Bot, view: Json, pointer: str
) -> None:
    await sandbox.press(await sandbox.card())
    answer = await refused(sandbox.slack.views_open(trigger_id=bot.last["trigger_id"], view=view))
    assert answer["error"] == "invalid_arguments"
    assert any(f"[json-pointer:{pointer}]" in message for message in answer["response_metadata"]["messages"])


async def test_texts_that_are_too_long_for_slack_are_cut_or_refused(sandbox: Sandbox) -> None:
    cut = await sandbox.slack.chat_postMessage(channel=REFUNDS, text="x" * 40_001)
    assert cut["response_metadata"]["warnings"] == ["message_truncated"]
    assert len(cut["message"]["text"]) == 40_000
    much = [{"type": "section", "text": plain("x" * 2_900)}] * 5
    assert (await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x", blocks=much)))["error"] == (
        "msg_blocks_too_long"
    )
    assert (await refused(sandbox.slack.chat_update(channel=REFUNDS, ts=cut["ts"], text="x" * 4_001)))["error"] == (
        "msg_too_long"
    )
    assert (await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="")))["error"] == "no_text"


# Web API


async def test_it_answers_what_slack_answers_to_wrong_requests(sandbox: Sandbox, config: Config) -> None:
    stranger = AsyncWebClient("xoxb-other", base_url=f"{sandbox.url}/slack/api/", session=sandbox.session)
    assert (await refused(stranger.auth_test()))["error"] == "invalid_auth"
    assert (await refused(sandbox.slack.api_call("poems.write")))["error"] == "unknown_method"
    missing = await refused(sandbox.slack.api_call("chat.update", json={"channel": REFUNDS}))
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]
    wrong = {
        "channel_not_found": sandbox.slack.chat_postMessage(channel="C0NOWHERE", text="x"),
        "message_not_found": sandbox.slack.chat_update(channel=REFUNDS, ts="1.000001", text="x"),
        "user_not_in_channel": sandbox.slack.chat_postEphemeral(channel=REFUNDS, user="U0NOBODY01", text="x"),
        "user_not_found": sandbox.slack.users_info(user="U0NOBODY01"),
        "no_such_subteam": sandbox.slack.usergroups_users_list(usergroup="S0NOTHING1"),
        "metadata_too_large": sandbox.slack.chat_postMessage(
            channel=REFUNDS, text="x", metadata={"event_type": "card", "event_payload": {"much": "x" * 9_000}}
        ),
    }
    assert {name: (await refused(call))["error"] for name, call in wrong.items()} == {name: name for name in wrong}


async def test_only_its_own_message_can_be_updated(sandbox: Sandbox) -> None:
    said = await sandbox.sim("message", user=BEN, channel=REFUNDS, text="Good morning")
    answer = await refused(sandbox.slack.chat_update(channel=REFUNDS, ts=said["message"]["ts"], text="x"))
    assert answer["error"] == "cant_update_message"


async def test_history_finds_a_message_again_by_its_metadata(sandbox: Sandbox, clock: Clock) -> None:
    await sandbox.card()
    clock.now += 10
    mark = {"event_type": "countersign_card", "event_payload": {"case": "c1"}}
    ts = await sandbox.card(metadata=mark)
    await sandbox.slack.chat_postMessage(channel=REFUNDS, text="a reply", thread_ts=ts)
    found = await sandbox.slack.conversations_history(
        channel=REFUNDS, oldest=str(clock.now - 5), include_all_metadata=True
    )
    assert [(one["ts"], one["metadata"], one["reply_count"]) for one in found["messages"]] == [(ts, mark, 1)]
    plain_history = await sandbox.slack.conversations_history(channel=REFUNDS)
    assert not any("metadata" in one for one in plain_history["messages"])
    thread = await sandbox.slack.conversations_replies(channel=REFUNDS, ts=ts)
    assert [one["text"] for one in thread["messages"]] == ["A card", "a reply"]


async def test_an_update_keeps_blocks_and_metadata_that_are_not_given(sandbox: Sandbox) -> None:
    ts = await sandbox.card(metadata={"event_type": "countersign_card", "event_payload": {"case": "c1"}})
    kept = await sandbox.slack.chat_update(channel=REFUNDS, ts=ts, text="Newer")
    assert kept["message"]["metadata"]["event_payload"] == {"case": "c1"}
    assert kept["message"]["blocks"] == card_blocks()
    gone = await sandbox.slack.chat_update(channel=REFUNDS, ts=ts, text="Newest", blocks=[], metadata={})
    assert not {"blocks", "metadata"} & set(gone["message"])


async def test_lists_come_in_pages(sandbox: Sandbox) -> None:
    names, cursor = [], ""
    for _ in range(5):
        page = await sandbox.slack.conversations_list(
            types="public_channel,private_channel", limit=2, cursor=cursor or None
        )
        names += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
    assert len(set(names)) == 9
    assert not cursor
    groups = await sandbox.slack.usergroups_list(include_users=True)
    assert {group["handle"]: group["users"] for group in groups["usergroups"]}["finance-approvers"] == [ANA, BEN]


# What it sends to the bot


class _At(SignatureClock):
    def now(self) -> float:
        return START


async def test_what_it_sends_is_signed_as_slack_signs(sandbox: Sandbox, bot: Bot, config: Config) -> None:
    await sandbox.press(await sandbox.card())
    await sandbox.sim("command", user=ANA, channel=REFUNDS, text="/invoice-resend INV-20418 ap@northwind.example")
    await sandbox.sim("home/open", user=ANA)
    right = SignatureVerifier(config.slack_signing_secret, clock=_At())
    wrong = SignatureVerifier("another-secret", clock=_At())
    assert len(bot.heard) == 3
    for request, body in bot.heard:
        assert right.is_valid_request(body, dict(request.headers))
        assert not wrong.is_valid_request(body, dict(request.headers))


async def test_a_real_bolt_app_takes_clicks_forms_commands_and_events(start: Start, bot: Bot) -> None:
    sandbox = await start(Config(bot_url=bot.url))
    app = AsyncApp(signing_secret="sandbox-signing-secret", client=sandbox.slack)
    heard: list[str] = []

    @app.action("case.approve")
    async def clicked(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=form(callback_id="reject"))
        heard.append(body["message"]["blocks"][1]["elements"][0]["value"])
        await ack()

    @app.view("reject")
    async def submitted(ack: Any, view: Json) -> None:
        heard.append(view["state"]["values"]["why"]["text"]["value"])
        await ack(response_action="errors", errors={"why": "Say more."})

    @app.command("/invoice-resend")
    async def commanded(ack: Any, command: Json) -> None:
        heard.append(command["text"])
        await ack("On its way.")

    @app.event("app_home_opened")
    async def home(event: Json) -> None:
        heard.append(event["user"])

    async def hear(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    bot.hear = hear  # type: ignore[method-assign]  # Bolt takes the place of the recorder
    web_app = web.Application()
    web_app.router.add_post("/slack/events", hear)
    async with TestServer(web_app) as server:
        sandbox = await start(Config(bot_url=str(server.make_url("/"))))
        app.client.base_url = sandbox.slack.base_url
        assert (await sandbox.press(await sandbox.card()))["ok"]
        view_id = sandbox.ws.slack["stacks"][ANA][-1]
        submitted_answer = await sandbox.sim("view/submit", user=ANA, view_id=view_id, values=WHY)
        commanded_answer = await sandbox.sim("command", user=ANA, channel=REFUNDS, text="/invoice-resend INV-1")
        assert (await sandbox.sim("home/open", user=ANA))["ok"]
    assert submitted_answer["errors"] == {"why": "Say more."}
    assert commanded_answer["text"] == "On its way."
    assert heard == ["c1:1", "No invoice", "INV-1", ANA]
