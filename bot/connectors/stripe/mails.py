"""Send mails by Stripe: an open invoice again, and the receipt of a payment. Each goes out once.

A mail cannot be taken back, so an earlier one is looked for before every sending: an invoice's among Stripe's events,
a receipt's in the metadata of its charge. Only the address on the customer's record is written to, unless a person has
verified another one.
"""

from bot.connectors.base import digest, token
from bot.connectors.parameters import Verified
from bot.connectors.stripe.client import MARK, TITLE, Email, InvoiceNumber, PaymentId, StripeApi, keys_of, path_of
from bot.connectors.stripe.records import Charge, Event, Invoice
from bot.core.model import Frozen, Receipt
from bot.http.errors import Refused

_TEST_MODE = f"{TITLE} mails nothing in test mode."


class SendInvoice(Frozen):
    invoice_number: InvoiceNumber
    email: Email | None = None
    verified: Verified | None = None


class SendReceipt(Frozen):
    payment_id: PaymentId
    email: Email
    verified: Verified | None = None


async def send_invoice(api: StripeApi, params: SendInvoice, key: str) -> Receipt:
    """Send an invoice, unless one of Stripe's events, kept for 30 days, says under our key that it was sent."""
    invoice = await api.invoice(params.invoice_number)
    if await _sent_before(api, invoice, key):
        return _invoice_receipt(invoice)
    if objection := _not_sendable(invoice) or await _wrong_recipient(api, invoice, params.email):
        raise Refused(objection)
    reply = await api.send(path_of("invoices", invoice.id, "send"), {}, key)
    api.confirmed(Invoice, reply, invoice.id)
    return _invoice_receipt(invoice, reply.request_id)


async def find_sent_invoice(api: StripeApi, params: SendInvoice, key: str) -> Receipt | None:
    invoice = await api.invoice(params.invoice_number)
    return _invoice_receipt(invoice) if await _sent_before(api, invoice, key) else None


async def send_receipt(api: StripeApi, params: SendReceipt, key: str) -> Receipt:
    """Send a receipt. The write that mails it leaves our key on the charge, and it is looked for first."""
    charge = await api.charge(params.payment_id)
    if _mark(key) in charge.metadata:
        return _receipt(charge)
    if charge.status != "succeeded":
        raise Refused(f"The payment did not succeed ({charge.status}), so there is no receipt.")
    if params.verified is None and (objection := await _not_on_record(api, charge, params.email)):
        raise Refused(objection)
    fields = {"receipt_email": params.email, f"metadata[{_mark(key)}]": token(key)}
    reply = await api.send(path_of("charges", charge.id), fields, key)
    api.confirmed(Charge, reply, charge.id)
    again = _same(charge.receipt_email, params.email)
    note = f"{TITLE} had this address before: where no mail arrives, press “Resend receipt” there." if again else None
    return _receipt(charge, reply.request_id, note)


async def find_sent_receipt(api: StripeApi, params: SendReceipt, key: str) -> Receipt | None:
    charge = await api.charge(params.payment_id)
    return _receipt(charge) if _mark(key) in charge.metadata else None


async def _sent_before(api: StripeApi, invoice: Invoice, key: str) -> bool:
    """Return whether Stripe has an event of this sending; it keeps events for 30 days."""
    ours = keys_of(key)
    since = {"created[gte]": str(invoice.created)}
    async for event in api.listed("/v1/events", Event, None, type="invoice.sent", **since):
        used = event.request.idempotency_key if event.request else None
        if used in ours and event.data.object.get("id") == invoice.id:
            return True
    return False


def _not_sendable(invoice: Invoice) -> str | None:
    if invoice.status == "open":
        return None
    if invoice.status == "paid":
        return f"{invoice.name} is paid, so nothing is asked of the customer any more: send the receipt of its payment."
    if invoice.status == "draft":
        return f"{invoice.name} is a draft: finalize it in {TITLE} first."
    return f"{invoice.name} is closed ({invoice.status}): make a new invoice where the money is still owed."


async def _wrong_recipient(api: StripeApi, invoice: Invoice, asked: str | None) -> str | None:
    """Return why not: Stripe mails to the customer only, so a verified address has to be on the record first."""
    customer = await api.customer(invoice.customer, None)
    if not customer.email:
        return f"The customer {customer.id} has no e-mail address in {TITLE}: add it there, then press Retry."
    if invoice.customer_email and not _same(invoice.customer_email, customer.email):
        return f"{invoice.name} and its customer {customer.id} have different e-mail addresses: send it from {TITLE}."
    if asked and not _same(asked, customer.email):
        return (
            f"{TITLE} mails an invoice to the address on the customer's record only, and another one was asked for: "
            f"once the recipient is verified, change {customer.id} in {TITLE} and press Retry."
        )
    return None


async def _not_on_record(api: StripeApi, charge: Charge, asked: str) -> str | None:
    """Return why not; a payment without a customer has only what its payer typed in."""
    customer = await api.customer(charge.customer, None) if charge.customer else None
    on_record = customer.email if customer else charge.billing_details.email
    if not on_record:
        return f"{TITLE} has no e-mail address on record for this payment: verify the recipient first."
    if not _same(asked, on_record):
        return "The address is not the one on the customer's record: verify the recipient first."
    return None


def _same(address: str | None, other: str) -> bool:
    return address is not None and address.strip().casefold() == other.strip().casefold()


def _mark(key: str) -> str:
    """Return a name of its own for each step, so that a later receipt of the charge does not overwrite it."""
    return f"{MARK}_receipt_{digest(key, 12)}"  # at most 40 characters


def _invoice_receipt(invoice: Invoice, request_id: str | None = None) -> Receipt:
    note = None if invoice.livemode else _TEST_MODE
    return Receipt(vendor_id=invoice.id, url=invoice.url, note=note, request_id=request_id)


def _receipt(charge: Charge, request_id: str | None = None, note: str | None = None) -> Receipt:
    note = note if charge.livemode else _TEST_MODE
    return Receipt(vendor_id=charge.id, url=charge.url, note=note, request_id=request_id)
