"""Mail invoices, create refund receipts and credit memos, and update customers."""

from decimal import Decimal
from typing import Any

from sandbox.quickbooks.books import Body, Books, Refusal, decimal, number

NUMBER_MOST = 21  # characters of a DocNumber
LIVES_ON = ("Id", "MetaData", "Balance", "BalanceWithJobs", "CurrencyRef", "DisplayName", "Active", "domain")


def send_invoice(books: Books, invoice_id: str, to: str | None) -> Body:
    """Mail an invoice, again at every call, and save `to` as its address; `mails` of the store lists the mails."""
    invoice = books.find("Invoice", invoice_id)
    recipient = to or (invoice.get("BillEmail") or {}).get("Address")
    if not recipient:
        raise Refusal(400, "6000", "A business validation error has occurred", "An email address is required.")
    invoice["BillEmail"] = {"Address": recipient}
    invoice["EmailStatus"] = "EmailSent"
    invoice["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": books.stamp()}
    _touched(books, invoice)
    books.store["mails"].append({"invoice": invoice_id, "to": recipient, "at": books.stamp()})
    return _enveloped(books, "Invoice", invoice)


def create_refund_receipt(books: Books, body: Body) -> Body:
    """Create a refund receipt; the money leaves the account of `DepositToAccountRef` at once."""
    account = _reference(body, "DepositToAccountRef")
    if account not in books.store["Account"]:
        raise _unknown("Accounts", account)
    receipt = _document(books, "RefundReceipt", body) | {"Balance": 0}
    return _kept(books, "RefundReceipt", receipt)


def create_credit_memo(books: Books, body: Body) -> Body:
    """Create a credit memo; its amount becomes `RemainingCredit` and comes off the customer's balance."""
    memo = _document(books, "CreditMemo", body)
    memo |= {"Balance": memo["TotalAmt"], "RemainingCredit": memo["TotalAmt"]}
    customer = books.find("Customer", memo["CustomerRef"]["value"])
    customer["Balance"] = number(decimal(customer["Balance"]) - decimal(memo["TotalAmt"]))
    return _kept(books, "CreditMemo", memo)


def update_customer(books: Books, body: Body) -> Body:
    """Update a customer; without `sparse` unsent members are cleared, and an address is always replaced as a whole."""
    customer = books.find("Customer", str(body.get("Id")))
    if books.store.pop("touch", None) == customer["Id"]:
        _touched(books, customer)
    if str(body.get("SyncToken")) != customer["SyncToken"]:
        detail = "Stale Object Error : You and somebody else were working on this at the same time."
        raise Refusal(400, "5010", "Stale Object Error", detail)
    if body.get("sparse") is not True:
        for name in [name for name in customer if name not in LIVES_ON]:
            del customer[name]
    sent = {name: value for name, value in body.items() if name not in ("Id", "SyncToken", "sparse", "MetaData")}
    if "BillAddr" in sent:
        sent["BillAddr"] = {"Id": books.next_record_id(), **sent["BillAddr"]}
    customer |= sent | {"sparse": False, "SyncToken": str(body["SyncToken"])}
    _touched(books, customer)
    return _enveloped(books, "Customer", customer)


def _document(books: Books, kind: str, body: Body) -> Body:
    customer_id = _reference(body, "CustomerRef")
    if customer_id not in books.store["Customer"]:
        raise _unknown("Names", customer_id)
    customer = books.store["Customer"][customer_id]
    currency = (body.get("CurrencyRef") or customer["CurrencyRef"])["value"]
    if currency != customer["CurrencyRef"]["value"]:
        detail = "Business Validation Error: The currency of the transaction is not the currency of the customer."
        raise Refusal(400, "6000", "A business validation error has occurred", detail)
    total = sum((_line(books, line) for line in body.get("Line") or []), Decimal(0))
    if total <= 0:
        raise Refusal(400, "2020", "Required param missing, need to supply the required value for the API", "Line")
    record_id = books.next_record_id()
    stamp = books.stamp()
    document: Body = _floats(body)
    return document | {
        "Id": record_id,
        "SyncToken": "0",
        "domain": "QBO",
        "sparse": False,
        "DocNumber": _doc_number(books, kind, body.get("DocNumber") or record_id),
        "TxnDate": body.get("TxnDate", stamp[:10]),
        "CurrencyRef": customer["CurrencyRef"],
        "TotalAmt": number(total),
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }


def _doc_number(books: Books, kind: str, stated: str) -> str:
    if len(stated) > NUMBER_MOST:
        raise Refusal(400, "2050", "String length is either shorter or longer than supported", "DocNumber")
    if any(stated == document.get("DocNumber") for document in books.store[kind].values()):
        detail = "Duplicate Document Number Error : You must specify a different number."
        raise Refusal(400, "6140", "Duplicate Document Number Error", detail)
    return stated


def _line(books: Books, line: Any) -> Decimal:
    detail = line.get("SalesItemLineDetail") if isinstance(line, dict) else None
    if not isinstance(detail, dict) or line.get("DetailType") != "SalesItemLineDetail":
        raise Refusal(400, "2010", "Request has invalid or unsupported property", "Line.DetailType")
    item = _reference(detail, "ItemRef")
    if item not in books.store["Item"]:
        raise _unknown("Items", item)
    return decimal(line.get("Amount"))


def _reference(body: Body, name: str) -> str:
    stated = body.get(name)
    if not isinstance(stated, dict) or not stated.get("value"):
        missing = f"Required parameter {name} is missing in the request"
        raise Refusal(400, "2020", "Required param missing, need to supply the required value for the API", missing)
    return str(stated["value"])


def _unknown(what: str, record_id: str) -> Refusal:
    return Refusal(
        400, "2500", "Invalid Reference Id", f"Invalid Reference Id : {what} element id {record_id} not found"
    )


def _floats(value: Any) -> Any:
    """Return plain JSON, as the state needs it, with numbers in place of decimals."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, dict):
        return {name: _floats(item) for name, item in value.items()}
    return [_floats(item) for item in value] if isinstance(value, list) else value


def _touched(books: Books, record: Body) -> None:
    record["SyncToken"] = str(int(record["SyncToken"]) + 1)
    record["MetaData"] = record["MetaData"] | {"LastUpdatedTime": books.stamp()}


def _kept(books: Books, kind: str, record: Body) -> Body:
    books.store[kind][record["Id"]] = record
    return _enveloped(books, kind, record)


def _enveloped(books: Books, kind: str, record: Body) -> Body:
    return {kind: record, "time": books.stamp()}
