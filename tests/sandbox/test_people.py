"""Do what people and operators do in the sandbox: clicks, forms, commands, faults, sample calls."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from sandbox.caller import load_calls
from sandbox.faults import Faults
from tests.support.sandbox import (
    ANA,
    BEN,
    REFUNDS,
    REVIEW,
    START,
    WHY,
    Json,
    Sandbox,
    card_blocks,
    form,
    plain,
    refused,
    running,
)


class _At(SignatureClock):
    def now(self) -> float:
        return START


async def test_what_it_sends_is_signed_as_slack_signs(sandbox: Sandbox) -> None:
    await sandbox.press(await sandbox.card())
    await sandbox.sim("command", user=ANA, channel=REFUNDS, text="/invoice-resend INV-20418 ap@northwind.example")
    await sandbox.sim("home/open", user=ANA)
    right, wrong = (SignatureVerifier(secret, clock=_At()) for secret in ("sandbox-signing-secret", "another-secret"))
    assert len(sandbox.bot.heard) == 3
    for request, body in sandbox.bot.heard:
        assert right.is_valid_request(body, dict(request.headers))
        assert not wrong.is_valid_request(body, dict(request.headers))


async def test_a_click_carries_the_message_and_who_clicked(sandbox: Sandbox) -> None:
    ts = await sandbox.card()
    assert await sandbox.press(ts, BEN) == {"ok": True, "status": 200}
    payload = sandbox.bot.last
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": BEN, "username": "ben", "name": "ben", "team_id": "T0ACME0001"}
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == ts
    assert payload["api_app_id"] == "A0COUNTER1"
    assert payload["actions"][0]["value"] == "c1:1"


async def test_a_button_that_is_gone_meanwhile_is_still_sent(sandbox: Sandbox) -> None:
    ts = await sandbox.card()
    await sandbox.slack.chat_update(channel=REFUNDS, ts=ts, text="Done", blocks=[])
    old = {"type": "button", "action_id": "case.approve", "value": "c1:1"}
    await sandbox.sim("click", user=ANA, channel=REFUNDS, ts=ts, block_id="act", action=old)
    assert sandbox.bot.last["actions"][0]["value"] == "c1:1"


@pytest.mark.parametrize("status", [500, 404])
async def test_a_person_is_told_when_the_bot_falls_short(sandbox: Sandbox, status: int) -> None:
    sandbox.bot.status = status
    answer = await sandbox.press(await sandbox.card())
    assert (answer["ok"], answer["status"]) == (False, status)
    warning = (await sandbox.seen_by(ANA))[-1]
    assert (f"it answered {status}" in warning["text"], warning["error"]) == (True, True)
    assert len(await sandbox.seen_by(BEN)) == 1


async def test_a_person_is_told_when_the_bot_is_too_slow() -> None:
    async with running(ack_s=0.05) as sandbox:
        never = asyncio.Event()

        async def hang(_: Json) -> None:
            await never.wait()

        sandbox.bot.then = hang
        answer = await sandbox.press(await sandbox.card())
        assert answer == {"ok": False, "status": None, "error": "timeout"}
        assert (await sandbox.seen_by(ANA))[-1]["text"] == "Countersign did not respond in time."
        never.set()


async def submit(sandbox: Sandbox, view: Json, answer: Json | None = None, values: Json = WHY) -> Json:
    sandbox.bot.answer = answer
    return await sandbox.sim("view/submit", user=ANA, view_id=view["id"], values=values)


async def test_a_form_closes_when_the_bot_takes_it(sandbox: Sandbox) -> None:
    view = await sandbox.opened(form(private_metadata="c1:1"))
    assert await submit(sandbox, view) == {"ok": True, "response_action": None}
    sent = sandbox.bot.last["view"]
    assert (sent["private_metadata"], sent["state"]["values"]) == ("c1:1", WHY)
    assert (await submit(sandbox, view))["error"] == "not_found"


async def test_a_form_shows_the_errors_of_the_bot(sandbox: Sandbox) -> None:
    view = await sandbox.opened()
    errors = {"response_action": "errors", "errors": {"why": "Too short."}}
    assert await submit(sandbox, view, errors) == {"ok": True, **errors}
    wrong = await submit(sandbox, view, {"response_action": "errors", "errors": {"elsewhere": "Too short."}})
    assert not wrong["ok"]


async def test_a_form_is_updated_pushed_and_cleared_by_the_answer(sandbox: Sandbox) -> None:
    view = await sandbox.opened()
    updated = await submit(sandbox, view, {"response_action": "update", "view": form(title=plain("Sure?"))})
    assert (updated["view"]["id"], updated["view"]["title"]["text"]) == (view["id"], "Sure?")
    assert updated["view"]["hash"] != view["hash"]
    pushed = await submit(sandbox, view, {"response_action": "push", "view": form()})
    assert pushed["view"]["previous_view_id"] == view["id"]
    assert await submit(sandbox, pushed["view"], {"response_action": "clear"}) == {
        "ok": True,
        "response_action": "clear",
    }
    assert not sandbox.ws.slack["views"]


async def test_an_input_left_empty_is_sent_only_if_it_is_optional(sandbox: Sandbox) -> None:
    view = await sandbox.opened()
    heard = len(sandbox.bot.heard)
    answer = await submit(sandbox, view, values={"why": {"text": {"type": "plain_text_input", "value": None}}})
    assert (set(answer["errors"]), len(sandbox.bot.heard)) == ({"why"}, heard)
    view = await sandbox.opened(form(blocks=[{**form()["blocks"][0], "optional": True}]))
    await submit(sandbox, view, values={})
    assert sandbox.bot.last["view"]["state"]["values"]["why"]["text"]["value"] is None


@pytest.mark.parametrize("wanted", [True, False])
async def test_closing_a_form_is_told_only_when_the_form_asked_for_it(sandbox: Sandbox, wanted: bool) -> None:
    view = await sandbox.opened(form(notify_on_close=wanted))
    await sandbox.sim("view/close", user=ANA, view_id=view["id"])
    assert (sandbox.bot.last["type"] == "view_closed") is wanted


async def test_forms_stack_three_high(sandbox: Sandbox) -> None:
    await sandbox.opened()
    for _ in range(2):
        trigger = sandbox.ws.new_trigger(ANA)
        await sandbox.slack.views_push(trigger_id=trigger, view=form())
    answer = await refused(sandbox.slack.views_push(trigger_id=sandbox.ws.new_trigger(ANA), view=form()))
    assert answer["error"] == "push_limit_reached"


async def test_an_update_from_an_old_picture_of_a_view_is_a_conflict(sandbox: Sandbox) -> None:
    view = await sandbox.opened()
    newer = await sandbox.slack.views_update(view_id=view["id"], hash=view["hash"], view=form())
    answer = await refused(sandbox.slack.views_update(view_id=view["id"], hash=view["hash"], view=form()))
    assert (answer["error"], newer["view"]["id"]) == ("hash_conflict", view["id"])


async def test_each_person_has_an_own_home(sandbox: Sandbox) -> None:
    home = {"type": "home", "blocks": card_blocks()}
    published = await sandbox.slack.views_publish(user_id=ANA, view=home)
    assert (await sandbox.look("home", user=ANA))["view"]["id"] == published["view"]["id"]
    assert (await sandbox.look("home", user=BEN))["view"] is None
    pressed = {"view_id": published["view"]["id"], "block_id": "act", "action": {"action_id": "case.approve"}}
    await sandbox.sim("click", user=ANA, **pressed)
    assert sandbox.bot.last["container"] == {"type": "view", "view_id": published["view"]["id"]}
    assert "response_url" not in sandbox.bot.last


async def test_the_page_hears_of_a_form_at_once(sandbox: Sandbox) -> None:
    async with sandbox.session.get(f"{sandbox.url}/sim/events", params={"user": ANA}) as stream:
        await stream.content.readuntil(b"\n\n")
        view = await sandbox.opened()
        events = [json.loads((await stream.content.readuntil(b"\n\n"))[6:]) for _ in range(2)]
    assert events[0] == {"what": "slack"}
    assert (events[1]["what"], events[1]["view"]["id"]) == ("view", view["id"])


async def test_a_command_is_answered_to_that_person_only_and_an_unknown_one_never_reaches_the_bot(
    sandbox: Sandbox,
) -> None:
    sandbox.bot.answer = {"text": "I will ask finance."}
    answer = await sandbox.sim("command", user=ANA, channel=REFUNDS, text="/invoice-resend INV-20418 a@example.com")
    assert answer == {"ok": True, "status": 200, "text": "I will ask finance."}
    assert sandbox.bot.last["text"] == "INV-20418 a@example.com"
    assert not (await sandbox.sim("command", user=ANA, channel=REFUNDS, text="/poem"))["ok"]
    assert len(sandbox.bot.heard) == 1
    answers = ["I will ask finance.", "/poem is not a valid command."]
    assert [one["text"] for one in await sandbox.seen_by(ANA)] == answers
    assert await sandbox.seen_by(BEN) == []


async def test_429_and_500_come_before_any_effect(sandbox: Sandbox) -> None:
    for fault, error in (("429", "ratelimited"), ("500", "internal_error")):
        await sandbox.fault(fault)
        assert (await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x")))["error"] == error
    await sandbox.fault("none")
    assert await sandbox.seen_by(ANA) == []
    assert (await sandbox.look("requests", system="slack"))["counts"] == {"chat.postMessage": 2}


async def test_a_lost_reply_leaves_the_effect(sandbox: Sandbox) -> None:
    await sandbox.fault("lost_reply")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await sandbox.slack.chat_postMessage(channel=REFUNDS, text="x")
    await sandbox.fault("none")
    assert [one["text"] for one in await sandbox.seen_by(ANA)] == ["x"]
    assert (await sandbox.look("log"))["requests"][0]["status"] == "lost"


async def test_an_archived_channel_takes_no_cards_and_review_still_does(sandbox: Sandbox) -> None:
    ts = await sandbox.card()
    await sandbox.fault("archived_channel")
    assert (await refused(sandbox.slack.chat_postMessage(channel=REFUNDS, text="x")))["error"] == "is_archived"
    assert (await refused(sandbox.slack.chat_update(channel=REFUNDS, ts=ts, text="x")))["error"] == "is_inactive"
    await sandbox.card(channel=REVIEW)


async def test_a_revoked_token_is_good_for_nothing_and_a_slow_system_answers_in_the_end(sandbox: Sandbox) -> None:
    await sandbox.fault("revoked_token")
    assert (await refused(sandbox.slack.auth_test()))["error"] == "token_revoked"
    await sandbox.fault("slow")
    assert (await sandbox.slack.auth_test())["ok"]


def test_only_slack_has_the_faults_of_channels_and_blocks() -> None:
    assert set(Faults.kinds("slack")) - set(Faults.kinds("fidel")) == {"archived_channel", "old_blocks"}


async def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    async with running(state_path=path) as sandbox:
        ts = await sandbox.card()
        view = await sandbox.opened()
        url = sandbox.bot.last["response_url"].removeprefix(sandbox.url)
        await sandbox.fault("slow")
    async with running(state_path=path) as sandbox:
        state = await sandbox.look("state", user=ANA)
        assert state["faults"]["slack"] == "slow"
        assert sandbox.ws.messages(REFUNDS)[ts]["blocks"] == card_blocks()
        assert await submit(sandbox, view) == {"ok": True, "response_action": None}
        assert await sandbox.card() > ts
        async with sandbox.session.post(sandbox.url + url, json={"text": "Still there."}) as answer:
            assert answer.status == 200


async def test_a_reset_leaves_the_seed_only(sandbox: Sandbox) -> None:
    await sandbox.card()
    await sandbox.fault("500")
    await sandbox.sim("reset")
    assert await sandbox.seen_by(ANA) == []
    state = await sandbox.look("state", user=ANA)
    assert (len(state["people"]), len(state["channels"]), state["faults"]["slack"]) == (5, 9, "none")


@pytest.mark.parametrize("name", load_calls())
async def test_a_sample_call_is_signed_as_dialnexa_signs(sandbox: Sandbox, name: str) -> None:
    answer = await sandbox.sim("call", name=name, fresh=False)
    assert (answer["ok"], answer["call_id"]) == (True, f"call_demo_{name.replace('-', '_')}")
    request, body = sandbox.bot.heard[-1]
    digest = hmac.new(b"sandbox-dialnexa-secret", body, hashlib.sha256).hexdigest()
    expected = {"x-dialnexa-signature": digest}
    if name == "system-b":
        expected = {"x-nexa-signature": f"sha256={digest}"}
    assert expected.items() <= dict(request.headers).items()
    assert request.path == ("/webhooks/dialnexa/call.completed" if name == "system-b" else "/webhooks/dialnexa")


async def test_a_sample_call_comes_again_as_it_was_unless_a_fresh_one_is_wanted(sandbox: Sandbox) -> None:
    first, again, fresh = [await sandbox.sim("call", name="refund-small", fresh=new) for new in (False, False, True)]
    assert first["sent"] == again["sent"]
    assert fresh["call_id"].startswith("call_demo_refund_small_")
    assert fresh["sent"]["payload"]["call"]["id"] == fresh["call_id"]
    assert all(call["says"] and call["title"] for call in (await sandbox.look("state", user=ANA))["calls"])
