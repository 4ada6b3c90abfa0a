"""Promises around Stripe's invoices, receipts, disputes and customers: what is sent, and what is refused in words."""

from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from pydantic import JsonValue

from bot.connectors.stripe import StripeConnector
from bot.core.model import Action
from bot.http.errors import Refused
from tests.connectors.support import KEY, REFERENCE, World, action, refusal

OURS = dict(REFERENCE)


def todo(operation: str, **params: JsonValue) -> Action:
    return action("stripe", operation, **params)


def note(number: str = "INV-20418", amount_minor: int = 5000, currency: str = "USD") -> Action:
    return todo("credit_note", invoice_number=number, amount_minor=amount_minor, currency=currency, reference=OURS)


def form(world: World) -> dict[str, list[str]]:
    (sent,) = world.writes
    return parse_qs(sent.body.decode(), keep_blank_values=True)


async def test_a_credit_note_gives_the_money_back_and_carries_our_reference(
    stripe: StripeConnector, world: World
) -> None:
    receipt = await stripe.perform(note(), KEY)
    assert form(world) == {
        "invoice": ["in_20418"],
        "amount": ["5000"],
        "refund_amount": ["5000"],
        "metadata[countersign]": [KEY],
        "metadata[call]": ["call-7f3a"],
        "metadata[case]": ["case-12"],
    }
    assert world.state.stripe["charges"]["ch_INV20418"]["amount_refunded"] == 5000
    assert receipt.url == "https://dashboard.stripe.com/test/invoices/in_20418"


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (note("INV-20431"), "Invoice INV-20431 is open: a credit note gives back the money of a paid invoice."),
        (note("INV-99999"), "Stripe has no invoice INV-99999."),
        (note(amount_minor=12951), "129.51 USD is more than the 129.50 USD left of 129.50 USD."),
        (note(currency="EUR"), "The payment is in USD, not in EUR."),
    ],
)
async def test_a_credit_note_that_cannot_be_is_refused_before_anything_is_sent(
    stripe: StripeConnector, world: World, step: Action, sentence: str
) -> None:
    assert await refusal(stripe, step) == sentence
    assert world.writes == []


async def test_credit_notes_and_refunds_together_give_back_no_more_than_was_paid(
    stripe: StripeConnector, world: World
) -> None:
    await stripe.perform(
        todo("refund", payment_id="pi_INV20418", amount_minor=10000, currency="USD"), "call-0/refund/1"
    )
    world.exchanges.clear()
    assert await refusal(stripe, note()) == "50.00 USD is more than the 29.50 USD left of 129.50 USD."
    world.state.stripe["invoices"]["in_20418"]["post_payment_credit_notes_amount"] = 12_000
    assert await refusal(stripe, note(amount_minor=2000)) == (
        "20.00 USD is more than the 9.50 USD of Invoice INV-20418 that no credit note covers yet."
    )
    assert world.writes == []


async def test_no_credit_note_beside_a_dispute(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_INV20418"]["disputed"] = True
    assert "disputed" in await refusal(stripe, note())
    assert world.writes == []


async def test_an_invoice_paid_elsewhere_or_twice_is_left_to_a_person(stripe: StripeConnector, world: World) -> None:
    payments = world.state.stripe["invoice_payments"]
    payments["inpay_second"] = {**payments["inpay_INV20418"], "id": "inpay_second"}
    assert "was paid by 2 payments" in await refusal(stripe, note())
    payments.clear()
    assert "was paid outside Stripe" in await refusal(stripe, note())
    assert world.writes == []


async def test_a_credit_note_that_was_voided_or_whose_refund_failed_does_not_count_as_done(
    stripe: StripeConnector, world: World
) -> None:
    await stripe.perform(note(), KEY)
    (made,) = world.state.stripe["credit_notes"].values()
    (refund,) = [one for one in world.state.stripe["refunds"].values() if one["charge"] == "ch_INV20418"]
    refund |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    assert await stripe.find(note(), KEY) is None
    assert "but it failed (lost_or_stolen_card)" in await refusal(stripe, note())
    refund["status"] = "succeeded"
    made["status"] = "void"
    assert await stripe.find(note(), KEY) is None
    assert "somebody has voided it" in await refusal(stripe, note())
    assert len(world.writes) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("paid", "send the receipt of its payment"),
        ("void", "is closed (void)"),
        ("uncollectible", "is closed (uncollectible)"),
        ("draft", "finalize it in Stripe first"),
    ],
)
async def test_only_an_open_invoice_is_mailed(stripe: StripeConnector, world: World, status: str, words: str) -> None:
    world.state.stripe["invoices"]["in_20431"]["status"] = status
    assert words in await refusal(stripe, todo("send_invoice", invoice_number="INV-20431"))
    assert world.writes == []


@pytest.mark.parametrize("verified", [None, "Called back on the number in the contract"])
async def test_an_invoice_goes_to_the_address_on_record_only(
    stripe: StripeConnector, world: World, verified: str | None
) -> None:
    other = todo("send_invoice", invoice_number="INV-20431", email="eve@elsewhere.example", verified=verified)
    assert "change cus_NORTHWIND in Stripe" in await refusal(stripe, other)
    assert world.writes == []
    same = todo("send_invoice", invoice_number="inv-20431", email=" AP@northwind.example ")
    receipt = await stripe.perform(same, KEY)
    assert receipt.note == "Stripe mails nothing in test mode."


async def test_an_invoice_of_a_customer_without_an_address_or_with_two_is_refused(
    stripe: StripeConnector, world: World
) -> None:
    step, customer = todo("send_invoice", invoice_number="INV-20431"), world.state.stripe["customers"]["cus_NORTHWIND"]
    customer["email"] = None
    assert "has no e-mail address in Stripe" in await refusal(stripe, step)
    customer["email"] = "new@northwind.example"
    assert "have different e-mail addresses" in await refusal(stripe, step)
    assert world.writes == []


async def test_another_step_may_mail_the_same_invoice_again(stripe: StripeConnector, world: World) -> None:
    step = todo("send_invoice", invoice_number="INV-20431")
    await stripe.perform(step, "call-0001/send/1")
    assert await stripe.find(step, KEY) is None
    await stripe.perform(step, KEY)
    assert world.state.stripe["times_sent"] == {"in_20431": 2}


async def test_two_invoices_of_one_number_are_left_to_a_person(stripe: StripeConnector, world: World) -> None:
    invoices = world.state.stripe["invoices"]
    invoices["in_twin"] = {**invoices["in_20431"], "id": "in_twin"}
    assert "more than one invoice INV-20431" in await refusal(stripe, todo("pay_invoice", invoice_number="INV-20431"))


async def test_paying_a_subscriptions_latest_invoice_brings_it_back(stripe: StripeConnector, world: World) -> None:
    receipt = await stripe.perform(todo("pay_invoice", subscription_id="sub_LARKSPUR"), KEY)
    assert (receipt.vendor_id, receipt.note) == ("in_20462", "Invoice INV-20462 is paid.")
    assert world.state.stripe["subscriptions"]["sub_LARKSPUR"]["status"] == "active"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (todo("pay_invoice", invoice_number="INV-20455"), "declined the payment (do_not_honor)"),
        (todo("pay_invoice", subscription_id="sub_NOBODY"), "Stripe has no subscription sub_NOBODY."),
        (todo("pay_invoice", invoice_number="INV-20431", subscription_id="sub_LARKSPUR"), "state one of them"),
        (todo("pay_invoice", invoice_number="INV-404"), "Stripe has no invoice INV-404."),
        (todo("pay_invoice"), "an invoice number or a subscription is needed"),
    ],
)
async def test_what_cannot_be_paid_says_why(stripe: StripeConnector, step: Action, words: str) -> None:
    assert words in await refusal(stripe, step)


async def test_a_bank_that_wants_the_customer_to_confirm_says_what_to_do(stripe: StripeConnector, world: World) -> None:
    world.error = {"type": "card_error", "code": "invoice_payment_intent_requires_action", "message": "x"}
    world.fail("POST", "402")
    assert "send the invoice" in await refusal(stripe, todo("pay_invoice", invoice_number="INV-20431"))


@pytest.mark.parametrize("status", ["void", "draft", "uncollectible"])
async def test_a_closed_invoice_is_not_paid(stripe: StripeConnector, world: World, status: str) -> None:
    world.state.stripe["invoices"]["in_20431"]["status"] = status
    assert f"is {status}" in await refusal(stripe, todo("pay_invoice", invoice_number="INV-20431"))
    assert world.writes == []


async def test_no_second_payment_beside_one_that_a_bank_works_on(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["payment_intents"]["pi_INV20431"]["status"] = "processing"
    receipt = await stripe.perform(todo("pay_invoice", invoice_number="INV-20431"), KEY)
    assert receipt.note == "The bank is still working on the payment of Invoice INV-20431."
    assert world.writes == []


async def test_a_receipt_goes_to_the_address_on_record_or_to_a_verified_one(
    stripe: StripeConnector, world: World
) -> None:
    elsewhere = {"payment_id": "pi_YEN", "email": "boss@example.com"}
    assert "verify the recipient first" in await refusal(stripe, todo("send_receipt", **elsewhere))
    assert world.writes == []
    await stripe.perform(todo("send_receipt", **elsewhere, verified="Video call with Haruka Sato"), KEY)
    assert form(world)["receipt_email"] == ["boss@example.com"]


async def test_a_receipt_without_any_address_on_record_wants_a_person(stripe: StripeConnector, world: World) -> None:
    charge = world.state.stripe["charges"]["ch_SMALL"]
    charge["customer"] = None
    step = todo("send_receipt", payment_id="pi_SMALL", email="ap@northwind.example")
    charge["billing_details"]["email"] = None
    assert "no e-mail address on record" in await refusal(stripe, step)
    charge["billing_details"]["email"] = "ap@northwind.example"  # of a guest, who typed it in when paying
    assert (await stripe.perform(step, KEY)).vendor_id == "ch_SMALL"


async def test_a_payment_that_failed_has_no_receipt(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["status"] = "failed"
    step = todo("send_receipt", payment_id="pi_SMALL", email="ap@northwind.example")
    assert "there is no receipt" in await refusal(stripe, step)


async def test_the_receipt_of_a_later_step_leaves_the_trace_of_the_first(stripe: StripeConnector, world: World) -> None:
    step = todo("send_receipt", payment_id="pi_SMALL", email="ap@northwind.example")
    await stripe.perform(step, KEY)
    await stripe.perform(step, "call-0002/receipt/1")
    assert await stripe.find(step, KEY) is not None
    assert all(len(name) <= 40 for name in world.state.stripe["charges"]["ch_SMALL"]["metadata"])


STAGE = todo("stage_evidence", payment_id="pi_DISPUTED", text="Signed for by Dana.", reference=OURS)
SUBMIT = todo("submit_evidence", payment_id="pi_DISPUTED", reference=OURS)


async def test_staged_evidence_is_added_to_what_a_person_wrote_and_not_submitted(
    stripe: StripeConnector, world: World
) -> None:
    dispute = world.state.stripe["disputes"]["dp_DISPUTED"]
    dispute["evidence"]["uncategorized_text"] = "Our own notes."
    receipt = await stripe.perform(STAGE, KEY)
    assert dispute["evidence"]["uncategorized_text"] == "Our own notes.\n\nSigned for by Dana."
    assert (dispute["status"], form(world)["submit"]) == ("needs_response", ["false"])
    assert receipt.note == "Staged, not submitted; evidence is due by 2 Dec 2026."


async def test_only_staged_evidence_is_submitted_in_time_and_once(stripe: StripeConnector, world: World) -> None:
    dispute = world.state.stripe["disputes"]["dp_DISPUTED"]
    assert "No evidence is staged" in await refusal(stripe, SUBMIT)
    await stripe.perform(STAGE, "call-7f3a/stage/1")
    dispute["evidence_details"]["past_due"] = True
    assert "due by 2 Dec 2026" in await refusal(stripe, SUBMIT)
    dispute["evidence_details"]["past_due"] = False
    await stripe.perform(SUBMIT, KEY)
    assert dispute["status"] == "under_review"
    with pytest.raises(Refused, match="takes no evidence any more"):
        await stripe.perform(SUBMIT, "call-0003/submit/1")
    assert dispute["evidence_details"]["submission_count"] == 1


async def test_a_payment_without_a_dispute_takes_no_evidence(stripe: StripeConnector, world: World) -> None:
    for step in (STAGE, SUBMIT):
        elsewhere = step.model_copy(update={"params": {**step.params, "payment_id": "pi_SMALL"}})
        assert await refusal(stripe, elsewhere) == "Stripe has no dispute about the payment pi_SMALL."
    assert world.writes == []


async def test_more_text_than_stripe_takes_is_refused(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["disputes"]["dp_DISPUTED"]["evidence"]["uncategorized_text"] = "x" * 19_990
    assert "room for 8 more characters" in await refusal(stripe, STAGE)
    assert world.writes == []


HOME = {"line1": "1 Quay St", "line2": "Suite 4", "city": "Bristol", "postal_code": "BS1 4DJ", "country": "GB"}


@pytest.mark.parametrize(
    ("stated", "new"),
    [
        ({"postcode": "BS1 5AA"}, {**HOME, "postal_code": "BS1 5AA"}),
        ({"line1": "9 High St", "city": "Bath"}, {**HOME, "line1": "9 High St", "line2": "", "city": "Bath"}),
        ({"region": "Avon", "country": "gb"}, {**HOME, "state": "Avon"}),
    ],
)
async def test_an_address_keeps_what_was_not_stated_but_nothing_of_an_old_street(
    stripe: StripeConnector, world: World, stated: dict[str, Any], new: dict[str, str]
) -> None:
    world.state.stripe["customers"]["cus_KESTREL"]["address"] = {**HOME, "state": None}
    await stripe.perform(todo("update_address", account_id="cus_KESTREL", address=stated), KEY)
    (sent,) = world.writes
    whole = {f"address[{name}]": value for name, value in {"state": "", **new}.items()}
    assert dict(parse_qsl(sent.body.decode(), keep_blank_values=True)) == whole


@pytest.mark.parametrize(
    ("stated", "words"),
    [({"country": "Germany"}, "as two letters"), ({"line1": "", "city": None}, "No part of the new address")],
)
async def test_an_address_that_stripe_cannot_take_is_refused(
    stripe: StripeConnector, world: World, stated: dict[str, Any], words: str
) -> None:
    assert words in await refusal(stripe, todo("update_address", account_id="cus_KESTREL", address=stated))
    assert world.writes == []


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"account_id": "cus_NOBODY"}, "Stripe has no customer cus_NOBODY."),
        ({"account_id": "KESTREL-001"}, "KESTREL-001 is not a customer id of Stripe"),
        ({"email": "nobody@example.com"}, "no customer with this e-mail address"),
        ({"email": "nobody"}, "does not fit Stripe"),
        ({}, "a customer id or an e-mail address is needed"),
    ],
)
async def test_a_customer_that_cannot_be_told_is_refused(
    stripe: StripeConnector, world: World, who: dict[str, JsonValue], words: str
) -> None:
    sentence = await refusal(stripe, todo("portal_link", **who))
    assert words in sentence
    assert "nobody@example.com" not in sentence
    assert world.writes == []


async def test_a_customer_is_found_by_e_mail_and_two_with_the_same_are_refused(
    stripe: StripeConnector, world: World
) -> None:
    link = todo("portal_link", account_id="KESTREL-001", email="Marcus@Kestrel.example.com")
    receipt = await stripe.perform(link, KEY)
    assert form(world) == {"customer": ["cus_KESTREL"]}
    assert receipt.url == f"https://billing.example.com/p/session/{receipt.vendor_id}"
    customers = world.state.stripe["customers"]
    customers["cus_TWIN"] = {**customers["cus_KESTREL"], "id": "cus_TWIN"}
    assert "cus_KESTREL, cus_TWIN" in await refusal(stripe, link)


async def test_a_deleted_customer_is_none(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["customers"]["cus_KESTREL"] = {"id": "cus_KESTREL", "object": "customer", "deleted": True}
    assert await refusal(stripe, todo("portal_link", account_id="cus_KESTREL")) == "Stripe has no customer cus_KESTREL."
