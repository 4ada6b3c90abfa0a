"""Run each playbook through all its systems: one webhook in, one effect in each, and links both ways."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.core.cards.mrkdwn import escape
from bot.core.model import Case, CaseFile, CaseState, ExecutionState
from bot.systems import TABS
from tests.flows.conftest import PUBLIC
from tests.flows.test_kinds import APPROVE, DONE
from tests.support.outside import buttons
from tests.support.places import REPOSITORY
from tests.support.world import ANA, BEN, LEA, World

VENDORS = ("fidel", "stripe", "zendesk", "quickbooks", "hubspot", "google")
FIRST, SECOND = "case.choose.1", "case.choose.2"
LINKED = (  # what people read there tells where the case is
    "zendesk.tickets",
    "hubspot.notes",
    "hubspot.tasks",
    "google.rows",
    "google.mails",
    "quickbooks.refund_receipts",
)

Panels = dict[str, dict[str, Any]]  # "stripe.refunds" -> id -> what the page shows of it


class Run(NamedTuple):
    """`made` and `changed` are all that is different at the vendors afterwards."""

    presses: tuple[tuple[str, str], ...]
    made: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()  # steps that stay a person's


ONE = ((ANA, APPROVE),)
TWO = ((ANA, APPROVE), (LEA, APPROVE))
REFUNDED = ("stripe.refunds", "quickbooks.refund_receipts", "zendesk.tickets")
RUNS: dict[str, Run] = {
    "refund-duplicate": Run(TWO, REFUNDED, ("stripe.payments",)),
    "refund-small": Run(ONE, REFUNDED, ("stripe.payments",)),
    "card-number": Run(ONE, REFUNDED, ("stripe.payments",)),
    "yen": Run(ONE, REFUNDED, ("stripe.payments",)),
    "system-b": Run(ONE, REFUNDED, ("stripe.payments",)),
    "dispute": Run(
        ((ANA, SECOND), *TWO), ("zendesk.tickets", "google.rows"), ("fidel.cards",), by_hand=("gather-evidence",)
    ),
    "dispute-evidence": Run(
        ((ANA, FIRST), (BEN, APPROVE), (LEA, APPROVE)),
        ("zendesk.tickets", "google.rows"),
        ("stripe.disputes",),
        by_hand=("submit-evidence",),
    ),
    "vip-blocker": Run(((LEA, APPROVE),), ("hubspot.tasks", "zendesk.tickets", "stripe.portal_links")),
    "collections": Run(ONE, ("hubspot.notes", "hubspot.tasks", "google.rows")),
    "receipt": Run(ONE, ("stripe.receipts", "zendesk.tickets")),
    "invoice-resend": Run(ONE, ("quickbooks.mails", "google.rows", "zendesk.tickets"), ("quickbooks.invoices",)),
    "renewal-failed": Run(ONE, ("stripe.portal_links", "hubspot.tasks", "zendesk.tickets")),
    "address-correction": Run(
        ONE, ("zendesk.tickets",), ("stripe.customers", "quickbooks.customers"), by_hand=("tax-details",)
    ),
    "billing-question": Run(ONE, ("hubspot.notes", "zendesk.tickets", "google.mails")),
    "brand-create": Run(ONE, ("fidel.brands",)),
    "brand-update": Run(ONE, (), ("fidel.brands",)),
}
UNCLEAR = (
    "refund-disputed",
    "refund-too-much",
    "brand-create-exists",
    "brand-rename",
    "low-confidence",
    "two-amounts",
    "unknown-intent",
    "messy-values",
)
ELSEWHERE = ("receipt-elsewhere",)  # its recipient has to be verified first


PAID = ("stripe.invoices", "stripe.payments")
PAID_AGAIN = Run(((ANA, FIRST), (BEN, APPROVE)), ("hubspot.tasks", "zendesk.tickets"), PAID)
SENT = ("google.rows", "zendesk.tickets")
LOST: tuple[tuple[str, str, Run], ...] = (  # every action that moves money, tells somebody, or writes something down
    *(
        (name, vendor, RUNS[name])
        for name, vendors in (
            ("refund-small", ("stripe", "quickbooks", "zendesk")),
            ("dispute", ("fidel", "google")),
            ("dispute-evidence", ("stripe",)),
            ("vip-blocker", ("hubspot",)),
            ("collections", ("hubspot",)),
            ("receipt", ("stripe",)),
            ("invoice-resend", ("quickbooks",)),
            ("address-correction", ("stripe", "quickbooks")),
            ("billing-question", ("google", "hubspot")),
            ("brand-create", ("fidel",)),
            ("brand-update", ("fidel",)),
        )
        for vendor in vendors
    ),
    ("renewal-failed", "stripe", PAID_AGAIN),
    ("/invoice-resend INV-20462 ines@larkspur.example.com", "stripe", Run(ONE, SENT, ("stripe.invoices",))),
    ("/invoice-resend INV-20418 ap@northwind.example", "google", Run(ONE, (*SENT, "google.mails"))),
)


@pytest.mark.parametrize("name", RUNS)
async def test_a_call_has_each_of_its_effects_once_and_links_lead_both_ways(connected: World, name: str) -> None:
    run = RUNS[name]
    before = await panels(connected)
    file = await carried_out(connected, await connected.call(name), run)
    after = await panels(connected)
    made, changed = difference(before, after)
    assert Counter(place for place, _ in made) == Counter(run.made)
    assert Counter(place for place, _ in changed) == Counter(run.changed)
    link = f"{PUBLIC}/cases/{file.case.case_id}"
    assert [place for place, one in made if place in LINKED and link not in json.dumps(one)] == []
    steps = [step.action.name for step in file.executions if step.receipt and step.receipt.vendor_id in (ANA, LEA)]
    assert steps == list(run.by_hand)
    await leads_back(connected, file)


@pytest.mark.parametrize(("asked", "vendor", "run"), LOST)
async def test_an_effect_whose_answer_was_lost_is_there_once_after_recovery(
    connected: World, asked: str, vendor: str, run: Run
) -> None:
    before = await panels(connected)
    case_id = await opened(connected, asked)
    for user, button in run.presses[:-1]:
        await connected.press_on(case_id, user, button)
    await connected.fault(vendor, "lost_reply")
    await connected.press_on(case_id, *run.presses[-1])
    await lost(connected, case_id)
    await connected.fault(vendor, "none")
    connected.clock.let_pass(10)
    file = await at_its_end(connected, case_id)
    assert file.case.state is CaseState.DONE, file.case.closing
    made, changed = difference(before, await panels(connected))
    assert Counter(place for place, _ in made) == Counter(run.made)
    assert Counter(place for place, _ in changed) == Counter(run.changed)
    sent = [one["sent"] for place, one in (*made, *changed) if place in ("stripe.receipts", "stripe.invoices")]
    assert set(sent) <= {0, 1}


async def test_what_is_not_clear_makes_a_row_in_the_exception_sheet_each(connected: World) -> None:
    before = await panels(connected)
    files = [await carried_out(connected, await connected.call(name), Run(ONE)) for name in UNCLEAR]
    made, changed = difference(before, await panels(connected))
    assert (Counter(place for place, _ in made), changed) == (Counter({"google.rows": len(UNCLEAR)}), [])
    assert {row["sheet"] for _, row in made} == {"Exceptions"}
    rows = json.dumps([row for _, row in made])
    assert all(f"{PUBLIC}/cases/{file.case.case_id}" in rows for file in files)


async def test_a_receipt_for_another_address_is_sent_nowhere(connected: World) -> None:
    before = await panels(connected)
    _, card = await connected.opened("receipt-elsewhere", "finance-documents")
    assert "verified" in card["text"]
    if APPROVE in json.dumps(card["blocks"]):
        await connected.press(ANA, "finance-documents", card, APPROVE)
    made, changed = difference(before, await panels(connected))
    assert (made, changed) == ([], [])


def test_every_example_has_its_test(tmp_path: Path) -> None:
    folder = REPOSITORY / "sandbox" / "calls"
    names = {json.loads(path.read_text(encoding="utf-8"))["name"] for path in folder.glob("*.json")}
    assert names == {*RUNS, *UNCLEAR, *ELSEWHERE}


async def carried_out(world: World, call_id: str, run: Run) -> CaseFile:
    """Return the case at its end, which is a good one."""
    case: Case = await world.case_of(call_id)
    for user, button in run.presses:
        await world.press_on(case.case_id, user, button)
    file = await at_its_end(world, case.case_id)
    assert file.case.state is CaseState.DONE, file.case.closing
    rows = [step.action.params["sheet"] for step in file.executions if step.action.operation == "append_row"]
    assert set(rows) <= set(TABS)
    return file


async def at_its_end(world: World, case_id: str) -> CaseFile:
    """Return the case at its end; steps by hand are marked done on the way."""
    while (file := await at_rest(world, case_id)).case.state is CaseState.APPROVED:
        await world.press_on(case_id, ANA, DONE)
    return file


async def at_rest(world: World, case_id: str, *states: ExecutionState) -> CaseFile:
    """Return the case once it waits for a person, has a step in one of these states, or is at its end."""

    async def look() -> CaseFile | None:
        world.clock.let_pass(0.1)  # no waiting for a back-off
        file = await world.file(case_id)
        waits = any(step.state in (ExecutionState.BY_HAND, *states) for step in file.executions)
        return file if waits or file.case.state is not CaseState.APPROVED else None

    return await world.until(look, "a step by hand, or the end")


async def lost(world: World, case_id: str) -> None:
    """Wait until the answer to a step was lost; some are looked up at once, and the case goes on."""
    while True:
        file = await at_rest(world, case_id, ExecutionState.UNSURE)
        if any(step.state is ExecutionState.UNSURE for step in file.executions) or file.case.state is CaseState.DONE:
            return
        assert file.case.state is CaseState.APPROVED, file.case.closing
        await world.press_on(case_id, ANA, DONE)


async def opened(world: World, asked: str) -> str:
    """Return the id of the case of a sample call or of a command."""
    if not asked.startswith("/"):
        return (await world.case_of(await world.call(asked))).case_id
    await world.command(LEA, "finance-documents", asked)
    card = await world.card("finance-documents", says=asked.split()[1])
    return str(next(iter(buttons(card).values()))[1]["value"]).partition(":")[0]


async def panels(world: World) -> Panels:
    """Return what the page shows of each vendor, by id; what has none is its own id."""
    found: Panels = {}
    for vendor in VENDORS:
        for name, items in (await world.panel(vendor)).items():
            found[f"{vendor}.{name}"] = {str(one.get("id") or json.dumps(one)): one for one in items}
    return found


def difference(before: Panels, after: Panels) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """Return what is new, and what is there in another form."""
    every = [(place, key, one) for place, items in after.items() for key, one in items.items()]
    made = [(place, one) for place, key, one in every if key not in before[place]]
    changed = [(place, one) for place, key, one in every if before[place].get(key, one) != one]
    return made, changed


async def leads_back(world: World, file: CaseFile) -> None:
    """Assert that the card links to each record, and that the address in the records opens the card."""
    channel = f"finance-{file.case.channel}"
    card = await world.card(channel, says="done")
    drawn = json.dumps(card["blocks"])
    ways = [step.receipt.url for step in file.executions if step.receipt and step.receipt.url]
    assert [way for way in ways if json.dumps(escape(way))[1:-1] not in drawn] == []
    async with world.http.get(f"{world.bot}/cases/{file.case.case_id}", allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].endswith(f"/p{card['ts'].replace('.', '')}")
