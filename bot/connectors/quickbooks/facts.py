"""What the books say about a case: the invoice, and the customer with what is overdue. Read-only.

An invoice that is not there, or that does not fit what the call says, is a doubt. A customer that is not found by an
e-mail or a name is no doubt: callers use others than the ones on record.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from pydantic import JsonValue

from bot.connectors.quickbooks.client import QuickBooksApi, quoted
from bot.connectors.quickbooks.records import CustomerRecord, Invoice
from bot.connectors.quickbooks.rules import TITLE
from bot.core.model import Details, Fact, Fields, Money
from bot.core.money import from_major, show
from bot.http.errors import ConnectorError, Refused

NUMBER_AT_MOST = 21  # characters of a DocNumber

MakeFact = Callable[..., Fact]
Url = Callable[[str, str], str]


async def facts(
    api: QuickBooksApi, details: Details, wanted: frozenset[str], now: datetime, url: Url
) -> tuple[Fact, ...]:
    """The wanted facts for which the call states enough to look; never raises ConnectorError."""
    fields, fact = details.fields, partial(Fact, source=TITLE, observed_at=now)
    made: list[Fact] = []
    invoice: Invoice | None = None
    if fields.invoice_number and wanted & {"books_invoice", "books_customer"}:
        try:
            invoice = await _invoice(api, fields.invoice_number)
            made.append(invoice_fact(invoice, details.money, now, url, fact))
        except ConnectorError as error:
            doubt = error.sentence if isinstance(error, Refused) and error.reason in {"not_found", "several"} else None
            made.append(fact(name="books_invoice", missing=error.sentence, failed=error.passes, doubt=doubt))
    if "books_customer" in wanted and (invoice or _named(fields)):
        try:
            made.append(await _customer_fact(api, await _customer(api, fields, invoice), now, url, fact))
        except ConnectorError as error:
            made.append(fact(name="books_customer", missing=error.sentence, failed=error.passes))
    return tuple(one for one in made if one.name in wanted)


async def _invoice(api: QuickBooksApi, invoice_number: str) -> Invoice:
    if len(invoice_number) > NUMBER_AT_MOST:
        raise Refused(f"{invoice_number[:40]} is not an invoice number of {TITLE}.", reason="not_found")
    return await api.invoice(invoice_number)


def _named(fields: Fields) -> bool:
    ours = fields.account_id is not None and fields.account_id.isdecimal()
    return bool(ours or fields.email or fields.customer_name)


async def _customer(api: QuickBooksApi, fields: Fields, invoice: Invoice | None) -> CustomerRecord:
    if invoice:
        return await api.one("Customer", invoice.customer_ref, CustomerRecord)
    return await api.customer(fields)


def invoice_fact(invoice: Invoice, said: Money | None, now: datetime, url: Url, fact: MakeFact) -> Fact:
    """A doubt where the call's money does not fit the invoice; days count in UTC."""
    values: dict[str, JsonValue] = {"invoice_id": invoice.id, "number": invoice.doc_number}
    days = invoice.overdue_days(now.date())
    status = "void" if invoice.void else "paid" if invoice.paid else "overdue" if days else "open"
    values |= {"status": status, "currency": invoice.currency_ref, "email": invoice.bill_email}
    values |= {"due_date": invoice.due_date.isoformat() if invoice.due_date else None}
    total, left, link = invoice.total, invoice.left, url("Invoice", invoice.id)
    if total is None or left is None:
        words = f"The amount of invoice {invoice.doc_number} cannot be read in {invoice.currency_ref}."
        return fact(name="books_invoice", values=values, sentence=words, doubt=words, url=link)
    values |= {"amount_minor": total.amount_minor, "balance_minor": left.amount_minor}
    how = f"overdue by {_days(days)}" if days else status
    part = f", {show(left)} still to pay" if left.amount_minor not in {0, total.amount_minor} else ""
    sentence = f"Invoice {invoice.doc_number} of {show(total)}, {how}{part}"
    doubt = _misfit(invoice.doc_number, total, said) if status != "void" else f"{sentence}."
    return fact(name="books_invoice", values=values, sentence=sentence, doubt=doubt, url=link)


def _misfit(number: str | None, total: Money, said: Money | None) -> str | None:
    if said is None:
        return None
    if said.currency != total.currency:
        return f"The call says {show(said)}, but invoice {number} is {show(total)}."
    if said.amount_minor > total.amount_minor:
        return f"The call says {show(said)}, more than the {show(total)} of invoice {number}."
    return None


async def _customer_fact(api: QuickBooksApi, customer: CustomerRecord, now: datetime, url: Url, fact: MakeFact) -> Fact:
    values: dict[str, JsonValue] = {"customer_id": customer.id, "name": customer.display_name}
    values |= {"email": customer.primary_email_addr, "currency": customer.currency_ref}
    owed = await api.rows("Invoice", Invoice, f"CustomerRef = {quoted(customer.id)} and Balance > '0'")
    days = max((invoice.overdue_days(now.date()) for invoice in owed), default=0)
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
    return fact(name="books_customer", values=values, sentence=sentence, url=url("Customer", customer.id))


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
