"""What is refused before anything is written, and what is written: pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from bot.connectors.quickbooks.operations import PostalAddress
from bot.connectors.quickbooks.records import ADDRESS_LINES, Invoice, PaidBack
from bot.core.model import Money
from bot.core.money import major, show

TITLE: Final = "QuickBooks"


def request_id(key: str) -> str:
    """As long as `requestid` may be, and always the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:50]


def number(invoice_number: str | None, key: str) -> str:
    """The DocNumber of what we make, 21 characters: whose it is, and under which key."""
    return f"{numbers_of(invoice_number)}{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def numbers_of(invoice_number: str | None) -> str:
    """How the DocNumber of everything begins that we ever made for this invoice."""
    return f"CS{hashlib.sha256((invoice_number or '').encode()).hexdigest()[:6]}-"


def not_sendable(invoice: Invoice) -> str | None:
    name = f"Invoice {invoice.doc_number}"
    if invoice.void:
        return f"{name} is void in {TITLE}: it is not sent again."
    if invoice.paid:
        return f"{name} is paid and closed in {TITLE}: it is not sent again. Send a copy by hand if it is needed."
    return None


def not_payable_back(invoice: Invoice, asked: Money, earlier: Iterable[PaidBack], *, refund: bool) -> str | None:
    """Why this much is not paid back (`refund`) or credited; `earlier` is what we made of the same kind for it."""
    name, total, left = f"Invoice {invoice.doc_number}", invoice.total, invoice.left
    if invoice.void:
        return f"{name} is void in {TITLE}: there is nothing to give back."
    if invoice.currency_ref != asked.currency:
        return f"{name} is in {invoice.currency_ref}, not in {asked.currency}."
    if total is None or left is None:
        return f"The amount of invoice {invoice.doc_number} cannot be read in {invoice.currency_ref}: do it by hand."
    if asked.amount_minor > total.amount_minor:
        return f"{show(asked)} is more than the whole invoice {invoice.doc_number} of {show(total)}."
    paid = _less(total, left.amount_minor)
    if refund and paid.amount_minor <= 0:
        return f"{name} is not paid yet, so there is nothing to refund: a credit memo would lower it."
    if refund and asked.amount_minor > paid.amount_minor:
        return f"{show(asked)} is more than the {show(paid)} that were paid on invoice {invoice.doc_number}."
    most = paid if refund else total
    given = sum(one.total.amount_minor for one in earlier if one.total)
    if asked.amount_minor > most.amount_minor - given:
        before = Money(amount_minor=given, currency=asked.currency)
        how = "refunded" if refund else "credited"
        return f"{show(before)} of invoice {invoice.doc_number} is {how} already: {show(asked)} more is too much."
    return None


def us_taxed(tax_code: str) -> bool:
    """Automated sales tax has two codes; other countries have codes of their own, and their amounts include tax."""
    return tax_code in {"TAX", "NON"}


def sale_line(money: Money, item_id: str, tax_code: str, description: str) -> dict[str, object]:
    """The one line of a refund receipt or credit memo."""
    amount = major(money)
    detail: dict[str, object] = {"ItemRef": {"value": item_id}, "Qty": 1, "UnitPrice": amount}
    detail["TaxCodeRef"] = {"value": tax_code}
    if not us_taxed(tax_code):
        detail["TaxInclusiveAmt"] = amount
    return {
        "Description": description,
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def corrected(record: Mapping[str, str], said: PostalAddress) -> dict[str, str]:
    """The whole address, since QuickBooks replaces it as a whole; a new first line makes the old other lines stale."""
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


def _less(money: Money, minor: int) -> Money:
    return Money(amount_minor=money.amount_minor - minor, currency=money.currency)
