"""List what can be asked of QuickBooks; send invoices and correct addresses. `documents.py` makes what pays back."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated, Final

from pydantic import StringConstraints, model_validator

from bot.connectors.base import Operation, Repeat, not_listed
from bot.connectors.quickbooks import documents
from bot.connectors.quickbooks.client import TITLE, Customer, Email, InvoiceNumber, QuickBooksApi
from bot.connectors.quickbooks.records import ADDRESS_LINES, CustomerRecord, Invoice, on_record
from bot.core.model import Frozen, Receipt
from bot.http.errors import ConnectorError, Refused, Unavailable, Unsure

Part = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f]+$", max_length=500)]

# Intuit writes that a repeat of a requestid gets the first answer, and nowhere for how long.
REQUEST_ID_LASTS: Final = timedelta(hours=1)


class SendInvoice(Frozen):
    """Name the invoice; `verified` says how somebody made sure of a recipient that is not on record."""

    invoice_number: InvoiceNumber
    email: Email | None = None
    verified: str | None = None


class PostalAddress(Frozen):
    """Hold an address as a call corrects it; what is not stated stays as it is on record."""

    line1: Part | None = None
    line2: Part | None = None
    city: Part | None = None
    region: Part | None = None  # QuickBooks' CountrySubDivisionCode
    postcode: Part | None = None
    country: Part | None = None

    @model_validator(mode="after")
    def _states_something(self) -> "PostalAddress":
        if not any(self.model_dump().values()):
            raise ValueError("an address is needed")
        return self


class UpdateAddress(Customer):
    address: PostalAddress


async def send_invoice(api: QuickBooksApi, params: SendInvoice, key: str) -> Receipt:
    """Mail an invoice. QuickBooks gives a repeated requestid its first answer and mails once."""
    invoice = await api.invoice(params.invoice_number)
    if objection := _not_sendable(invoice):
        raise Refused(objection)
    to = await _recipient(api, invoice, params)
    try:
        reply = await api.mail(invoice.id, to, key)
        api.record("Invoice", Invoice, reply)
    except Unsure:
        if not await _mailed_since(api, invoice):
            raise
        note = f"{TITLE} cut its answer off, but its record shows that the mail went out."
        return Receipt(vendor_id=invoice.id, url=api.url("Invoice", invoice.id), note=note)
    return Receipt(vendor_id=invoice.id, url=api.url("Invoice", invoice.id), request_id=reply.request_id)


async def _recipient(api: QuickBooksApi, invoice: Invoice, params: SendInvoice) -> str | None:
    """Return None for the invoice's own. Raises Refused where there is none, or nobody vouches for a stranger."""
    if invoice.bill_email and (params.email is None or invoice.bill_email.casefold() == params.email.casefold()):
        return None
    if params.email and (params.verified or on_record(params.email, invoice.bill_email)):
        return params.email
    customer = await api.one("Customer", invoice.customer_ref, CustomerRecord)
    recorded, number = customer.primary_email_addr, params.invoice_number
    if params.email is None and not recorded:
        raise Refused(f"Invoice {number} and its customer have no e-mail in {TITLE}: add one there, then try again.")
    if params.email and not on_record(params.email, recorded):
        sentence = f"The e-mail stated is not on invoice {number} nor on its customer in {TITLE}: make sure of it, "
        raise Refused(f"{sentence}and say how, or leave it out to use the one on record.", reason="unverified")
    return params.email or recorded


async def _mailed_since(api: QuickBooksApi, before: Invoice) -> bool:
    try:
        now = await api.one("Invoice", before.id, Invoice)
    except ConnectorError:  # then it stays as unsure as it was
        return False
    return now.mailed_at is not None and now.mailed_at != before.mailed_at


async def update_address(api: QuickBooksApi, params: UpdateAddress, key: str) -> Receipt:
    """Set the whole address, after reading it, under its SyncToken: a repeat ends in the same state."""
    for _ in range(2):  # a stale SyncToken is read again once
        customer = await api.customer(params)
        address = _corrected(customer.address, params.address)
        if address == customer.address:
            return _changed(api, customer, note="The address was so already.")
        body = {"Id": customer.id, "SyncToken": customer.sync_token, "sparse": True, "BillAddr": address}
        try:
            # another SyncToken is another request: under the same id it would get the first one's refusal again
            reply = await api.write("Customer", body, f"{key} {customer.sync_token}")
        except Refused as no:
            if no.reason != "stale":
                raise
            continue
        changed = api.record("Customer", CustomerRecord, reply)
        return _changed(api, changed, request_id=reply.request_id)
    raise Unavailable(f"Somebody else changes customer {customer.id} of {TITLE} right now.")


async def find_address(api: QuickBooksApi, params: UpdateAddress, key: str) -> Receipt | None:
    customer = await api.customer(params)
    return _changed(api, customer) if _corrected(customer.address, params.address) == customer.address else None


def _changed(api: QuickBooksApi, customer: CustomerRecord, **more: str | None) -> Receipt:
    return Receipt(vendor_id=customer.id, url=api.url("Customer", customer.id), **more)


def _not_sendable(invoice: Invoice) -> str | None:
    name = f"Invoice {invoice.doc_number}"
    if invoice.void:
        return f"{name} is void in {TITLE}: it is not sent again."
    if invoice.paid:
        return f"{name} is paid and closed in {TITLE}: it is not sent again. Send a copy by hand if it is needed."
    return None


def _corrected(record: Mapping[str, str], said: PostalAddress) -> dict[str, str]:
    """Return the whole address, as QuickBooks replaces it; a new first line makes the old other lines stale."""
    stated = {
        "Line1": said.line1,
        "Line2": said.line2,
        "City": said.city,
        "CountrySubDivisionCode": said.region,
        "PostalCode": said.postcode,
        "Country": said.country,
    }
    kept = {part: value for part, value in record.items() if said.line1 is None or part not in ADDRESS_LINES}
    return kept | {part: value for part, value in stated.items() if value is not None}


RIGHT: Final = "com.intuit.quickbooks.accounting"
_paying = partial(Operation, repeat=Repeat.KEY, moves_money=True)

OPERATIONS: Final[Mapping[str, Operation]] = {
    # no record names the key of a mail
    "send_invoice": Operation(SendInvoice, send_invoice, not_listed, RIGHT, Repeat.KEY, key_lasts=REQUEST_ID_LASTS),
    "refund_receipt": _paying(documents.RefundReceipt, documents.make, documents.find, RIGHT),
    "credit_memo": _paying(documents.CreditMemo, documents.make, documents.find, RIGHT),
    "update_address": Operation(UpdateAddress, update_address, find_address, RIGHT),
}
