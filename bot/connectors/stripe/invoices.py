"""Paying an open invoice again, from the customer's own card or account."""

from bot.connectors.stripe.client import PAYMENTS, TITLE, StripeApi, path_of
from bot.connectors.stripe.invoice_records import Invoice
from bot.connectors.stripe.operations import PayInvoice
from bot.core.model import Receipt
from bot.http.errors import Refused


async def pay_invoice(api: StripeApi, params: PayInvoice, key: str) -> Receipt:
    invoice = await _meant(api, params)
    if done := _paid(invoice):
        return done
    if invoice.status != "open":
        raise Refused(f"{invoice.name} is {invoice.status}, and only an open invoice can be paid.")
    reply = await api.send(path_of("invoices", invoice.id, "pay"), {}, key)
    now = api.http.record(Invoice, reply)
    if now.id != invoice.id:
        raise api.http.unreadable(reply)
    if now.status != "paid":  # its payments say whether a bank is still at work
        now = await api.as_it_stands(path_of("invoices", invoice.id), Invoice, PAYMENTS)
    if done := _paid(now, reply.request_id):
        return done
    raise Refused(f"{invoice.name} is still {now.status}: look at its payments in {TITLE}.")


async def find_paid_invoice(api: StripeApi, params: PayInvoice, key: str) -> Receipt | None:
    """Whoever paid it: the step is done when nothing is owed any more."""
    return _paid(await _meant(api, params))


async def _meant(api: StripeApi, params: PayInvoice) -> Invoice:
    if params.invoice_number is None:
        return await _latest(api, params.subscription_id or "")
    invoice = await api.invoice(params.invoice_number)
    if params.subscription_id and invoice.subscription != params.subscription_id:
        raise Refused(f"{invoice.name} is not of the subscription {params.subscription_id}: state one of them.")
    return invoice


async def _latest(api: StripeApi, subscription_id: str) -> Invoice:
    subscription = await api.subscription(subscription_id)
    if subscription.latest_invoice is None:
        raise Refused(f"The subscription {subscription_id} has no invoice yet.")
    return await api.invoice_by_id(subscription.latest_invoice)


def _paid(invoice: Invoice, request_id: str | None = None) -> Receipt | None:
    """None while nothing is paid and no bank works on it: a second payment beside one under way could pay twice."""
    if invoice.status == "paid":
        note = f"{invoice.name} is paid."
    elif invoice.status == "open" and invoice.under_way:
        note = f"The bank is still working on the payment of {invoice.name}."
    else:
        return None
    return Receipt(vendor_id=invoice.id, url=invoice.url, note=note, request_id=request_id)
