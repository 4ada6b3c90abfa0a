"""Seed QuickBooks' first day with fixed ids and dates around `now`."""

from datetime import UTC, datetime, timedelta

from sandbox.quickbooks.books import Body
from sandbox.state import State

REALM = "9130357"
CLIENT_ID = "sandbox-client"
REFRESH_TOKEN = "RT-sandbox"  # noqa: S105 - made up for the demo
ITEM = "11"  # the service on which refunds are booked
ACCOUNT = "35"  # the account that refunds are paid from
NORTHWIND, KESTREL, SATO, HADDAD, HARBOUR, WALKIN = "58", "61", "62", "63", "64", "65"


def seed(state: State, now: datetime | None = None) -> None:
    """Fill `state.quickbooks` if it is empty."""
    if state.quickbooks:
        return
    at = now or datetime.now(UTC)
    store = state.quickbooks
    kinds = ("Customer", "Invoice", "CreditMemo", "RefundReceipt", "Payment", "Item", "Account")
    store |= {kind: {} for kind in kinds}
    store |= {"answers": {}, "mails": [], "next_id": 300, "tokens": {"generation": 0, "access": {}}}
    store["CompanyInfo"] = {"Id": "1", "SyncToken": "4", "CompanyName": "Acme Finance", "Country": "USA"}
    store["Item"][ITEM] = {"Id": ITEM, "SyncToken": "0", "Name": "Refunds and credits", "Type": "Service"}
    store["Account"][ACCOUNT] = {"Id": ACCOUNT, "SyncToken": "0", "Name": "Checking"}
    _add_customers(store, at)
    _add_invoices(store, at)


def _add_customers(store: Body, at: datetime) -> None:
    pier = {"Id": "95", "Line1": "12 Harbour Rd", "Line2": "Floor 2", "City": "Oakland"}
    pier |= {"CountrySubDivisionCode": "CA", "PostalCode": "94607", "Country": "USA"}
    add_customer(store, NORTHWIND, "Dana Ortiz", "ap@northwind.example", at, address=pier)
    add_customer(store, KESTREL, "Marcus Bell", "marcus@kestrel.example.com", at)
    add_customer(store, SATO, "Haruka Sato", "haruka@example.com", at, currency="JPY")
    add_customer(store, HADDAD, "Noor Haddad", "noor@example.com", at)
    add_customer(store, HARBOUR, "Tom Reyes", "tom@harbourlane.example.com", at)
    add_customer(store, WALKIN, "Walk-in O'Brien", None, at)


def _add_invoices(store: Body, at: datetime) -> None:
    add_invoice(store, "231", "INV-20402", NORTHWIND, 0.0, 0.0, at, made=40, due=-26, note="Voided")
    add_invoice(store, "238", "INV-20418", NORTHWIND, 129.5, 0.0, at, made=17, due=-3)
    add_invoice(store, "241", "INV-20431", NORTHWIND, 1240.0, 1240.0, at, made=10, due=4)
    add_invoice(store, "242", "INV-20390", NORTHWIND, 310.0, 110.0, at, made=44, due=-14)
    add_invoice(store, "255", "INV-20455", KESTREL, 4180.0, 4180.0, at, made=21, due=-7)
    add_invoice(store, "260", "INV-20460", SATO, 12000.0, 0.0, at, made=25, due=-11)
    add_invoice(store, "265", "INV-20465", WALKIN, 75.0, 75.0, at, made=5, due=9)


def add_customer(
    store: Body,
    customer_id: str,
    name: str,
    email: str | None,
    at: datetime,
    *,
    currency: str = "USD",
    address: Body | None = None,
) -> None:
    customer = {
        "Id": customer_id,
        "SyncToken": "3",
        "domain": "QBO",
        "sparse": False,
        "DisplayName": name,
        "Active": True,
        "Taxable": False,
        "Balance": 0,
        "CurrencyRef": _currency(currency),
        "MetaData": _times(at - timedelta(days=200)),
    }
    if email:
        customer["PrimaryEmailAddr"] = {"Address": email}
    if address:
        customer["BillAddr"] = address
    store["Customer"][customer_id] = customer


def add_invoice(
    store: Body,
    invoice_id: str,
    number: str,
    customer_id: str,
    total: float,
    balance: float,
    at: datetime,
    *,
    made: int,
    due: int,
    note: str = "",
) -> None:
    """Add an invoice made `made` days ago and due in `due` days; all but its `balance` was paid."""
    customer = store["Customer"][customer_id]
    line = {"Id": "1", "LineNum": 1, "Amount": total, "DetailType": "SalesItemLineDetail"}
    detail = {"ItemRef": {"value": ITEM}, "Qty": 1, "UnitPrice": total, "TaxCodeRef": {"value": "NON"}}
    invoice = {
        "Id": invoice_id,
        "SyncToken": "1",
        "domain": "QBO",
        "sparse": False,
        "DocNumber": number,
        "TxnDate": (at - timedelta(days=made)).date().isoformat(),
        "DueDate": (at + timedelta(days=due)).date().isoformat(),
        "CurrencyRef": customer["CurrencyRef"],
        "CustomerRef": {"value": customer_id, "name": customer["DisplayName"]},
        "Line": [line | {"SalesItemLineDetail": detail}],
        "TotalAmt": total,
        "Balance": balance,
        "EmailStatus": "NotSet",
        "LinkedTxn": [],
        "MetaData": _times(at - timedelta(days=made)),
    }
    if "PrimaryEmailAddr" in customer:
        invoice["BillEmail"] = dict(customer["PrimaryEmailAddr"])
    if note:
        invoice["PrivateNote"] = note
    store["Invoice"][invoice_id] = invoice
    customer["Balance"] = round(customer["Balance"] + balance, 2)


def _currency(code: str) -> Body:
    return {"value": code, "name": {"USD": "United States Dollar", "JPY": "Japanese Yen"}.get(code, code)}


def _times(at: datetime) -> Body:
    stamp = at.isoformat(timespec="seconds")
    return {"CreateTime": stamp, "LastUpdatedTime": stamp}
