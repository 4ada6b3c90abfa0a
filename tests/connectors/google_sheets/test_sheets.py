"""Google Sheets' connector against the sandbox: one row however often it is tried, its status, text that stays text."""

from typing import Any

import pytest
from pydantic import JsonValue

from bot.connectors.google_sheets import SheetsConnector
from bot.connectors.google_sheets.records import mark_ids
from bot.core.model import Action
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure
from sandbox.google.seeds import SPREADSHEET
from tests.connectors.google import GoogleWorld
from tests.connectors.support import KEY, NOW, REFERENCE, action, details, refusal

BATCH, STATUS = ":batchUpdate", "/values:batchUpdateByDataFilter"
URL = f"https://docs.google.com/spreadsheets/d/{SPREADSHEET}/edit"


def append(*cells: str, **more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {"sheet": "Disputes", "cells": list(cells), "reference": dict(REFERENCE)}
    return action("sheets", "append_row", **{**params, **more})


def status(words: str = "approved", row_key: str = KEY) -> Action:
    return action("sheets", "set_status", row_key=row_key, status=words)


async def test_a_row_is_added_below_the_heading_with_key_status_and_reference(
    sheets: SheetsConnector, world: GoogleWorld
) -> None:
    await sheets.perform(append("first"), "call-0/step/1")
    receipt = await sheets.perform(append("INV-20431", "1250.00", "USD"), KEY)
    assert world.rows() == [
        [KEY, "open", "call-7f3a", "case-12", "INV-20431", "1250.00", "USD"],
        ["call-0/step/1", "open", "call-7f3a", "case-12", "first"],
    ]
    assert receipt.url == f"{URL}#gid=0&range=A2"


async def test_the_state_and_the_link_of_the_case_go_into_the_row(sheets: SheetsConnector, world: GoogleWorld) -> None:
    link = "https://acme.slack.com/archives/C1/p1"
    await sheets.perform(append(reference={**REFERENCE, "state": "approved", "link": link}, sheet="Collections"), KEY)
    assert world.rows(3) == [[KEY, "approved", "call-7f3a", link]]


@pytest.mark.parametrize("text", ['=HYPERLINK("https://evil.example")', "+1+1", "@SUM(A1)", "'=1", "007", "TRUE"])
async def test_what_a_caller_said_never_becomes_a_formula_or_a_number(
    sheets: SheetsConnector, world: GoogleWorld, text: str
) -> None:
    await sheets.perform(append(text), KEY)
    await sheets.perform(status(text), KEY)
    assert world.rows()[0][1:] == [text, "call-7f3a", "case-12", text]
    assert b"formulaValue" not in b"".join(one.body for one in world.exchanges)


async def test_the_same_key_adds_one_row_however_often_and_by_whomever_it_is_tried(
    sheets: SheetsConnector, world: GoogleWorld
) -> None:
    first = await sheets.perform(append("x"), KEY)
    another = world.sheets()
    again = await another.perform(append("x"), KEY)
    assert again.vendor_id == first.vendor_id
    assert len(world.rows()) == 1
    await another.close()


@pytest.mark.parametrize("fault", ["lost_reply", "garbage"])
async def test_a_row_whose_answer_was_lost_is_found_and_not_added_again(
    sheets: SheetsConnector, world: GoogleWorld, fault: str
) -> None:
    world.fail(BATCH, fault)
    await refusal(sheets, append("x"), Unsure)
    found = await sheets.find(append("x"), KEY)
    assert found is not None
    assert (await sheets.perform(append("x"), KEY)).vendor_id == found.vendor_id
    assert len(world.rows()) == 1


@pytest.mark.parametrize("fault", ["drop", "503"])
async def test_a_row_that_never_arrived_is_not_found_and_added_by_the_next_try(
    sheets: SheetsConnector, world: GoogleWorld, fault: str
) -> None:
    world.fail(BATCH, fault)
    await refusal(sheets, append("x"), Unsure)
    assert await sheets.find(append("x"), KEY) is None
    await sheets.perform(append("x"), KEY)
    assert len(world.rows()) == 1


async def test_a_batch_that_arrives_late_makes_the_second_one_fail_as_a_whole(
    sheets: SheetsConnector, world: GoogleWorld
) -> None:
    """Check a row that was not there when we looked, and is there when we add it again."""
    world.fail(BATCH, "late")
    await refusal(sheets, append("x"), Unsure)
    assert await sheets.find(append("x"), KEY) is None
    receipt = await sheets.perform(append("x"), KEY)
    assert receipt.note == "An earlier try of this step had added the row."
    assert [one.status for one in world.writes] == [None, 400]
    assert len(world.rows()) == 1


async def test_a_key_whose_id_another_row_holds_takes_the_next_one(sheets: SheetsConnector, world: GoogleWorld) -> None:
    first, second, *_ = mark_ids(KEY)
    marks = world.store["spreadsheets"][SPREADSHEET]["marks"]
    marks.append({"id": first, "key": "countersign_row", "value": "call-0/step/1", "tab": 0, "row": 1})
    receipt = await sheets.perform(append("x"), KEY)
    assert receipt.vendor_id == str(second)
    await sheets.perform(append("x"), KEY)
    assert len(world.rows()) == 1


async def test_four_taken_ids_are_refused(sheets: SheetsConnector, world: GoogleWorld) -> None:
    other = {"key": "countersign_row", "value": "another", "tab": 0, "row": 1}
    world.store["spreadsheets"][SPREADSHEET]["marks"] += [{**other, "id": one} for one in mark_ids(KEY)]
    assert "add the row by hand" in await refusal(sheets, append("x"))
    assert world.rows() == []


def test_metadata_ids_are_positive_31_bits_and_always_the_same() -> None:
    for n in range(200):
        ids = list(mark_ids(f"call-{n}"))
        assert all(0 < one < 2**31 for one in ids)
        assert ids == list(mark_ids(f"call-{n}"))


async def test_the_status_is_set_where_the_row_went_and_nothing_else_changes(
    sheets: SheetsConnector, world: GoogleWorld
) -> None:
    await sheets.perform(append("x", "y"), KEY)
    await sheets.perform(append("z"), "call-0/step/1")  # ours is the second row now
    receipt = await sheets.perform(status(), "call-7f3a/status/1")
    assert world.rows()[1] == [KEY, "approved", "call-7f3a", "case-12", "x", "y"]
    assert world.rows()[0][1] == "open"
    assert receipt.url == f"{URL}#gid=0&range=A3"


async def test_a_status_whose_answer_was_lost_is_found(sheets: SheetsConnector, world: GoogleWorld) -> None:
    await sheets.perform(append("x"), KEY)
    assert await sheets.find(status(), "call-7f3a/status/1") is None
    world.fail(STATUS, "lost_reply")
    await refusal(sheets, status(), Unsure)
    assert await sheets.find(status(), "call-7f3a/status/1") is not None
    await sheets.perform(status(), "call-7f3a/status/1")
    assert [row[1] for row in world.rows()] == ["approved"]


async def test_a_row_that_is_gone_has_no_status_to_set(sheets: SheetsConnector, world: GoogleWorld) -> None:
    assert "no longer in the sheet" in await refusal(sheets, status())
    assert world.writes == []


@pytest.mark.parametrize(
    ("todo", "words"),
    [
        (append("x", sheet="Nowhere"), "The spreadsheet has no tab named Nowhere: add it there, or correct the name."),
        (append("x" * 5001), "does not fit Google Sheets"),
        (append(*["x"] * 21), "does not fit Google Sheets"),
        (append(sheet="Disputes\nx"), "has to be one line"),
        (append(row=1), "Extra inputs are not permitted"),
        (status(""), "does not fit Google Sheets"),
    ],
)
async def test_what_does_not_fit_is_refused_in_words(
    sheets: SheetsConnector, world: GoogleWorld, todo: Action, words: str
) -> None:
    assert words in await refusal(sheets, todo)
    assert world.writes == []


@pytest.mark.parametrize(
    ("fault", "error", "kind", "words"),
    [
        ("429", {"status": "RESOURCE_EXHAUSTED"}, Unavailable, "slow down"),
        ("403", {"status": "PERMISSION_DENIED"}, Refused, "share the folder or the file with countersign@acme"),
        ("404", {"status": "NOT_FOUND"}, Refused, "does not show it to countersign@acme-finance"),
        ("400", {"status": "INVALID_ARGUMENT"}, Refused, "Google Sheets refused it: No way, says [address]"),
    ],
)
async def test_what_sheets_says_has_one_meaning(
    sheets: SheetsConnector,
    world: GoogleWorld,
    fault: str,
    error: dict[str, Any],
    kind: type[ConnectorError],
    words: str,
) -> None:
    world.error = error
    world.fail(BATCH, fault)
    assert words in await refusal(sheets, append("x"), kind)
    assert world.rows() == []


async def test_a_revoked_service_account_is_locked_out(sheets: SheetsConnector, world: GoogleWorld) -> None:
    await sheets.check()
    world.store["revoked"] = True
    for todo in (append("x"), status()):
        await refusal(sheets, todo, CredentialsRefused)
    assert world.writes == []


async def test_a_check_names_the_tabs(sheets: SheetsConnector) -> None:
    assert "with the tabs Disputes, Exceptions" in await sheets.check()


async def test_rows_about_the_same_invoice_or_payment_are_counted_on_every_tab(
    sheets: SheetsConnector, world: GoogleWorld
) -> None:
    await sheets.perform(append("INV-20431"), "call-0/step/1")
    await sheets.perform(append("x", "pi_SMALL", sheet="Exceptions"), "call-1/step/1")
    await sheets.perform(append("INV-2043"), "call-2/step/1")
    wanted = frozenset({"rows"})
    (fact,) = await sheets.facts(details(invoice_number="inv-20431", payment_id="pi_SMALL"), wanted, NOW)
    assert (fact.values, fact.sentence) == ({"count": 2}, "2 rows in our spreadsheet about it")
    assert await sheets.facts(details(), wanted, NOW) == ()
    world.fail("/values:batchGetByDataFilter", "503", "POST")
    (fact,) = await sheets.facts(details(invoice_number="INV-20431"), wanted, NOW)
    assert fact.missing is not None
