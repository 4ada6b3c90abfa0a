"""Show QuickBooks on the page: newest first, flat, amounts as they are in the books."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sandbox.quickbooks.books import Body
from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return `invoices`, `customers`, `refund_receipts`, `credit_memos` and `mails`, at most 100 of each."""
    store = state.quickbooks
    return {
        "invoices": [_invoice(invoice) for invoice in _newest(store.get("Invoice", {}).values())],
        "customers": [_customer(customer) for customer in _newest(store.get("Customer", {}).values())],
        "refund_receipts": [_document(document) for document in _newest(store.get("RefundReceipt", {}).values())],
        "credit_memos": [_document(document) for document in _newest(store.get("CreditMemo", {}).values())],
        "mails": list(_newest(store.get("mails", []))),
    }


def _newest(records: Iterable[Body]) -> list[Body]:
    return list(islice(reversed(list(records)), SHOWN))


def _invoice(invoice: Body) -> Body:
    return {
        "id": invoice["Id"],
        "number": invoice["DocNumber"],
        "customer": invoice["CustomerRef"]["name"],
        "amount": invoice["TotalAmt"],
        "left": invoice["Balance"],
        "currency": invoice["CurrencyRef"]["value"],
        "due": invoice["DueDate"],
        "email_status": invoice["EmailStatus"],
    }


def _customer(customer: Body) -> Body:
    address = customer.get("BillAddr", {})
    parts = ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country")
    return {
        "id": customer["Id"],
        "name": customer["DisplayName"],
        "email": customer.get("PrimaryEmailAddr", {}).get("Address"),
        "balance": customer["Balance"],
        "currency": customer["CurrencyRef"]["value"],
        "address": ", ".join(address[part] for part in parts if address.get(part)),
    }


def _document(document: Body) -> Body:
    return {
        "id": document["Id"],
        "number": document["DocNumber"],
        "customer": document["CustomerRef"]["value"],
        "amount": document["TotalAmt"],
        "currency": document["CurrencyRef"]["value"],
        "note": document.get("PrivateNote", ""),
        "created": document["MetaData"]["CreateTime"],
    }
