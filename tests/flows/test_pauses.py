"""Pause a connector alone while its credentials are refused, and go on once they are accepted."""

import json
from typing import Any

import pytest

from bot.cases import pauses
from bot.core.model import CaseFile, CaseState, ExecutionState, Outcome
from tests.flows.test_kinds import APPROVE
from tests.support.world import ADA, ANA, OpenWorld, World, changed_policy

# vendor -> a call, its channel, and the first of its steps that needs this vendor
STEPS: dict[str, tuple[str, str, str]] = {
    "fidel": ("brand-create", "brands", "fidel"),
    "stripe": ("refund-small", "refunds", "stripe"),
    "zendesk": ("receipt", "documents", "zendesk"),
    "quickbooks": ("invoice-resend", "documents", "quickbooks"),
    "hubspot": ("collections", "collections", "hubspot"),
    "google": ("messy-values", "review", "sheets"),
}


async def asked(world: World) -> tuple[int, dict[str, Any]]:
    async with world.http.get(world.bot + "/readyz") as answer:
        return answer.status, await answer.json()


async def held(world: World, call_id: str, connector: str) -> CaseFile:
    """Return the case, once its step waits for the credentials and the card says so."""
    case = await world.case_of(call_id)

    def waits(file: CaseFile) -> bool:
        steps = [step for step in file.executions if step.action.connector == connector]
        return bool(steps) and (steps[0].detail or "").startswith("Paused: ")

    file = await world.file_once(case.case_id, waits)

    async def drawn() -> bool | None:
        cards = await world.cards(f"finance-{case.channel}")
        return "Paused: " in json.dumps(cards[-1]["blocks"]) or None

    await world.until(drawn, "the card that says why it waits")
    return file


async def auth_failed(world: World, vendor: str) -> tuple[str, CaseFile]:
    """Return the connector and a case whose step waits, its credentials refused from the approval on."""
    name, channel, connector = STEPS[vendor]
    case, _ = await world.opened(name, f"finance-{channel}")
    await world.fault(vendor, "revoked_token")
    await world.press_on(case.case_id, ANA, APPROVE)
    return connector, await held(world, case.root, connector)


async def test_a_look_up_that_meets_refused_credentials_pauses_its_system_and_tells_the_admins_once(
    connected: World,
) -> None:
    await connected.fault("quickbooks", "revoked_token")
    for _ in range(2):
        await connected.opened("refund-small", "finance-refunds", fresh=True)
        await connected.app.jobs.credentials.ask_doubted()
    assert list((await asked(connected))[1]["paused"]) == ["quickbooks"]
    told = await connected.heard(ADA)
    assert [text for text in told if "QuickBooks" in text] == told[:1]
    await connected.fault("quickbooks", "none")
    await connected.app.jobs.credentials.try_locked()
    assert "paused" not in (await asked(connected))[1]


async def test_a_look_up_that_fails_otherwise_pauses_nothing(connected: World) -> None:
    await connected.fault("stripe", "500")
    await connected.opened("refund-small", "finance-refunds")
    await connected.app.jobs.credentials.ask_doubted()
    assert "paused" not in (await asked(connected))[1]


@pytest.mark.parametrize("vendor", STEPS)
async def test_a_vendor_that_refuses_our_credentials_waits_alone_and_goes_on_once_they_are_renewed(
    connected: World, vendor: str
) -> None:
    connector, file = await auth_failed(connected, vendor)
    assert file.case.state is CaseState.APPROVED  # it waits, and nobody has to press anything
    status, said = await asked(connected)
    assert (status, said["status"], list(said["paused"])) == (200, "ready", [connector])
    assert (await connected.figures())[f'countersign_paused{{scope="{connector}"}}'] == 1
    told = await connected.heard(ADA)
    assert len(told) == 1
    assert connector in told[0].lower()

    await connected.app.jobs.credentials.try_locked()  # they are still refused
    assert (await connected.file(file.case.case_id)).case.state is CaseState.APPROVED

    await connected.fault(vendor, "none")
    connected.clock.let_pass(3)  # the first back-off
    await connected.app.jobs.credentials.try_locked()
    done = await connected.state(file.case.case_id, "done")
    step = next(step for step in done.executions if step.action.connector == connector)
    assert (step.state, step.failures, step.detail) == (ExecutionState.SUCCEEDED, 0, None)
    tries = await connected.app.db.read(lambda store: store.attempts(step.key))
    assert [one.outcome for one in tries if one.outcome is Outcome.SUCCEEDED] == [Outcome.SUCCEEDED]
    assert await asked(connected) == (200, {"status": "ready"})
    assert len(connected.direct(ADA)) == 1  # the admins hear of it once


async def test_others_go_on_meanwhile_and_a_step_that_comes_later_says_why_it_waits(connected: World) -> None:
    world = connected
    await auth_failed(world, "stripe")
    brand = await opened(world, "brand-create", "brands")
    await world.press_on(brand, ANA, APPROVE)
    await world.state(brand, "done")
    call_id = await world.call("yen")
    await world.press_on((await world.case_of(call_id)).case_id, ANA, APPROVE)
    late = await held(world, call_id, "stripe")
    assert late.executions[0].attempts == 0
    for _ in range(2):  # it is said once
        await world.app.db.write(lambda store: pauses.tell_waiting(store, store.pauses(), world.clock()))
    assert (await world.file(late.case.case_id)).case.revision == late.case.revision
    await world.fault("stripe", "none")
    world.clock.let_pass(3)
    await world.app.jobs.credentials.try_locked()
    await world.state(late.case.case_id, "done")


async def test_what_may_have_happened_before_the_pause_is_looked_up_after_it(connected: World) -> None:
    world = connected
    case_id = await opened(world, "refund-small", "refunds")
    world.clock.stand_still()
    await world.fault("stripe", "lost_reply")
    await world.press_on(case_id, ANA, APPROVE)
    await world.until(lambda: refunded(world), "the refund whose answer was lost")
    await world.fault("stripe", "revoked_token")
    world.clock.let_pass(10)
    file = await held(world, (await world.file(case_id)).case.root, "stripe")
    assert file.executions[0].state is ExecutionState.UNSURE
    await world.fault("stripe", "none")
    world.clock.let_pass(3)
    await world.app.jobs.credentials.try_locked()
    await world.state(case_id, "done")
    assert len(await world.refunds_of("pi_SMALL")) == 1


@pytest.mark.parametrize("renewed", [True, False])
async def test_an_admin_may_resume_a_system_by_hand(connected: World, renewed: bool) -> None:
    world = connected
    connector, file = await auth_failed(world, "stripe")
    await world.heard(ADA)
    if renewed:
        await world.fault("stripe", "none")
    world.clock.let_pass(3)
    await world.command(ADA, "finance-refunds", f"/finance resume {connector}")
    if renewed:
        await world.state(file.case.case_id, "done")
        return

    world.clock.let_pass(10)
    await world.heard(ADA, times=2)  # another pause: the credentials are refused as before
    assert list((await asked(world))[1]["paused"]) == [connector]


async def test_where_the_policy_names_no_admins_a_channel_hears_of_it(open_world: OpenWorld) -> None:
    policy = changed_policy(('admins  = ["U0ADMIN001"]', ""), (', { after = "1h", to = "admins" }', ""))
    async with open_world(every_system=True, policy=policy) as world:
        await auth_failed(world, "stripe")
        await world.card("finance-review", says="Stripe is paused")


async def test_a_locked_vendor_delays_no_card_and_tells_what_it_knows_once_it_is_renewed(connected: World) -> None:
    world = connected
    await world.fault("stripe", "revoked_token")
    call_id = await world.call("refund-small")
    card = await world.card("finance-refunds", says="24.00 USD")
    assert "does not accept our key" in json.dumps(card["blocks"])
    await world.fault("stripe", "none")
    world.clock.let_pass(25)

    async def known() -> Any:
        return "charge" in {fact.name for fact in (await world.case_of(call_id)).facts} or None

    await world.until(known, "the charge, looked up late")


async def opened(world: World, name: str, channel: str) -> str:
    """Send a call; return the id of its case once its card is posted."""
    return (await world.opened(name, f"finance-{channel}")).case.case_id


async def refunded(world: World) -> list[Any] | None:
    return await world.refunds_of("pi_SMALL") or None
