"""What Stripe knows about a case, in words. Pure: the records come in, facts go out."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from pydantic import JsonValue

from bot.connectors.stripe.client import TITLE
from bot.connectors.stripe.invoice_records import Invoice, Subscription
from bot.connectors.stripe.records import OTHER_UNITS, Charge, Customer, Dispute, Refund, day
from bot.core.model import Fact, Money
from bot.core.money import show

MakeFact = Callable[..., Fact]


def charge_fact(payment_id: str, charge: Charge, said: Money | None, fact: MakeFact) -> Fact:
    """A doubt where the call's money does not fit the charge; not where it is disputed, which a dispute expects."""
    values: dict[str, JsonValue] = {
        "payment_id": payment_id,
        "charge_id": charge.id,
        "status": charge.status,
        "disputed": charge.disputed,
    }
    if charge.currency in OTHER_UNITS:
        words = f"{TITLE} counts {charge.currency} in other units than ISO 4217: compare the amount by hand."
        return fact(name="charge", values=values, sentence=words, doubt=words, url=charge.url)
    values |= {"amount_minor": charge.paid, "currency": charge.currency, "left_minor": charge.left}
    left = "all of it" if charge.left == charge.paid else charge.words(charge.left) if charge.left > 0 else "nothing"
    how = "paid" if charge.status == "succeeded" else charge.status
    sentence = f"{charge.words(charge.paid)} {how} on {day(charge.created)}, {left} left to refund"
    sentence += ", disputed" if charge.disputed else ""
    doubt = _misfit(Money(amount_minor=charge.paid, currency=charge.currency), said, "payment")
    return fact(name="charge", values=values, sentence=sentence, doubt=doubt, url=charge.url)


def refunds_fact(charge: Charge, refunds: Iterable[Refund], said: Money | None, fact: MakeFact) -> Fact:
    """A doubt where nothing, or less than the call asks for, is left."""
    counted = sorted((one for one in refunds if not one.failed), key=lambda one: one.created)
    values: dict[str, JsonValue] = {"count": len(counted)}
    if charge.currency in OTHER_UNITS:
        return fact(name="refunds", values=values, sentence=f"{len(counted)} refunds so far", url=charge.url)
    values |= {"refunded_minor": charge.amount_refunded, "left_minor": charge.left, "currency": charge.currency}
    if charge.amount_refunded <= 0:
        return fact(name="refunds", values=values, sentence="Nothing refunded before", url=charge.url)
    last = f" (last on {day(counted[-1].created)})" if counted else ""
    sentence = f"Already refunded {charge.words(charge.amount_refunded)} of {charge.words(charge.paid)}{last}"
    asks_more = said is not None and said.currency == charge.currency and said.amount_minor > charge.left
    if charge.left <= 0:
        doubt: str | None = f"{sentence}: nothing is left."
    elif said is not None and asks_more:
        doubt = f"The call asks for {show(said)}, but only {charge.words(charge.left)} is left. {sentence}."
    else:
        doubt = None
    return fact(name="refunds", values=values, sentence=sentence, doubt=doubt, url=charge.url)


def invoice_fact(invoice: Invoice, email: str | None, said: Money | None, fact: MakeFact) -> Fact:
    """`email` is the one on the customer's record. A doubt where the call's money does not fit the invoice."""
    values = _stated({"invoice_id": invoice.id, "number": invoice.number, "status": invoice.status, "email": email})
    values["url"] = invoice.url
    words = f"{invoice.name}, {invoice.status}"
    if invoice.currency in OTHER_UNITS:
        sentence = f"{words}; {TITLE} counts {invoice.currency} in other units than ISO 4217: compare it by hand"
        return fact(name="invoice", values=values, sentence=sentence, doubt=f"{sentence}.", url=invoice.url)
    left = invoice.amount_remaining
    values |= {"amount_minor": invoice.amount_due, "left_minor": left, "currency": invoice.currency}
    sentence = f"{words}, {invoice.words(invoice.amount_due)}"
    sentence += f", {invoice.words(left)} left to pay" if 0 < left < invoice.amount_due else ""
    doubt = _misfit(Money(amount_minor=invoice.amount_due, currency=invoice.currency), said, "invoice")
    return fact(name="invoice", values=values, sentence=sentence, doubt=doubt, url=invoice.url)


def customer_fact(customer: Customer, fact: MakeFact) -> Fact:
    values = _stated({"customer_id": customer.id, "email": customer.email, "name": customer.name})
    sentence = f"{customer.name or customer.id}, {customer.email or 'no e-mail address'}"
    return fact(name="customer", values=values, sentence=sentence, url=customer.url)


def dispute_fact(dispute: Dispute, fact: MakeFact) -> Fact:
    due = dispute.evidence_details.due_by
    values = _stated(
        {
            "dispute_id": dispute.id,
            "status": dispute.status,
            "due_by": datetime.fromtimestamp(due, UTC).isoformat() if due else None,
        }
    )
    sentence = f"Dispute {dispute.status.replace('_', ' ')}"
    sentence += f", evidence due by {day(due)}" if due else ""
    return fact(name="dispute", values=values, sentence=sentence, url=dispute.url)


def subscription_fact(subscription: Subscription, latest: Invoice | None, fact: MakeFact) -> Fact:
    failure = latest.failure if latest and latest.status == "open" else None
    number = latest.number if latest else None
    values = _stated(
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
    return fact(name="subscription", values=values, sentence=sentence, url=subscription.url)


def _misfit(whole: Money, said: Money | None, what: str) -> str | None:
    if said is None:
        return None
    if said.currency != whole.currency:
        return f"The call says {show(said)}, but the {TITLE} {what} is {show(whole)}."
    if said.amount_minor > whole.amount_minor:
        return f"The call says {show(said)}, more than the {TITLE} {what} of {show(whole)}."
    return None


def _stated(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: value for name, value in values.items() if value is not None}
