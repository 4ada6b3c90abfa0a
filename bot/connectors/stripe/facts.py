"""Look up what Stripe knows about a case: payment, refunds, customer, dispute, invoice, subscription.

A payment, a customer or a subscription by Stripe's own id that is not there is a doubt. What may live in another system
(an invoice number, an e-mail address) and a look-up that failed are only `missing`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from bot.connectors.base import Inquiry, Lookup, misfit, stated
from bot.connectors.stripe.client import INVOICE_NUMBER, PAYMENT_ID, TITLE, StripeApi
from bot.connectors.stripe.disputes import OPEN, disputes_of
from bot.connectors.stripe.records import OTHER_UNITS, Charge, Customer, Dispute, Invoice, Refund, Subscription, day
from bot.connectors.stripe.refunds import payment_field
from bot.core.model import Details, Fact, Money
from bot.core.money import show
from bot.http.errors import Refused

FAILED: Final = ("past_due", "unpaid", "incomplete")  # subscription statuses of a renewal that did not go through


async def _charge(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    payment_id = inquiry.details.fields.payment_id
    if not payment_id:
        return None
    try:
        charge = await inquiry.shared(_payment, api)
    except Refused as no:
        return inquiry.fact("charge", missing=no.sentence, doubt=_doubt(no))
    return _charge_fact(payment_id, charge, inquiry)


async def _refunds(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    payment_id = inquiry.details.fields.payment_id
    if not payment_id:
        return None
    try:
        charge = await inquiry.shared(_payment, api)
        listed = api.listed("/v1/refunds", Refund, **{payment_field(payment_id): payment_id})
        return _refunds_fact(charge, [refund async for refund in listed], inquiry)
    except Refused as no:
        if "charge" in inquiry.wanted:  # said once: what was refunded of an unknown payment is no second doubt
            return None
        return inquiry.fact("refunds", missing=no.sentence, doubt=_doubt(no))


async def _payment(api: StripeApi, inquiry: Inquiry) -> Charge:
    payment_id = inquiry.details.fields.payment_id or ""
    if re.fullmatch(PAYMENT_ID, payment_id) is None:
        raise Refused(f"{payment_id} is not a payment of {TITLE}.", reason="not_found")
    return await api.charge(payment_id)


def _doubt(no: Refused) -> str | None:
    return no.sentence if no.reason == "not_found" else None


async def _dispute(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    payment_id = inquiry.details.fields.payment_id
    if not payment_id or re.fullmatch(PAYMENT_ID, payment_id) is None:
        return None
    disputes = await disputes_of(api, payment_id)
    if not disputes:
        return inquiry.fact("dispute", missing=f"{TITLE} has no dispute about this payment.")
    return _dispute_fact(next((dispute for dispute in disputes if dispute.status in OPEN), disputes[0]), inquiry)


async def _invoice(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    invoice = await inquiry.shared(_invoice_of, api)
    if invoice is None:
        return None
    email = (await api.customer(invoice.customer, None)).email if invoice.customer else invoice.customer_email
    return _invoice_fact(invoice, email, inquiry)


async def _customer(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    try:
        customer = await inquiry.shared(_customer_of, api)
    except Refused as no:
        doubt = _doubt(no) if _own_id(inquiry.details) else None
        return inquiry.fact("customer", missing=no.sentence, doubt=doubt)
    return _customer_fact(customer, inquiry) if customer else None


async def _subscription(api: StripeApi, inquiry: Inquiry) -> Fact | None:
    subscription_id = inquiry.details.fields.subscription_id
    if subscription_id and subscription_id.startswith("sub_"):
        try:
            chosen = await api.subscription(subscription_id)
        except Refused as no:
            return inquiry.fact("subscription", missing=no.sentence, doubt=_doubt(no))
    else:
        customer = await inquiry.shared(_customer_of, api)
        if customer is None:
            return None
        query = {"customer": customer.id, "status": "all"}
        listed = [subscription async for subscription in api.listed("/v1/subscriptions", Subscription, **query)]
        if not listed:
            return inquiry.fact("subscription", missing=f"{TITLE} has no subscription of {customer.id}.")
        chosen = next((subscription for subscription in listed if subscription.status in FAILED), listed[0])
    latest = await api.invoice_by_id(chosen.latest_invoice) if chosen.latest_invoice else None
    return _subscription_fact(chosen, latest, inquiry)


def _own_id(details: Details) -> str | None:
    account_id = details.fields.account_id
    return account_id if account_id and account_id.startswith("cus_") else None


async def _customer_of(api: StripeApi, inquiry: Inquiry) -> Customer | None:
    """Find it by its own id, else whose payment or invoice it is, else by e-mail; None where none is stated."""
    fields = inquiry.details.fields
    if account_id := _own_id(inquiry.details):
        return await api.customer(account_id, None)
    if fields.payment_id and re.fullmatch(PAYMENT_ID, fields.payment_id):
        charge = await inquiry.shared(_payment, api)
        if charge.customer:
            return await api.customer(charge.customer, None)
    if (invoice := await inquiry.shared(_invoice_of, api)) and invoice.customer:
        return await api.customer(invoice.customer, None)
    return await api.customer(None, fields.email) if fields.email else None


async def _invoice_of(api: StripeApi, inquiry: Inquiry) -> Invoice | None:
    number = inquiry.details.fields.invoice_number
    return await api.invoice(number) if number and re.fullmatch(INVOICE_NUMBER, number) else None


LOOKUPS: Final[Mapping[str, Lookup]] = {
    "charge": _charge,
    "refunds": _refunds,
    "customer": _customer,
    "dispute": _dispute,
    "invoice": _invoice,
    "subscription": _subscription,
}


# --- in words -------------------------------------------------------------------------------------------------------


def _charge_fact(payment_id: str, charge: Charge, inquiry: Inquiry) -> Fact:
    """Doubt it where the call's money does not fit the charge; not where it is disputed, which a dispute expects."""
    values: dict[str, JsonValue] = {
        "payment_id": payment_id,
        "charge_id": charge.id,
        "status": charge.status,
        "disputed": charge.disputed,
    }
    if charge.currency in OTHER_UNITS:
        words = f"{TITLE} counts {charge.currency} in other units than ISO 4217: compare the amount by hand."
        return inquiry.fact("charge", values=values, sentence=words, doubt=words, url=charge.url)
    values |= {"amount_minor": charge.paid, "currency": charge.currency, "left_minor": charge.left}
    left = "all of it" if charge.left == charge.paid else charge.words(charge.left) if charge.left > 0 else "nothing"
    how = "paid" if charge.status == "succeeded" else charge.status
    sentence = f"{charge.words(charge.paid)} {how} on {day(charge.created)}, {left} left to refund"
    sentence += ", disputed" if charge.disputed else ""
    paid = Money(amount_minor=charge.paid, currency=charge.currency)
    doubt = misfit(inquiry.details.money, paid, f"the {TITLE} payment")
    return inquiry.fact("charge", values=values, sentence=sentence, doubt=doubt, url=charge.url)


def _refunds_fact(charge: Charge, refunds: Iterable[Refund], inquiry: Inquiry) -> Fact:
    """Doubt it where nothing, or less than the call asks for, is left."""
    said = inquiry.details.money
    counted = sorted((refund for refund in refunds if not refund.failed), key=lambda refund: refund.created)
    values: dict[str, JsonValue] = {"count": len(counted)}
    if charge.currency in OTHER_UNITS:
        return inquiry.fact("refunds", values=values, sentence=f"{len(counted)} refunds so far", url=charge.url)
    values |= {"refunded_minor": charge.amount_refunded, "left_minor": charge.left, "currency": charge.currency}
    if charge.amount_refunded <= 0:
        return inquiry.fact("refunds", values=values, sentence="Nothing refunded before", url=charge.url)
    last = f" (last on {day(counted[-1].created)})" if counted else ""
    sentence = f"Already refunded {charge.words(charge.amount_refunded)} of {charge.words(charge.paid)}{last}"
    asks_more = said is not None and said.currency == charge.currency and said.amount_minor > charge.left
    if charge.left <= 0:
        doubt: str | None = f"{sentence}: nothing is left."
    elif said is not None and asks_more:
        doubt = f"The call asks for {show(said)}, but only {charge.words(charge.left)} is left. {sentence}."
    else:
        doubt = None
    return inquiry.fact("refunds", values=values, sentence=sentence, doubt=doubt, url=charge.url)


def _invoice_fact(invoice: Invoice, email: str | None, inquiry: Inquiry) -> Fact:
    """Doubt it where the call's money does not fit the invoice; `email` is the one on the customer's record."""
    values = stated({"invoice_id": invoice.id, "number": invoice.number, "status": invoice.status, "email": email})
    values["url"] = invoice.url
    words = f"{invoice.name}, {invoice.status}"
    if invoice.currency in OTHER_UNITS:
        sentence = f"{words}; {TITLE} counts {invoice.currency} in other units than ISO 4217: compare it by hand"
        return inquiry.fact("invoice", values=values, sentence=sentence, doubt=f"{sentence}.", url=invoice.url)
    left = invoice.amount_remaining
    values |= {"amount_minor": invoice.amount_due, "left_minor": left, "currency": invoice.currency}
    sentence = f"{words}, {invoice.words(invoice.amount_due)}"
    sentence += f", {invoice.words(left)} left to pay" if 0 < left < invoice.amount_due else ""
    due = Money(amount_minor=invoice.amount_due, currency=invoice.currency)
    doubt = misfit(inquiry.details.money, due, f"the {TITLE} invoice")
    return inquiry.fact("invoice", values=values, sentence=sentence, doubt=doubt, url=invoice.url)


def _customer_fact(customer: Customer, inquiry: Inquiry) -> Fact:
    values = stated({"customer_id": customer.id, "email": customer.email, "name": customer.name})
    sentence = f"{customer.name or customer.id}, {customer.email or 'no e-mail address'}"
    return inquiry.fact("customer", values=values, sentence=sentence, url=customer.url)


def _dispute_fact(dispute: Dispute, inquiry: Inquiry) -> Fact:
    due = dispute.evidence_details.due_by
    values = stated(
        {
            "dispute_id": dispute.id,
            "status": dispute.status,
            "due_by": datetime.fromtimestamp(due, UTC).isoformat() if due else None,
        }
    )
    sentence = f"Dispute {dispute.status.replace('_', ' ')}"
    sentence += f", evidence due by {day(due)}" if due else ""
    return inquiry.fact("dispute", values=values, sentence=sentence, url=dispute.url)


def _subscription_fact(subscription: Subscription, latest: Invoice | None, inquiry: Inquiry) -> Fact:
    failure = latest.failure if latest and latest.status == "open" else None
    number = latest.number if latest else None
    values = stated(
        {
            "subscription_id": subscription.id,
            "status": subscription.status,
            "invoice_number": number,
            "failure": failure,
        }
    )
    sentence = f"Subscription {subscription.status.replace('_', ' ')}"
    sentence += f", invoice {number} {latest.status}" if latest and number else ""
    sentence += f" ({failure.replace('_', ' ')})" if failure else ""
    return inquiry.fact("subscription", values=values, sentence=sentence, url=subscription.url)
