"""Look up what the books say about a case: the invoice, and the customer with what is overdue.

An invoice that is not there, or that does not fit what the call says, is a doubt. A customer that is not found by an
e-mail or a name is no doubt: callers use others than the ones on record.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from pydantic import JsonValue

from bot.connectors.base import Inquiry, Lookup, misfit
from bot.connectors.quickbooks.client import TITLE, QuickBooksApi, quoted
from bot.connectors.quickbooks.records import CustomerRecord, Invoice
from bot.core.model import Fact
from bot.core.money import from_major, show
from bot.http.errors import ConnectorError, Refused

NUMBER_AT_MOST: Final = 21  # characters of a DocNumber


async def _invoice(api: QuickBooksApi, inquiry: Inquiry) -> Fact | None:
    if not inquiry.details.fields.invoice_number:
        return None
    try:
        return _invoice_fact(api, await inquiry.shared(_stated_invoice, api), inquiry)
    except Refused as no:
        doubt = no.sentence if no.reason in {"not_found", "several"} else None
        return inquiry.fact("books_invoice", missing=no.sentence, doubt=doubt)


async def _stated_invoice(api: QuickBooksApi, inquiry: Inquiry) -> Invoice:
    invoice_number = inquiry.details.fields.invoice_number or ""
    if len(invoice_number) > NUMBER_AT_MOST:
        raise Refused(f"{invoice_number[:40]} is not an invoice number of {TITLE}.", reason="not_found")
    return await api.invoice(invoice_number)


async def _customer(api: QuickBooksApi, inquiry: Inquiry) -> Fact | None:
    fields, invoice = inquiry.details.fields, None
    if fields.invoice_number:
        with suppress(ConnectorError):  # the other look-up tells of it
            invoice = await inquiry.shared(_stated_invoice, api)
    if invoice:
        customer = await api.one("Customer", invoice.customer_ref, CustomerRecord)
    elif (fields.account_id and fields.account_id.isdecimal()) or fields.email or fields.customer_name:
        customer = await api.customer(fields)
    else:
        return None
    return await _customer_fact(api, customer, inquiry)


def _invoice_fact(api: QuickBooksApi, invoice: Invoice, inquiry: Inquiry) -> Fact:
    """Doubt it where the call's money does not fit the invoice; days count in UTC."""
    values: dict[str, JsonValue] = {"invoice_id": invoice.id, "number": invoice.doc_number}
    days = invoice.overdue_days(inquiry.now.date())
    status = "void" if invoice.void else "paid" if invoice.paid else "overdue" if days else "open"
    values |= {"status": status, "currency": invoice.currency_ref, "email": invoice.bill_email}
    values |= {"due_date": invoice.due_date.isoformat() if invoice.due_date else None}
    total, left, link = invoice.total, invoice.left, api.url("Invoice", invoice.id)
    if total is None or left is None:
        words = f"The amount of invoice {invoice.doc_number} cannot be read in {invoice.currency_ref}."
        return inquiry.fact("books_invoice", values=values, sentence=words, doubt=words, url=link)
    values |= {"amount_minor": total.amount_minor, "balance_minor": left.amount_minor}
    how = f"overdue by {_days(days)}" if days else status
    part = f", {show(left)} still to pay" if left.amount_minor not in {0, total.amount_minor} else ""
    sentence = f"Invoice {invoice.doc_number} of {show(total)}, {how}{part}"
    doubt = (
        misfit(inquiry.details.money, total, f"invoice {invoice.doc_number}") if status != "void" else f"{sentence}."
    )
    return inquiry.fact("books_invoice", values=values, sentence=sentence, doubt=doubt, url=link)


async def _customer_fact(api: QuickBooksApi, customer: CustomerRecord, inquiry: Inquiry) -> Fact:
    values: dict[str, JsonValue] = {"customer_id": customer.id, "name": customer.display_name}
    values |= {"email": customer.primary_email_addr, "currency": customer.currency_ref}
    owed = await api.rows("Invoice", Invoice, f"CustomerRef = {quoted(customer.id)} and Balance > '0'")
    days = max((invoice.overdue_days(inquiry.now.date()) for invoice in owed), default=0)
    values["overdue_days"] = days
    balance = None
    if customer.balance is not None and customer.currency_ref:
        balance = from_major(customer.balance, customer.currency_ref)
    values |= {"balance_minor": balance.amount_minor if balance else None}
    owes = "owes an amount that cannot be read"
    if balance:
        owes = f"owes {show(balance)}" if balance.amount_minor > 0 else "owes nothing"
    late = f", overdue by {_days(days)}" if days else ""
    sentence = f"{customer.display_name or 'The customer'} {owes}{late}"
    return inquiry.fact("books_customer", values=values, sentence=sentence, url=api.url("Customer", customer.id))


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


LOOKUPS: Final[Mapping[str, Lookup]] = {"books_invoice": _invoice, "books_customer": _customer}
