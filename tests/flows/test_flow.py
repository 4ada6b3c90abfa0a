"""Whole ways of a call, from the webhook to the vendor and back to the card, over sockets and on both engines."""

import json

from bot.core.model import ExecutionState, Outcome
from tests.support.outside import buttons
from tests.support.world import ANA, BEN, LEA, World

APPROVE, REJECT, DONE, SETTLE = "case.approve", "case.reject", "case.step_done", "case.settle"
COMPLETE = "case.complete"


async def test_an_approved_brand_is_created_once_and_its_card_says_so(world: World) -> None:
    case, card = await world.opened("brand-create", "finance-brands", says="New brand")
    assert "Juniper &amp; Sage Tea House" in card["text"]  # escaped: the name came from a call
    await world.press(ANA, "finance-brands", card, APPROVE)
    await world.state(case.case_id, "done")
    card = await world.card("finance-brands", says="done")
    assert buttons(card) == {}
    assert len(await world.cards("finance-brands")) == 1
    brands = [brand for brand in (await world.panel("fidel"))["brands"] if brand["name"] == "Juniper & Sage Tea House"]
    assert len(brands) == 1
    assert case.root in str(brands[0]["metadata"])


async def test_the_thread_tells_the_story(world: World) -> None:
    _, card = await world.opened("brand-create", "finance-brands")
    await world.press(ANA, "finance-brands", card, APPROVE)
    await world.card("finance-brands", says="done")
    await world.thread_line("finance-brands", card["ts"], "Done: every step")
    story = "\n".join(await world.thread("finance-brands", card["ts"]))
    for part in ("was received", "Case opened", "Approved version 1", "Succeeded: Create the brand"):
        assert story.count(part) == 1, story


async def test_a_refund_over_the_band_waits_for_a_lead_and_pays_once(world: World) -> None:
    case, card = await world.opened("refund-duplicate", "finance-refunds", says="129.50 USD")
    await world.press(ANA, "finance-refunds", card, APPROVE)
    card = await world.card("finance-refunds", says="1 of 2")
    await world.press(BEN, "finance-refunds", card, APPROVE)
    assert (await world.file(case.case_id)).case.state == "open"
    assert await world.refunds_of("pi_DUPLICATE") == []
    card = await world.card("finance-refunds", says="129.50 USD")
    await world.press(LEA, "finance-refunds", card, APPROVE)
    file = await world.file_once(case.case_id, lambda file: file.executions and file.executions[0].receipt)
    assert [decision.user_id for decision in file.decisions] == [ANA, BEN, LEA]
    assert len(await world.refunds_of("pi_DUPLICATE")) == 1
    assert file.executions[0].key == f"{case.root}/refund/1"


async def test_steps_without_a_connector_are_done_by_hand_one_after_the_other(world: World) -> None:
    case, card = await world.opened("refund-small", "finance-refunds", says="24.00 USD")
    await world.press(BEN, "finance-refunds", card, APPROVE)
    for step in ("books", "ticket"):

        async def by_hand(step: str = step) -> dict[str, object] | None:
            made = next(one for one in (await world.file(case.case_id)).executions if one.action.name == step)
            cards = await world.cards("finance-refunds")
            revision = (await world.file(case.case_id)).case.revision
            drawn = DONE in buttons(cards[-1]) and f":r{revision}:" in buttons(cards[-1])[DONE][0]
            return cards[-1] if made.state is ExecutionState.BY_HAND and drawn else None

        card = await world.until(by_hand, f"the step {step} by hand")
        await world.press(ANA, "finance-refunds", card, DONE)
        await world.press(ANA, "finance-refunds", card, DONE)  # a double click is one step
    await world.state(case.case_id, "done")


async def test_an_unclear_call_is_completed_by_a_person_and_approved_by_another(world: World) -> None:
    case, card = await world.opened("unknown-intent", "finance-review")
    await world.press(ANA, "finance-review", card, COMPLETE)
    form = await world.choose(ANA, await world.form(ANA), "kind", "brand_create")
    asked = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert asked[:4] == ["kind", "brand_name", "website_url", "logo_url"]
    answer = await world.submit(ANA, form, kind="brand_create", brand_name="Fern and Field")
    assert "website" in str(answer["errors"])
    site = "https://fern.example.com"
    given = {"brand_name": "Fern and Field", "website_url": site, "logo_url": f"{site}/logo.png"}
    answer = await world.submit(ANA, form, kind="brand_create", **given)
    assert answer["ok"], answer
    card = await world.card("finance-brands", says="Fern and Field")
    await world.card("finance-review", says="continues in #finance-brands")
    await world.press(ANA, "finance-brands", card, APPROVE)
    assert (await world.file(case.case_id)).case.state == "open"  # nobody decides alone on what they filled in
    card = await world.card("finance-brands", says="Fern and Field")
    await world.press(BEN, "finance-brands", card, APPROVE)
    await world.state(case.case_id, "done")


async def test_a_refusal_stops_the_rest_and_a_person_settles_it(world: World) -> None:
    case, card = await world.opened("refund-duplicate", "finance-refunds")
    await world.refund_elsewhere("pi_DUPLICATE", 10_000)
    await world.press(ANA, "finance-refunds", card, APPROVE)
    card = await world.card("finance-refunds", says="1 of 2")
    await world.press(LEA, "finance-refunds", card, APPROVE)
    file = await world.state(case.case_id, "stuck")
    assert file.executions[0].state is ExecutionState.REFUSED
    assert file.executions[1].state is ExecutionState.PENDING
    card = await world.card("finance-refunds", says="stuck")
    await world.press(BEN, "finance-refunds", card, SETTLE)
    answer = await world.submit(BEN, await world.form(BEN), note="Refunded the rest in the dashboard.")
    assert answer["ok"], answer
    await world.state(case.case_id, "done")


async def test_a_reply_lost_after_the_effect_is_found_and_not_repeated(world: World) -> None:
    case, card = await world.opened("brand-create", "finance-brands")
    await world.fault("fidel", "lost_reply")
    world.clock.stand_still()
    await world.press(ANA, "finance-brands", card, APPROVE)
    await world.file_once(case.case_id, lambda file: file.executions[0].state is ExecutionState.UNSURE)
    await world.fault("fidel", "none")
    world.clock.let_pass(10)
    file = await world.state(case.case_id, "done")
    attempts = await world.app.db.read(lambda store: store.attempts(file.executions[0].key))
    assert attempts[0].outcome is Outcome.UNSURE
    assert attempts[-1].looks_first
    names = [brand["name"] for brand in (await world.panel("fidel"))["brands"]]
    assert names.count("Juniper & Sage Tea House") == 1


async def test_a_vip_who_cannot_pay_is_urgent_and_calls_the_owners_by_name(world: World) -> None:
    _, card = await world.opened("vip-blocker", "finance-vip", says="VIP payment blocker")
    assert card["text"].startswith("Urgent")
    assert "<!subteam^S0LEADS001>" in str(card["blocks"])


async def test_a_disputed_payment_is_not_offered_for_refund(world: World) -> None:
    _, card = await world.opened("refund-disputed", "finance-review", says="Needs a look")
    assert "disputed" in str(card["blocks"])
    assert APPROVE not in buttons(card)


async def test_an_amount_that_is_raised_later_asks_the_people_of_the_higher_band(world: World) -> None:
    call_id = await world.call("refund-duplicate")
    sent = await world.sent(call_id)
    for amount, approvals in ((90, "0 of 1"), (110, "0 of 2")):
        sent["payload"]["call"]["post_call_analysis"]["refund_amount"] = amount
        sent["payload"]["call"]["summary"] = f"Dana Ortiz asks for USD {amount}.00 back."
        assert await world.deliver(sent) == 200
        card = await world.card("finance-refunds", says=f" {amount}.00 USD")
        assert approvals in card["text"]
    await world.press(ANA, "finance-refunds", card, APPROVE)
    await world.card("finance-refunds", says="1 of 2")
    assert await world.refunds_of("pi_DUPLICATE") == []


async def test_the_same_call_in_other_bytes_undoes_no_choice(world: World) -> None:
    case, card = await world.opened("dispute", "finance-disputes", says="Dispute")
    await world.press(ANA, "finance-disputes", card, "case.choose.1")
    before = len(await world.history(case.case_id))
    assert await world.deliver(json.dumps(await world.sent(case.root), indent=3).encode()) == 200

    async def told_again() -> bool | None:
        history = await world.history(case.case_id)
        return any(entry.entry.what == "call.told_again" for entry in history[before:]) or None

    await world.until(told_again, "that the call was told again")
    file = await world.file(case.case_id)
    assert file.case.version == 2
    assert file.proposal.actions


async def test_a_late_click_hears_who_rejected_and_not_who_had_approved(world: World) -> None:
    _, card = await world.opened("refund-duplicate", "finance-refunds")
    await world.press(ANA, "finance-refunds", card, APPROVE)
    card = await world.card("finance-refunds", says="1 of 2")
    await world.press(LEA, "finance-refunds", card, REJECT)
    answer = await world.submit(LEA, await world.form(LEA), reason="The charge was correct.")
    assert answer["ok"], answer
    await world.press(BEN, "finance-refunds", card, APPROVE)
    assert ANA not in await world.told(BEN, f"Already rejected by <@{LEA}>")
