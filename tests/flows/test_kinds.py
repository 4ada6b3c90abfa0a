"""Walk every kind of case from its signed webhook to done, and check its form, words and documentation."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.cards import completing, forms
from bot.core.model import CaseFile, CaseState, ExecutionState, Kind
from bot.core.playbooks import PLAYBOOKS
from tests.support.cards import file_of
from tests.support.places import REPOSITORY
from tests.support.world import ANA, BEN, LEA, World

APPROVE, COMPLETE, DONE, FIRST = "case.approve", "case.complete", "case.step_done", "case.choose.1"
DOCS = REPOSITORY / "docs" / "playbooks.md"

# kind -> example, channel, and who presses what; what is left are steps by hand
WALKS: Mapping[Kind, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    Kind.REFUND: ("refund-duplicate", "refunds", ((ANA, APPROVE), (LEA, APPROVE))),
    Kind.DISPUTE: ("dispute-evidence", "disputes", ((ANA, FIRST), (BEN, APPROVE), (LEA, APPROVE))),
    Kind.VIP_BLOCKER: ("vip-blocker", "vip", ((LEA, APPROVE),)),
    Kind.COLLECTIONS: ("collections", "collections", ((ANA, APPROVE),)),
    Kind.RECEIPT: ("receipt", "documents", ((ANA, APPROVE),)),
    Kind.INVOICE_RESEND: ("invoice-resend", "documents", ((ANA, APPROVE),)),
    Kind.RENEWAL_FAILED: ("renewal-failed", "renewals", ((ANA, APPROVE),)),
    Kind.ADDRESS_CORRECTION: ("address-correction", "accounts", ((ANA, APPROVE),)),
    Kind.BRAND_CREATE: ("brand-create", "brands", ((ANA, APPROVE),)),
    Kind.BRAND_UPDATE: ("brand-update", "brands", ((ANA, APPROVE),)),
    Kind.BILLING_QUESTION: ("billing-question", "accounts", ((ANA, APPROVE),)),
    Kind.REVIEW: ("messy-values", "review", ((ANA, COMPLETE), (BEN, APPROVE))),
}


@pytest.mark.parametrize("kind", Kind)
async def test_every_kind_goes_from_its_webhook_to_done(sqlite_world: World, kind: Kind) -> None:
    file = await walk(sqlite_world, kind)
    assert {step.state for step in file.executions} == {ExecutionState.SUCCEEDED}
    assert len(file.executions) == len(file.proposal.actions) > 0


async def walk(world: World, kind: Kind) -> CaseFile:
    name, channel, presses = WALKS[kind]
    case, _ = await world.opened(name, f"finance-{channel}")
    assert (case.kind, case.channel) == (kind, channel)
    for user, button in presses:
        await world.press_on(case.case_id, user, button)
        if button == COMPLETE:
            given = {"amount": "24.00", "currency": "USD", "payment_id": "pi_SMALL", "reason": "Seat cancelled"}
            answer = await world.submit(user, await world.form(user), kind="refund", **given)
            assert answer["ok"], answer
            await world.card("finance-refunds", says="24.00 USD")
    file = await world.file(case.case_id)
    while file.case.state is not CaseState.DONE:
        await world.until(lambda: moved_on(world, case.case_id), "a step by hand, or the end")
        file = await world.file(case.case_id)
        assert file.case.state in (CaseState.APPROVED, CaseState.DONE), file.case.closing
        if file.case.state is CaseState.APPROVED:
            await world.press_on(case.case_id, ANA if kind is not Kind.VIP_BLOCKER else LEA, DONE)
    return file


async def moved_on(world: World, case_id: str) -> bool | None:
    file = await world.file(case_id)
    by_hand = any(step.state is ExecutionState.BY_HAND for step in file.executions)
    return True if by_hand or file.case.state is not CaseState.APPROVED else None


async def test_one_button_makes_a_refund_of_a_billing_question(sqlite_world: World) -> None:
    case, _ = await sqlite_world.opened("billing-question", "finance-accounts")
    await sqlite_world.press_on(case.case_id, ANA, FIRST)
    await sqlite_world.card("finance-refunds", says="1,240.00 USD")
    file = await sqlite_world.file(case.case_id)
    assert (file.case.kind, file.proposal.authors) == (Kind.REFUND, (ANA,))
    assert file.case.details.fields.refund_reason == "Expected ten seats, not twelve"
    assert [action.name for action in file.proposal.actions] == ["refund", "ticket"]


def test_a_kind_is_one_member_one_file_and_its_words() -> None:
    files = {path.stem for path in Path(forms.__file__).parents[1].joinpath("playbooks").glob("*.py")}
    assert files - {"__init__", "playbook"} == {kind.value for kind in Kind} == set(PLAYBOOKS)
    assert all(playbook.kind is kind for kind, playbook in PLAYBOOKS.items())
    assert set(WALKS) == set(Kind)


@pytest.mark.parametrize("kind", completing.completable())
def test_a_form_asks_for_all_that_its_kind_needs(kind: Kind) -> None:
    playbook = PLAYBOOKS[kind]
    asked = {*playbook.form, *({playbook.reason_field} if "reason" in playbook.form else ())}
    asked |= {"money"} if {"amount", "currency"} <= asked else set()
    for need in playbook.needs:
        assert asked & set(need.any_of), need.words
    shown = completing.complete_form(file_of(Kind.REVIEW), kind)["blocks"]
    first = [block["block_id"].partition(".")[0] for block in shown if block["type"] == "input"][1:]
    assert list(dict.fromkeys(first))[: len(playbook.form)] == list(playbook.form)


def test_a_new_address_comes_back_from_the_form_in_its_parts() -> None:
    given: dict[str, Any] = {"kind": {"case.kind": {"selected_option": {"value": "address_correction"}}}}
    for part, text in (("line1", "1 Pier"), ("city", "")):
        given[f"billing_address.{part}"] = {"value": {"value": text}}
    assert completing.read_complete(given).fields == {"billing_address": {"line1": "1 Pier"}}


def in_words(due: timedelta) -> str:
    return f"{due.days} days" if due.days > 1 else "1 day" if due.days else f"{due.seconds // 60} minutes"


def table() -> list[str]:
    rows = ["| kind | title | channel · owner · due | needs | looks up |", "|---|---|---|---|---|"]
    for kind, playbook in PLAYBOOKS.items():
        needs = "; ".join(need.words for need in playbook.needs) or "—"
        facts = ", ".join(f"`{name}`" for name in sorted(playbook.facts)) or "—"
        place = f"{playbook.channel} · {playbook.owner} · {in_words(playbook.due)}"
        rows.append(f"| `{kind}` | {playbook.title} | {place} | {needs} | {facts} |")
    return rows


def test_the_documented_kinds_are_the_kinds() -> None:
    documented = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert documented[: len(table())] == table()
