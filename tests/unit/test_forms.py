"""Draw forms that carry their case and begin with what is known, and name every fault."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.core.cards import completing, forms, wording
from bot.core.model import CaseState, Fields, Kind
from bot.core.playbooks import PLAYBOOKS
from bot.core.records import REASONS, RECORDS
from bot.core.slack_ids import ActionId, CallbackId, CaseRef
from sandbox.slack.checks import view_problems
from tests.support.cards import CASE_ID, PLAIN, REFUND, TICKET, file_of

Read = Callable[[forms.Values], str]


def values(**given: str | None) -> dict[str, dict[str, dict[str, Any]]]:
    kind = given.pop("kind", None)
    option = {"value": kind} if kind else None
    chosen = {"kind": {ActionId.KIND.value: {"type": "static_select", "selected_option": option}}}
    return chosen | {name: {forms.VALUE: {"type": "plain_text_input", "value": text}} for name, text in given.items()}


def test_every_form_finds_its_case_again() -> None:
    file = file_of(Kind.REVIEW)
    views = [forms.reject_form(CaseRef(CASE_ID, 1), "x"), forms.settle_form(file), completing.complete_form(file)]
    assert [view["callback_id"] for view in views] == [
        CallbackId.REJECT_FORM,
        CallbackId.SETTLE_FORM,
        CallbackId.COMPLETE_FORM,
    ]
    assert {view["private_metadata"] for view in views} == {str(CaseRef(CASE_ID, 1))}


@pytest.mark.parametrize(
    ("read", "field", "empty"),
    [
        *((forms.read_reject, "reason", empty) for empty in ("", "  ", "no", None)),
        *((forms.read_recipient, "how", empty) for empty in ("", "yes", "  on file   ")),
        (forms.read_settle, "note", None),
        (forms.read_question, "question", " ? "),
    ],
)
def test_a_text_that_says_nothing_is_a_fault_on_its_field(read: Read, field: str, empty: str | None) -> None:
    assert read(values(**{field: "  paid by bank transfer "})) == "paid by bank transfer"
    with pytest.raises(forms.FormErrors) as raised:
        read(values(**{field: empty}))
    assert list(raised.value.errors) == [field]


def test_the_settle_form_lists_the_steps_that_are_not_done() -> None:
    shown = json.dumps(forms.settle_form(file_of(state=CaseState.STUCK)))
    assert TICKET.sentence in shown
    assert REFUND.sentence not in shown


def test_completing_begins_with_what_is_known_and_the_kind_that_was_meant() -> None:
    view = completing.complete_form(file_of(Kind.REVIEW), Kind.REFUND, kinds=(Kind.DISPUTE, Kind.REFUND))
    by_id = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert by_id["amount"]["initial_value"] == "129.50"
    assert by_id["reason"]["initial_value"] == "charged twice"
    assert "initial_value" not in by_id["brand_name"]
    assert by_id["kind"]["initial_option"]["value"] == "refund"
    assert [option["value"] for option in by_id["kind"]["options"]] == ["dispute", "refund"]


def test_another_kind_puts_its_own_questions_first_and_loses_none_of_what_was_asked_or_typed() -> None:
    for view in (completing.complete_form(file_of(Kind.REVIEW), Kind.REFUND), completing.open_form(PLAIN, "message")):
        for n, block in enumerate(view["blocks"]):
            block.setdefault("block_id", f"slack-{n}")  # Slack names every block
        echoed = {**view, "id": "V1", "hash": "1.a", "team_id": "T1", "state": {"values": {}}, "root_view_id": "V1"}
        form = completing.of_kind(echoed, Kind.BRAND_CREATE)
        assert view_problems(form, "modal") == []
        asked = [block["block_id"] for block in form["blocks"]]
        first = asked.index(PLAYBOOKS[Kind.BRAND_CREATE].form[0])
        assert tuple(asked[first : asked.index("others")]) == PLAYBOOKS[Kind.BRAND_CREATE].form
        inputs = {block["block_id"]: block for block in form["blocks"] if block["type"] == "input"}
        assert inputs == {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
        assert asked[:first] == [block["block_id"] for block in view["blocks"]][:first]
        again = completing.of_kind({**echoed, **form}, Kind.REFUND)
        assert sorted(block["block_id"] for block in again["blocks"]) == sorted(asked)


def test_what_was_completed_comes_back_under_the_canonical_names() -> None:
    completed = completing.read_complete(
        values(kind="refund", amount=" 129.50 ", currency="usd", reason="charged twice", email=None, payment_id="")
    )
    assert completed.kind is Kind.REFUND
    assert completed.fields == {"amount": "129.50", "currency": "USD", "refund_reason": "charged twice"}
    assert set(completed.fields) <= set(Fields.model_fields)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"kind"}),
        ({"kind": "nonsense"}, {"kind"}),
        ({"kind": "refund", "amount": "12.5.0", "currency": "USD"}, {"amount"}),
        ({"kind": "refund", "amount": "1,234", "currency": "USD"}, {"amount"}),
        ({"kind": "refund", "amount": "-5", "currency": "USD"}, {"amount"}),
        ({"kind": "refund", "amount": "0.00", "currency": "USD"}, {"amount"}),
        ({"kind": "refund", "amount": "10.5", "currency": "JPY"}, {"amount"}),
        ({"kind": "refund", "amount": "10.1234", "currency": "KWD"}, {"amount"}),
        ({"kind": "refund", "amount": "10.50"}, {"currency"}),
        ({"kind": "refund", "amount": "10.50", "currency": "XYZ"}, {"currency"}),
        ({"kind": "refund", "amount": "\u0661\u0662", "currency": "USD"}, {"amount"}),
        ({"kind": "receipt", "email": "dana at example.com"}, {"email"}),
        ({"kind": "brand_create", "brand_name": "x", "website_url": "example.com"}, {"brand_name", "website_url"}),
        ({"kind": "brand_create", "brand_name": "x" * 51}, {"brand_name"}),
    ],
)
def test_a_wrong_input_is_named_with_a_sentence(given: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(forms.FormErrors) as raised:
        completing.read_complete(values(**given))
    assert set(raised.value.errors) == wrong
    assert all(sentence.endswith(".") for sentence in raised.value.errors.values())


@pytest.mark.parametrize(("amount", "currency"), [("15000", "JPY"), ("1234.567", "KWD"), ("0.5", "EUR"), ("7", "GBP")])
def test_an_amount_fits_the_decimals_of_its_currency(amount: str, currency: str) -> None:
    assert completing.read_complete(values(kind="refund", amount=amount, currency=currency)).fields["amount"] == amount


def test_every_input_of_the_form_can_be_written_and_names_a_canonical_field() -> None:
    assert set(completing.INPUTS) - {"reason"} <= set(Fields.model_fields)
    assert {*RECORDS, *wording.STATED, *REASONS} <= set(Fields.model_fields)
    assert set(wording.TITLES) == set(wording.ASKS) == set(Kind)
