"""Keep Slack's promises: clocks of a click, limits, answers of the Web API."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError, SlackObjectFormationError
from slack_sdk.models.blocks import Block

from sandbox.slack.checks import message_problems, view_problems
from sandbox.slack.methods import EVERYWHERE, GENERAL, METHODS
from tests.support.places import reference
from tests.support.sandbox import ANA, BEN, REFUNDS, REVIEW, Json, Sandbox, card_blocks, form, plain, refused, running


async def test_a_trigger_opens_one_form_within_three_seconds(sandbox: Sandbox) -> None:
    view = await sandbox.opened()
    assert view["hash"]
    assert view["root_view_id"] == view["id"]
    again = await refused(sandbox.slack.views_open(trigger_id=sandbox.bot.last["trigger_id"], view=form()))
    assert again["error"] == "exchanged_trigger_id"
    unknown = await refused(sandbox.slack.views_open(trigger_id="1.2.3", view=form()))
    assert unknown["error"] == "invalid_trigger_id"
    await sandbox.press(await sandbox.card())
    sandbox.clock.now += 3.1
    late = await refused(sandbox.slack.views_open(trigger_id=sandbox.bot.last["trigger_id"], view=form()))
    assert late["error"] == "expired_trigger_id"


async def _use(sandbox: Sandbox, url: str, **body: Any) -> int:
    async with sandbox.session.post(url, json={"text": "Noted.", **body}) as answer:
        return answer.status


async def test_a_response_url_takes_five_posts_within_half_an_hour(sandbox: Sandbox) -> None:
    await sandbox.press(await sandbox.card())
    url = sandbox.bot.last["response_url"]
    assert [await _use(sandbox, url) for _ in range(6)] == [200, 200, 200, 200, 200, 404]
    for user, seen in ((ANA, 5), (BEN, 0)):
        messages = (await sandbox.look("messages", channel=REFUNDS, user=user))["messages"]
        assert sum(one["ephemeral"] for one in messages) == seen
    await sandbox.press(await sandbox.card())
    sandbox.clock.now += 30 * 60 + 1
    assert await _use(sandbox, sandbox.bot.last["response_url"]) == 404


async def test_a_response_url_replaces_and_deletes_its_message(sandbox: Sandbox) -> None:
    ts = await sandbox.card()
    await sandbox.press(ts)
    url = sandbox.bot.last["response_url"]
    assert await _use(sandbox, url, replace_original=True) == 200
    assert sandbox.ws.messages(REFUNDS)[ts]["text"] == "Noted."
    assert "blocks" not in sandbox.ws.messages(REFUNDS)[ts]
    assert await _use(sandbox, url, delete_original=True) == 200
    assert ts not in sandbox.ws.messages(REFUNDS)


async def test_a_channel_takes_a_small_burst_and_then_one_post_a_second(sandbox: Sandbox) -> None:
    for _ in range(3):
        await sandbox.card()
    with pytest.raises(SlackApiError) as caught:
        await sandbox.card()
    assert caught.value.response.status_code == 429
    assert caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "1"
    await sandbox.card(channel=REVIEW)
    sandbox.clock.now += 1
    await sandbox.card()
    assert (await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x")))["error"] == "ratelimited"


async def test_a_method_has_its_tier(sandbox: Sandbox) -> None:
    for _ in range(20):
        await sandbox.slack.usergroups_list()
    assert (await refused(sandbox.slack.usergroups_list()))["error"] == "ratelimited"


async def test_without_limits_a_benchmark_is_not_held_up() -> None:
    async with running(limited=False) as sandbox:
        posted = [await sandbox.card() for _ in range(30)]
    assert posted == sorted(set(posted))  # each ts is its own and later, also while the clock stands still


def _with(**block: Any) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": "x"}, **block}]


def _element(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain("Go"), **more}


def _button(**more: Any) -> list[Json]:
    return [{"type": "actions", "block_id": "b", "elements": [_element(**more)]}]


CONFIRM = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}
SELECT = {"type": "static_select", "action_id": "s"}
BAD_BLOCKS: list[tuple[str, Any, str]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "/blocks"),
    ("an empty section", _with(text=plain("")), "/blocks/0/text/text"),
    ("a section without text", [{"type": "section"}], "/blocks/0"),
    ("an unknown key", _with(colour="red"), "/blocks/0"),
    ("an unknown block", [{"type": "poem"}], "/blocks/0/type"),
    ("an alert in a message", [{"type": "alert", "text": plain("x")}], "/blocks/0/type"),
    ("a repeated block_id", _with(block_id="b") * 2, "/blocks/1/block_id"),
    ("a repeated action_id", [{**_button()[0], "elements": [_element()] * 2}], "/blocks/0/elements"),
    ("mrkdwn on a button", _button(text={"type": "mrkdwn", "text": "Go"}), "/blocks/0/elements/0/text/type"),
    ("an unknown style", _button(style="green"), "/blocks/0/elements/0/style"),
    ("half a confirm", _button(confirm={**CONFIRM, "deny": None}), "/blocks/0/elements/0/confirm/deny"),
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
]


@pytest.mark.parametrize(("blocks", "pointer"), [pytest.param(*bad, id=name) for name, *bad in BAD_BLOCKS])
async def test_blocks_that_slack_refuses_are_refused_with_pointers(sandbox: Sandbox, blocks: Any, pointer: str) -> None:
    answer = await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x", blocks=blocks))
    assert answer["error"] == "invalid_blocks"
    assert any(f"[json-pointer:{pointer}" in message for message in answer["response_metadata"]["messages"])


def _texts(*texts: str) -> list[Json]:
    return [plain(text) for text in texts]


AT_THE_EDGE: list[tuple[str, int, Callable[[int], list[Json]]]] = [
    ("header", 150, lambda n: [{"type": "header", "text": plain("x" * n)}]),
    ("section", 3000, lambda n: _with(text=plain("x" * n))),
    ("fields", 10, lambda n: _with(fields=_texts(*"x" * n))),
    ("actions", 25, lambda n: [{"type": "actions", "elements": [_element(action_id=str(i)) for i in range(n)]}]),
    ("context", 10, lambda n: [{"type": "context", "elements": _texts(*"x" * n)}]),
    ("button text", 75, lambda n: _button(text=plain("x" * n))),
    ("button value", 2000, lambda n: _button(value="x" * n)),
    ("action_id", 255, lambda n: _button(action_id="x" * n)),
    ("confirm title", 100, lambda n: _button(confirm={**CONFIRM, "title": plain("x" * n)})),
    ("confirm text", 300, lambda n: _button(confirm={**CONFIRM, "text": plain("x" * n)})),
    ("confirm deny", 30, lambda n: _button(confirm={**CONFIRM, "deny": plain("x" * n)})),
    ("input label", 2000, lambda n: [{**form()["blocks"][0], "label": plain("x" * n)}]),
    ("overflow", 5, lambda n: [{"type": "actions", "elements": [{"type": "overflow", "options": _options(n)}]}]),
    ("select", 100, lambda n: [{"type": "actions", "elements": [{**SELECT, "options": _options(n)}]}]),
]


def _options(count: int) -> list[Json]:
    return [{"text": plain(str(n)), "value": str(n)} for n in range(count)]


def sdk_refuses(blocks: list[Json]) -> bool:
    try:
        for block in Block.parse_all(blocks):
            block.to_dict()
    except SlackObjectFormationError:
        return True
    return False


@pytest.mark.parametrize(("most", "build"), [pytest.param(*edge, id=name) for name, *edge in AT_THE_EDGE])
def test_limits_are_those_that_slack_sdk_knows(most: int, build: Callable[[int], list[Json]]) -> None:
    assert not message_problems(build(most))
    assert not sdk_refuses(build(most))
    assert message_problems(build(most + 1))
    assert sdk_refuses(build(most + 1))


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
async def test_views_that_slack_refuses_are_refused_with_pointers(sandbox: Sandbox, view: Json, pointer: str) -> None:
    await sandbox.press(await sandbox.card())
    answer = await refused(sandbox.slack.views_open(trigger_id=sandbox.bot.last["trigger_id"], view=view))
    assert answer["error"] == "invalid_arguments"
    assert any(f"[json-pointer:{pointer}]" in message for message in answer["response_metadata"]["messages"])


async def test_texts_that_are_too_long_for_slack_are_cut_or_refused(sandbox: Sandbox) -> None:
    cut = await sandbox.slack.chat_postMessage(channel=REFUNDS, text="x" * 40_001)
    assert cut["response_metadata"]["warnings"] == ["message_truncated"]
    assert len(cut["message"]["text"]) == 40_000
    much = [{"type": "section", "text": plain("x" * 2_900)}] * 5
    wrong = {
        "msg_blocks_too_long": sandbox.slack.chat_postMessage(channel=REFUNDS, text="x", blocks=much),
        "msg_too_long": sandbox.slack.chat_update(channel=REFUNDS, ts=cut["ts"], text="x" * 4_001),
        "no_text": sandbox.slack.api_call("chat.postMessage", json={"channel": REFUNDS}),
    }
    assert {name: (await refused(call))["error"] for name, call in wrong.items()} == {name: name for name in wrong}


async def test_it_answers_what_slack_answers_to_wrong_requests(sandbox: Sandbox) -> None:
    assert (await refused(sandbox.client("xoxb-other").auth_test()))["error"] == "invalid_auth"
    assert (await refused(sandbox.slack.api_call("poems.write")))["error"] == "unknown_method"
    missing = await refused(sandbox.slack.api_call("chat.update", json={"channel": REFUNDS}))
    assert missing["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]
    said = await sandbox.sim("message", user=BEN, channel=REFUNDS, text="Good morning")
    wrong = {
        "cant_update_message": sandbox.slack.chat_update(channel=REFUNDS, ts=said["message"]["ts"], text="x"),
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


async def test_history_finds_a_message_again_by_its_metadata(sandbox: Sandbox) -> None:
    await sandbox.card()
    sandbox.clock.now += 10
    mark = {"event_type": "countersign_card", "event_payload": {"case": "c1"}}
    ts = await sandbox.card(metadata=mark)
    await sandbox.slack.chat_postMessage(channel=REFUNDS, text="a reply", thread_ts=ts)
    found = await sandbox.slack.conversations_history(
        channel=REFUNDS, oldest=str(sandbox.clock.now - 5), include_all_metadata=True
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


@pytest.mark.parametrize(
    "name", [name for name in METHODS if not name.startswith("functions.")]
)  # not in the reference
def test_each_error_it_can_answer_is_documented_for_the_method(name: str) -> None:
    source = reference("schemas/slack-web-api-methods.json")
    assert METHODS[name].errors <= set(source["methods"][name]["errors"])
    assert set(METHODS[name].required) <= set(source["methods"][name]["args"])
    required = {arg for arg, rule in source["methods"][name]["args"].items() if rule["required"]}
    assert required <= set(METHODS[name].required)


def test_errors_that_any_method_may_answer_are_documented_for_most() -> None:
    source = reference("schemas/slack-web-api-methods.json")
    assert set(source["common_errors"]) >= EVERYWHERE
    assert {error for method in source["methods"].values() for error in method["errors"]} >= GENERAL


def test_it_takes_the_reference_samples() -> None:
    samples = reference("schemas/slack-sample-payloads.json")["samples"]
    assert message_problems(samples["out_message"]["blocks"]) == []
    assert view_problems(samples["out_modal"], "modal") == []
    assert view_problems(samples["out_home"], "home") == []
