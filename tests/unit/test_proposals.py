"""Propose for each kind what fits its connectors, with one amount."""

import json

import pytest
from pydantic import ValidationError

from bot.connectors.base import parsed_params
from bot.core.model import Action, Fact, Kind, Money, Option, Proposal
from bot.core.triage import case_id_of, told_as
from tests.support.kinds import (
    EVERYTHING,
    EXAMPLES,
    LINK,
    NOW,
    ON_RECORD,
    OPERATIONS,
    every_action,
    found,
    sorted_out,
    told,
)

BILLED_TO_DANA = (found("invoice", status="open", email="ap@northwind.example"),)


def refund(amount_minor: int, currency: str = "USD") -> Action:
    params = {"payment_id": "pi_1", "amount_minor": amount_minor, "currency": currency}
    return Action(name="refund", connector="stripe", operation="refund", params=params, sentence="Refund")


def proposal(money: Money | None, *actions: Action, options: tuple[Option, ...] = ()) -> Proposal:
    return Proposal(
        case_id="C-1", version=1, kind=Kind.REFUND, money=money, actions=actions, options=options, created_at=NOW
    )


def test_an_action_about_the_proposals_amount_is_taken() -> None:
    made = proposal(Money(amount_minor=2400, currency="USD"), refund(2400))
    assert made.actions[0].params["amount_minor"] == 2400


@pytest.mark.parametrize("other", [refund(24_000), refund(2400, "EUR")])
def test_an_action_about_another_amount_cannot_be_proposed(other: Action) -> None:
    money = Money(amount_minor=2400, currency="USD")
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(money, other)
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(money, options=(Option(name="refund", label="Refund it", actions=(other,)),))


def test_an_action_with_an_amount_needs_a_proposal_with_one() -> None:
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(None, refund(2400))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("invoice", [None, "open", "paid"])
@pytest.mark.parametrize(
    "available_operations", [EVERYTHING, EVERYTHING - {"fidel.reimburse_transaction"}], ids=["all", "usual"]
)
def test_whatever_an_example_proposes_fits_its_connector(
    name: str, invoice: str | None, available_operations: frozenset[str]
) -> None:
    status = (found("books_invoice", status=invoice), found("invoice", status=invoice)) if invoice else ()
    for facts in ((), (*ON_RECORD, *status)):
        triaged = sorted_out(told(name), facts=facts, available_operations=available_operations)
        for action in every_action(triaged):
            if not action.by_hand:
                parsed_params(action.connector, OPERATIONS[action.connector], action)
            assert action.by_hand == (action.operation == "by_hand"), action


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_of_the_kind_that_it_says(name: str) -> None:
    doubted = {"refund-disputed", "refund-too-much", "brand-create-exists", "brand-rename"}  # look-ups or words
    expected = Kind.REVIEW if name == "brand-rename" else Kind(EXAMPLES[name]["kind"])
    assert sorted_out(told(name)).kind is expected or name in doubted


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_call_makes_the_same_offer(name: str) -> None:
    assert sorted_out(told(name), facts=ON_RECORD) == sorted_out(told(name), facts=ON_RECORD)


@pytest.mark.parametrize(
    ("books", "stripe", "connector"),
    [
        ("open", "open", "quickbooks"),
        ("overdue", None, "quickbooks"),
        (None, "open", "stripe"),
        ("paid", "open", "stripe"),
        ("paid", "paid", "gmail"),
        (None, None, "gmail"),
    ],
)
def test_an_invoice_goes_out_from_the_system_that_issued_it(
    books: str | None, stripe: str | None, connector: str
) -> None:
    statuses = (("books_invoice", books), ("invoice", stripe))
    facts = [found(name, status=status) for name, status in statuses if status]
    triaged = sorted_out(told("invoice-resend"), facts=(*facts, found("document", document_id="1PdfINV-20431")))
    assert triaged.actions[0].connector == connector
    assert "INV-20431" in json.dumps(triaged.actions[1].params)


def test_that_one_of_two_systems_does_not_have_an_invoice_is_no_doubt() -> None:
    nothing = Fact(name="books_invoice", source="QuickBooks", observed_at=NOW, missing="None.", doubt="None.")
    assert sorted_out(told("invoice-resend"), facts=(nothing,)).kind is Kind.REVIEW
    assert sorted_out(told("invoice-resend"), facts=(nothing, *BILLED_TO_DANA)).kind is Kind.INVOICE_RESEND


def test_a_record_that_a_system_does_not_have_makes_its_step_a_persons() -> None:
    nowhere = tuple(
        Fact(name=name, source="Records", observed_at=NOW, missing="None.")
        for name in ("contact", "customer", "books_customer", "subscription", "invoice")
    )
    triaged = sorted_out(told("renewal-failed"), facts=nowhere)
    assert {action.name: action.by_hand for action in triaged.actions} == {
        "payment-link": True,
        "owner-task": True,
        "ticket": False,
    }


def test_evidence_is_staged_by_us_and_submitted_by_a_person() -> None:
    triaged = sorted_out(told("dispute-evidence"), facts=(*ON_RECORD, found("charge", disputed=True)))
    assert [option.name for option in triaged.options] == ["evidence"]  # a disputed payment is not refunded
    ways = [(action.name, action.by_hand) for action in triaged.options[0].actions]
    assert ways[0] == ("stage-evidence", False)
    assert [name for name, by_hand in ways if by_hand] == ["submit-evidence"]
    assert not any(action.operation == "submit_evidence" for action in every_action(triaged))


def test_an_expired_card_is_not_tried_again_first() -> None:
    other = found("subscription", subscription_id="sub_LARKSPUR", failure="insufficient_funds")
    assert sorted_out(told("renewal-failed"), facts=ON_RECORD).actions[0].name == "payment-link"
    assert sorted_out(told("renewal-failed"), facts=(other,)).actions[0].name == "pay-again"


def test_a_customer_whom_the_crm_marks_is_a_vip() -> None:
    call = told("vip-blocker", vip=None)
    assert sorted_out(call).kind is Kind.REVIEW
    assert sorted_out(call, facts=(found("contact", vip=True),)).kind is Kind.VIP_BLOCKER


def test_the_exception_sheet_gets_a_row_only_where_it_is_connected() -> None:
    assert [action.name for action in sorted_out(told("unknown-intent")).actions] == ["exception-row"]
    assert sorted_out(told("unknown-intent"), available_operations=frozenset()).actions == ()


def test_a_reason_goes_along_when_a_question_becomes_another_kind() -> None:
    details = told("billing-question").details
    assert told_as(Kind.DISPUTE, details).fields.dispute_reason == "Expected ten seats, not twelve"
    assert told_as(Kind.DISPUTE, details).fields.call_intent == "dispute"


@pytest.mark.parametrize("name", ["brand-create", "brand-update", "dispute", "vip-blocker"])
def test_on_fidel_stand_only_call_case_state_and_link(name: str) -> None:
    triaged = sorted_out(told(name, card_id="71c3b2e1-6c7d-4d8e-9fa0-1b2c3d4e5f60"), facts=ON_RECORD)
    fidel = [
        action for action in every_action(triaged) if "reference" in action.operation or "brand" in action.operation
    ]
    assert fidel
    for action in fidel:
        case_id = case_id_of(told(name).call_id)
        assert action.params["reference"] == {
            "call": told(name).call_id,
            "case": case_id,
            "state": "done",
            "link": LINK,
        }


def test_the_tax_part_of_an_address_is_a_persons_and_no_tax_number_is_passed_on() -> None:
    triaged = sorted_out(told("address-correction", tax_region="ATU12345678"), facts=ON_RECORD)
    assert [action.name for action in triaged.actions if action.by_hand] == ["tax-details"]
    assert "ATU12345678" not in json.dumps([action.params for action in triaged.actions])


def test_nothing_is_paid_back_of_an_invoice_that_nobody_has_paid() -> None:
    unpaid = found("books_invoice", amount_minor=12_950, balance_minor=12_950)
    partly = found("books_invoice", amount_minor=20_000, balance_minor=100)
    call = told("refund-duplicate", payment_id=None)
    assert "nothing has been paid" in str(sorted_out(call, facts=(unpaid,)).because)
    assert sorted_out(call, facts=(partly,)).kind is Kind.REFUND
