"""Submit forms and commands: faults on their fields, stale ones answered, and nothing sensitive kept."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.outside import filled
from tests.support.slack_requests import TEAM, a_click, interaction, knock, signed
from tests.support.world import ANA, BEN, LEA, SAM, OpenWorld, World, changed_policy

APPROVE, REJECT, SETTLE = "case.approve", "case.reject", "case.settle"
NUMBER = "4242 4242 4242 4242"


async def a_form(world: World, name: str, channel: str, action_id: str, user: str = ANA) -> tuple[str, dict[str, Any]]:
    """Return the case id and the form that this person has open on its card."""
    case, card = await world.opened(name, channel)
    answer = await world.press(user, channel, card, action_id)
    assert answer["ok"], answer
    return case.case_id, await world.form(user)


async def a_stuck_case(world: World) -> str:
    """Return a case whose refund was refused, because most of the money has gone back already."""
    case, card = await world.opened("refund-duplicate", "finance-refunds")
    await world.refund_elsewhere("pi_DUPLICATE", 10_000)
    await world.press(ANA, "finance-refunds", card, APPROVE)
    await world.press(LEA, "finance-refunds", card, APPROVE)
    await world.state(case.case_id, "stuck")
    return case.case_id


def submission(
    form: dict[str, Any], values: dict[str, str], *, view: dict[str, str] | None = None, **more: Any
) -> bytes:
    state = {"values": filled(form, values)}
    return interaction(
        {
            "type": "view_submission",
            "team": {"id": TEAM},
            "user": {"id": ANA, "team_id": TEAM},
            "trigger_id": uuid4().hex,
            "view": {**form, "state": state, **(view or {})},
            **more,
        }
    )


async def test_a_reason_that_is_too_short_is_a_fault_on_its_field(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    for reason in ("x", "   no   ".strip(), "  .  "):
        answer = await world.submit(ANA, form, reason=reason)
        assert list(answer["errors"]) == ["reason"], reason
    assert (await world.file(case_id)).case.state == "open"
    answer = await world.submit(ANA, form, reason="Paid by bank transfer.")  # the same form still works
    assert answer["ok"]
    assert "errors" not in answer
    await world.state(case_id, "rejected")


async def test_a_form_on_a_case_decided_meanwhile_says_so_and_changes_nothing(world: World) -> None:
    case_id, form = await a_form(world, "brand-create", "finance-brands", REJECT)
    card = await world.card("finance-brands")
    await world.press(BEN, "finance-brands", card, APPROVE)
    await world.state(case_id, "done")
    answer = await world.submit(ANA, form, reason="Not wanted after all.")
    assert answer["response_action"] == "update"
    assert f"Already approved by <@{BEN}>" in json.dumps(answer["view"])
    file = await world.file(case_id)
    assert file.case.state == "done"
    assert [decision.verdict for decision in file.decisions] == ["approve"]


async def test_a_form_on_an_older_version_says_so_and_changes_nothing(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    call_id = (await world.file(case_id)).case.root
    analysis = {"refund_amount": 20, "refund_currency": "USD"}
    call = {"id": call_id, "status": "completed", "post_call_analysis": analysis}
    await world.deliver({"event_type": "call_ended", "payload": {"call": call}})
    await world.file_once(case_id, lambda file: file.case.version == 2)
    answer = await world.submit(ANA, form, reason="Not wanted after all.")
    assert answer["response_action"] == "update"
    assert "at version 2 now" in json.dumps(answer["view"])
    assert (await world.file(case_id)).case.state == "open"


async def test_a_replayed_form_has_one_effect(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    body = submission(form, {"reason": "Paid by bank transfer."})
    headers = signed(body)
    assert [(await knock(world, body, headers))[0] for _ in range(3)] == [200, 200, 200]
    assert len((await world.file(case_id)).decisions) == 1


async def test_a_form_of_another_release_is_answered(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    for view in ({"callback_id": "case.reject.everything"}, {"private_metadata": "something else"}):
        status, answer = await knock(world, submission(form, {"reason": "Wrong."}, view=view))
        assert status == 200
        assert json.loads(answer)["response_action"] == "update"
        assert "not one of ours" in answer
    assert (await world.file(case_id)).case.state == "open"


async def test_a_form_from_another_workspace_is_refused(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    stranger = {"id": ANA, "team_id": "T0OTHER001"}
    _, answer = await knock(world, submission(form, {"reason": "Wrong."}, user=stranger))
    assert "Only members of this workspace" in answer
    assert (await world.file(case_id)).case.state == "open"


async def test_somebody_without_rights_gets_no_form(world: World) -> None:
    _, card = await world.opened("refund-small", "finance-refunds")
    await world.press(SAM, "finance-refunds", card, REJECT)
    await world.told(SAM, "finance")
    assert (await world.requests("slack")).get("views.open", 0) == 0


async def test_a_form_while_slack_cannot_tell_the_groups_says_so_and_changes_nothing(world: World) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    world.clock.let_pass(31)  # what is known of the groups is too old by now
    await world.fault("slack", "500")
    answer = await world.submit(ANA, form, reason="Paid by bank transfer.")
    assert answer["response_action"] == "update"
    assert "Nothing was changed" in json.dumps(answer["view"])
    assert (await world.file(case_id)).case.state == "open"


async def test_clicks_and_forms_on_a_database_that_fails_are_answered(world: World) -> None:
    _, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    card = await world.card("finance-refunds")
    await world.app.db.close()
    _, answer = await knock(world, submission(form, {"reason": "Paid by bank transfer."}))
    assert "nothing was decided" in answer
    status, _ = await knock(world, interaction(a_click(world, card, APPROVE)))
    assert status == 200
    await world.told(ANA, "nothing was decided")
    said = await world.command(ANA, "finance-documents", "/invoice-resend INV-1")
    assert "no case was opened" in said["text"]


async def test_a_card_number_typed_into_a_reason_is_kept_masked(world: World, tmp_path: Path) -> None:
    case_id, form = await a_form(world, "refund-small", "finance-refunds", REJECT)
    await world.submit(ANA, form, reason=f"It was charged to {NUMBER}, not to us.")
    await world.card("finance-refunds", says="rejected")
    decision = (await world.file(case_id)).decisions[0]
    assert decision.reason == "It was charged to [card ••4242], not to us."
    _nowhere(world, tmp_path)


async def test_a_card_number_typed_into_a_note_is_kept_masked(world: World, tmp_path: Path) -> None:
    case_id = await a_stuck_case(world)
    card = await world.card("finance-refunds", says="stuck")
    await world.press(BEN, "finance-refunds", card, SETTLE)
    await world.submit(BEN, await world.form(BEN), note=f"Sent to card {NUMBER} by hand.")
    file = await world.state(case_id, "done")
    assert "[card ••4242]" in str(file.case.closing)
    _nowhere(world, tmp_path)


async def test_a_card_number_given_to_a_command_is_kept_masked(world: World, tmp_path: Path) -> None:
    await world.command(ANA, "finance-documents", f"/invoice-resend {NUMBER.replace(' ', '')}")
    _nowhere(world, tmp_path)


def _nowhere(world: World, folder: Path) -> None:
    posted = json.dumps({name: world.sandbox_slack[name] for name in ("messages", "ephemerals")})
    kept = b"".join(path.read_bytes() for path in folder.iterdir()).decode("utf-8", "replace")
    for text in (kept, posted):
        assert NUMBER not in text
        assert NUMBER.replace(" ", "") not in text


@pytest.mark.parametrize("text", ["", "INV-1 a@b.example x", "<script> ", "INV-1 nobody", "-"])
async def test_a_command_that_makes_no_sense_says_how_it_is_used(world: World, text: str) -> None:
    answer = await world.command(ANA, "finance-documents", f"/invoice-resend {text}")
    assert answer["ok"]
    assert "/invoice-resend INV-123" in answer["text"] or "not an e-mail address" in answer["text"]
    assert await world.app.db.read(lambda store: store.find_cases()) == []


async def test_an_address_that_slack_made_a_link_of_is_read(world: World) -> None:
    text = "/invoice-resend INV-9 <mailto:ap@northwind.example|ap@northwind.example>"
    answer = await world.command(ANA, "finance-documents", text)
    assert "#finance-documents" in answer["text"]
    await world.card("finance-documents", says="Invoice resend")
    (case,) = await world.app.db.read(lambda store: store.find_cases())
    assert case.details.fields.email == "ap@northwind.example"


async def test_a_command_from_another_workspace_opens_nothing(world: World) -> None:
    await world.until(lambda: _introduced(world), "Slack telling which workspace is ours")
    body = f"command=%2Finvoice-resend&text=INV-7&trigger_id=1.2.x&team_id=T0OTHER001&user_id={ANA}".encode()
    status, answer = await knock(world, body)
    assert status == 200
    assert "Only members of this workspace" in answer
    assert await world.app.db.read(lambda store: store.find_cases()) == []


async def _introduced(world: World) -> str | None:
    return world.app.slack_port.team_id


async def test_a_command_names_the_channel_that_its_card_really_goes_to(open_world: OpenWorld) -> None:
    policy = changed_policy(('documents   = "#finance-documents"\n', ""))
    async with open_world(policy=policy) as world:
        answer = await world.command(ANA, "finance-documents", "/invoice-resend INV-123")
        assert "#finance-review" in answer["text"]
        await world.card("finance-review", says="Invoice resend")
