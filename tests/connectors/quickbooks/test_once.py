"""Promises of the QuickBooks connector about one effect for one key, whatever is lost, late or changed meanwhile."""

import json
from typing import Any

import pytest

from bot.connectors.quickbooks import QuickBooksConnector
from bot.core.model import Action
from bot.http.errors import Unavailable, Unsure
from sandbox.quickbooks import panel
from tests.connectors.quickbooks.support import Company, credit, effects, fault, move, refund, send
from tests.connectors.support import KEY, refusal


def customer(world: Company) -> Any:
    return world.books["Customer"]["58"]


@pytest.mark.parametrize("todo", [refund(), credit()], ids=lambda todo: todo.operation)
async def test_an_entry_whose_answer_was_lost_is_found_and_not_made_again(
    quickbooks: QuickBooksConnector, world: Company, todo: Action
) -> None:
    world.fail("POST", "lost_reply")
    await refusal(quickbooks, todo, Unsure)
    found = await quickbooks.find(todo, KEY)
    assert found is not None
    world.books["answers"].clear()  # even where QuickBooks forgot our request id
    assert (await quickbooks.perform(todo, KEY)).vendor_id == found.vendor_id == effects(world, todo)[0]["Id"]
    assert len(effects(world, todo)) == 1
    assert await quickbooks.find(todo, "call-0000/step/1") is None


@pytest.mark.parametrize("todo", [refund(), credit(), send()], ids=lambda todo: todo.operation)
async def test_what_never_arrived_is_not_found_and_happens_once_when_repeated(
    quickbooks: QuickBooksConnector, world: Company, todo: Action
) -> None:
    world.fail("POST", "drop")
    await refusal(quickbooks, todo, Unsure)
    assert await quickbooks.find(todo, KEY) is None
    await quickbooks.perform(todo, KEY)
    await quickbooks.perform(todo, KEY)
    assert len(effects(world, todo)) == 1


async def test_an_entry_that_came_through_while_we_looked_is_unsure_until_it_is_found(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.body = fault("6140", "Duplicate Document Number Error")
    world.fail("POST", "400")
    assert "an entry of this step already" in await refusal(quickbooks, refund(), Unsure)


async def test_a_company_that_numbers_its_entries_itself_still_gets_one(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    first = await quickbooks.perform(refund(10000), KEY)
    effects(world, refund())[0]["DocNumber"] = "1001"
    assert (await quickbooks.perform(refund(10000), KEY)).vendor_id == first.vendor_id
    assert len(effects(world, refund())) == 1


async def test_an_entry_of_another_total_is_never_called_done(quickbooks: QuickBooksConnector, world: Company) -> None:
    receipt = await quickbooks.perform(refund(), KEY)
    world.books["RefundReceipt"][receipt.vendor_id]["TotalAmt"] = 141.15
    sentence = f"QuickBooks has refund receipt {receipt.vendor_id} of 141.15 USD, and 129.50 USD was approved"
    assert sentence in await refusal(quickbooks, refund(), Unsure)
    with pytest.raises(Unsure):
        await quickbooks.find(refund(), KEY)


async def test_a_mail_whose_answer_was_lost_is_seen_on_the_invoice(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.fail("POST", "lost_reply")
    receipt = await quickbooks.perform(send(), KEY)
    assert receipt.note == "QuickBooks cut its answer off, but its record shows that the mail went out."
    assert len(effects(world, send())) == 1


async def test_a_mail_that_cannot_even_be_looked_at_is_unsure_and_goes_out_once_when_repeated(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.fail("POST", "lost_reply")
    world.fail("GET", "", "500")
    await refusal(quickbooks, send(), Unsure)
    assert await quickbooks.find(send(), KEY) is None
    await quickbooks.perform(send(), KEY)
    assert len(effects(world, send())) == 1
    lasts = quickbooks.operations["send_invoice"].key_lasts
    assert lasts is not None
    assert lasts.total_seconds() == 3600


async def test_an_earlier_mail_is_not_taken_for_ours(quickbooks: QuickBooksConnector, world: Company) -> None:
    await quickbooks.perform(send(), "call-0000/step/1")
    world.fail("POST", "drop")
    await refusal(quickbooks, send(), Unsure)


async def test_another_key_mails_again(quickbooks: QuickBooksConnector, world: Company) -> None:
    await quickbooks.perform(send(), KEY)
    await quickbooks.perform(send(), "call-0000/step/1")
    assert len(effects(world, send())) == 2


async def test_an_address_whose_answer_was_lost_is_found_and_not_written_again(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    assert await quickbooks.find(move(), KEY) is None
    world.fail("POST", "lost_reply")
    await refusal(quickbooks, move(), Unsure)
    found = await quickbooks.find(move(), KEY)
    assert found is not None
    assert found.url == "https://app.qbo.intuit.com/app/customerdetail?nameId=58"
    assert (await quickbooks.perform(move(), KEY)).note == "The address was so already."
    assert len(world.writes) == 1


async def test_a_record_that_somebody_changed_meanwhile_is_read_again_and_their_change_stays(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.books["touch"] = "58"
    await quickbooks.perform(move(), KEY)
    assert [one.status for one in world.writes] == [400, 200]
    assert [json.loads(one.body)["SyncToken"] for one in world.writes] == ["3", "4"]
    assert customer(world)["BillAddr"]["Line1"] == "90 Pier St"


async def test_a_record_that_keeps_changing_is_tried_later(quickbooks: QuickBooksConnector, world: Company) -> None:
    world.body = fault("5010", "Stale Object Error")
    world.fail("POST", "400", "400")
    assert "right now" in await refusal(quickbooks, move(), Unavailable)
    assert len(world.writes) == 2


async def test_the_page_shows_what_happened_in_the_books(quickbooks: QuickBooksConnector, world: Company) -> None:
    for todo in (send(), refund(100), credit(200), move()):
        await quickbooks.perform(todo, f"call-1/{todo.operation}/1")
    shown = panel(world.state)
    assert [(one["invoice"], one["to"]) for one in shown["mails"]] == [("241", "ap@northwind.example")]
    assert [one["amount"] for one in (*shown["refund_receipts"], *shown["credit_memos"])] == [1, 2]
    assert shown["customers"][-1]["address"] == "90 Pier St, Oakland, CA, 94607, USA"
    assert shown["customers"][-1]["balance"] == 1348
    assert {one["email_status"] for one in shown["invoices"] if one["number"] == "INV-20431"} == {"EmailSent"}
