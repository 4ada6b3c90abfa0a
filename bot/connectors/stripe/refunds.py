"""Give money back: a refund of a payment, or a credit note on a paid invoice, which refunds and keeps the books right.

Never over what is left, never beside a dispute: both are read from Stripe before anything is sent. The reason
"fraudulent" is not offered at all: Stripe then also blocks the card.
"""

from typing import Literal, TypeVar

from bot.connectors.base import token
from bot.connectors.parameters import Amount, Reference
from bot.connectors.stripe.client import MARK, TITLE, InvoiceNumber, PaymentId, StripeApi, about, path_of
from bot.connectors.stripe.records import OTHER_UNITS, THREE_DECIMALS, Charge, CreditNote, Invoice, Refund
from bot.core.model import Money, Receipt
from bot.core.money import show
from bot.http.errors import Refused

PaidBack = TypeVar("PaidBack", Refund, CreditNote)


class RefundPayment(Amount):
    payment_id: PaymentId
    reason: Literal["duplicate", "requested_by_customer"] | None = None
    reference: Reference | None = None


class MakeCreditNote(Amount):
    """Give money of a paid invoice back, and say so in the books."""

    invoice_number: InvoiceNumber
    reference: Reference


async def make_refund(api: StripeApi, params: RefundPayment, key: str) -> Receipt:
    """Refund a payment. Stripe answers a repeat of the same Idempotency-Key with the first refund."""
    charge = await api.charge(params.payment_id)
    # an earlier try of ours may be the very reason why nothing is left, and its key may have run out
    if charge.amount_refunded and (earlier := await _refund_of(api, params, key)):
        return _receipt(earlier, charge)
    if objection := _objection(charge, params.money):
        raise Refused(objection)
    reply = await api.send(
        "/v1/refunds",
        {
            payment_field(params.payment_id): params.payment_id,
            "amount": str(params.amount_minor),
            "reason": params.reason,
            f"metadata[{MARK}]": token(key),
            **about(params.reference),
        },
        key,
    )
    refund = api.http.record(Refund, reply)
    if (refund.amount, refund.currency) != (params.amount_minor, params.currency):
        raise api.http.unreadable(reply)
    if reply.replayed:
        refund = await api.as_it_stands(path_of("refunds", refund.id), Refund)
    return _receipt(refund, charge, reply.request_id)


async def find_refund(api: StripeApi, params: RefundPayment, key: str) -> Receipt | None:
    refund = await _refund_of(api, params, key)
    if refund is None or refund.failed:  # `make_refund` then says that it failed: nothing is sent twice under one key
        return None
    return _receipt(refund, await api.charge(params.payment_id))


async def make_credit_note(api: StripeApi, params: MakeCreditNote, key: str) -> Receipt:
    """Make a credit note. Stripe answers a repeat of the same Idempotency-Key with the first one."""
    invoice = await api.invoice(params.invoice_number)
    if invoice.post_payment_credit_notes_amount and (earlier := await _note_of(api, invoice, params, key)):
        return _note_receipt(earlier, invoice)
    if objection := await _objection_to_credit(api, invoice, params.money):
        raise Refused(objection)
    reply = await api.send(
        "/v1/credit_notes",
        {
            "invoice": invoice.id,
            "amount": str(params.amount_minor),
            "refund_amount": str(params.amount_minor),
            f"metadata[{MARK}]": token(key),
            **about(params.reference),
        },
        key,
    )
    note = api.http.record(CreditNote, reply)
    if (note.amount, note.currency, note.invoice) != (params.amount_minor, params.currency, invoice.id):
        raise api.http.unreadable(reply)
    if reply.replayed:
        note = await api.as_it_stands(path_of("credit_notes", note.id), CreditNote, "refunds.refund")
    return _note_receipt(note, invoice, reply.request_id)


async def find_credit_note(api: StripeApi, params: MakeCreditNote, key: str) -> Receipt | None:
    invoice = await api.invoice(params.invoice_number)
    note = await _note_of(api, invoice, params, key)
    if note is None or note.status == "void" or note.failed_refund:
        return None
    return _note_receipt(note, invoice)


def payment_field(payment_id: str) -> str:
    return "payment_intent" if payment_id.startswith("pi_") else "charge"


async def _refund_of(api: StripeApi, params: RefundPayment, key: str) -> Refund | None:
    query = {payment_field(params.payment_id): params.payment_id}
    async for refund in api.listed("/v1/refunds", Refund, **query):
        if refund.metadata.get(MARK) == token(key):
            return _as_asked(refund, params.money)
    return None


async def _note_of(api: StripeApi, invoice: Invoice, params: MakeCreditNote, key: str) -> CreditNote | None:
    async for note in api.listed("/v1/credit_notes", CreditNote, "data.refunds.refund", invoice=invoice.id):
        if note.metadata.get(MARK) == token(key):
            return _as_asked(note, params.money)
    return None


def _as_asked(record: PaidBack, money: Money) -> PaidBack:
    if (record.amount, record.currency) != (money.amount_minor, money.currency):
        raise Refused(f"{TITLE} has made {record.id} for this step with another amount: compare it there.")
    return record


async def _objection_to_credit(api: StripeApi, invoice: Invoice, asked: Money) -> str | None:
    if invoice.status != "paid":
        return f"{invoice.name} is {invoice.status}: a credit note gives back the money of a paid invoice."
    paid = [payment for payment in invoice.payments if payment.status == "paid"]
    payment = paid[0].payment if len(paid) == 1 else None
    payment_id = (payment.charge or (paid[0].intent.id if paid[0].intent else None)) if payment else None
    if payment_id is None:
        how = f"by {len(paid)} payments" if paid else f"outside {TITLE}"
        return f"{invoice.name} was paid {how}: make its credit note in the Stripe dashboard."
    if objection := _objection(await api.charge(payment_id), asked):
        return objection
    left = invoice.amount_paid - invoice.post_payment_credit_notes_amount
    if asked.amount_minor > left:
        return f"{show(asked)} is more than the {invoice.words(left)} of {invoice.name} that no credit note covers yet."
    return None


def _objection(charge: Charge, money: Money) -> str | None:
    asked = show(money)
    if charge.status != "succeeded":
        return f"The payment did not succeed ({charge.status}), so there is nothing to refund."
    if charge.currency != money.currency:
        return f"The payment is in {charge.currency}, not in {money.currency}."
    if charge.currency in OTHER_UNITS:
        return f"{TITLE} counts {charge.currency} in other units than ISO 4217: refund {asked} by hand."
    if charge.currency in THREE_DECIMALS and money.amount_minor % 10:
        return f"{TITLE} takes amounts in {charge.currency} only with a 0 as the last digit, not {asked}."
    if charge.disputed:
        return "The payment is disputed: a refund beside the dispute could pay twice."
    if charge.left <= 0:
        return f"The payment of {charge.words(charge.paid)} is refunded already."
    if money.amount_minor > charge.left:
        return f"{asked} is more than the {charge.words(charge.left)} left of {charge.words(charge.paid)}."
    return None


def _receipt(refund: Refund, charge: Charge, request_id: str | None = None) -> Receipt:
    if refund.failed:
        raise _failed(refund, request_id)
    note = None if refund.status == "succeeded" else f"The refund is {refund.status or 'under way'} at {TITLE}."
    return Receipt(vendor_id=refund.id, url=charge.url, note=note, request_id=request_id)


def _note_receipt(note: CreditNote, invoice: Invoice, request_id: str | None = None) -> Receipt:
    if note.status == "void":
        raise Refused(f"{TITLE} made the credit note {note.id}, but somebody has voided it.", request_id=request_id)
    if note.failed_refund:
        raise _failed(note.failed_refund, request_id)
    return Receipt(vendor_id=note.id, url=invoice.url, request_id=request_id)


def _failed(refund: Refund, request_id: str | None) -> Refused:
    end = "failed" if refund.status == "failed" else "was canceled"
    why = f" ({refund.failure_reason})" if refund.failure_reason else ""
    return Refused(f"{TITLE} made the refund {refund.id}, but it {end}{why}.", request_id=request_id)
