"""Make refund receipts and credit memos: looked up by their own number, checked against the invoice, written once.

A customer is named by an invoice, or by the account id, the e-mail or the name on record; what is named twice has to
fit. Amounts include tax.
"""

from collections.abc import Iterable

from pydantic import model_validator

from bot.connectors.base import digest
from bot.connectors.parameters import Amount, Reference
from bot.connectors.quickbooks.client import TITLE, Customer, InvoiceNumber, QuickBooksApi, QuickBooksSettings, quoted
from bot.connectors.quickbooks.records import Invoice, PaidBack
from bot.core.model import Money, Receipt
from bot.core.money import major, show
from bot.http.errors import Refused, Unsure


class _PayBack(Customer, Amount):
    invoice_number: InvoiceNumber | None = None
    reference: Reference

    @model_validator(mode="after")
    def _for_somebody(self) -> "_PayBack":
        if not (self.invoice_number or self.account_id or self.email or self.customer_name):
            raise ValueError("an invoice or a customer is needed")
        return self


class RefundReceipt(_PayBack):
    pass


class CreditMemo(_PayBack):
    pass


Params = RefundReceipt | CreditMemo


async def make(api: QuickBooksApi, params: Params, key: str) -> Receipt:
    """Write the document. Its number is made of our key and looked up first; a repeated requestid gets one answer."""
    if earlier := await find(api, params, key):
        return earlier
    kind = _kind(params)
    invoice = await _invoice(api, params) if params.invoice_number else None
    customer_id = invoice.customer_ref if invoice else await _customer_id(api, params)
    body = _body(api.settings, params, key, customer_id, invoice)
    try:
        reply = await api.write(kind, body, key)
    except Refused as no:
        if no.reason != "taken":
            raise
        # the number is made of our key, so it is an earlier try of this step that came through meanwhile
        raise Unsure(f"{TITLE} has an entry of this step already.", request_id=no.request_id) from None
    return _receipt(api, params, api.record(kind, PaidBack, reply), reply.request_id)


async def find(api: QuickBooksApi, params: Params, key: str) -> Receipt | None:
    """Return what an earlier try made under this key. Raises Unsure where it is not what was approved."""
    where = f"DocNumber = {quoted(_number(params.invoice_number, key))}"
    rows = await api.rows(_kind(params), PaidBack, where)
    return _receipt(api, params, rows[0]) if rows else None


async def _invoice(api: QuickBooksApi, params: Params) -> Invoice:
    invoice = await api.invoice(params.invoice_number or "")
    ours = f"DocNumber like {quoted(_numbers_of(params.invoice_number) + '%')}"
    given = await api.rows(_kind(params), PaidBack, ours)
    refund = isinstance(params, RefundReceipt)
    if objection := _not_payable_back(invoice, params.money, given, refund=refund):
        raise Refused(objection)
    return invoice


async def _customer_id(api: QuickBooksApi, params: Params) -> str:
    customer = await api.customer(params)
    if customer.currency_ref != params.currency:
        billed = customer.currency_ref or "a currency that it does not name"
        raise Refused(f"Customer {customer.id} of {TITLE} is billed in {billed}, not in {params.currency}.")
    return customer.id


def _body(
    settings: QuickBooksSettings, params: Params, key: str, customer_id: str, invoice: Invoice | None
) -> dict[str, object]:
    refund = isinstance(params, RefundReceipt)
    what = "Refund" if refund else "Credit"
    of = f" for invoice {invoice.doc_number}" if invoice else ""
    reference = params.reference
    link = f". {reference.link}" if reference.link else ""
    body: dict[str, object] = {
        "DocNumber": _number(params.invoice_number, key),
        "CustomerRef": {"value": customer_id},
        "CurrencyRef": {"value": params.currency},
        "PrivateNote": f"Countersign: call {reference.call}, case {reference.case}{of}{link}",
        "Line": [_sale_line(params.money, settings.refund_item_id, settings.tax_code, f"{what}{of}")],
    }
    if refund:
        body["DepositToAccountRef"] = {"value": settings.refund_account_id}
    elif invoice:
        body["InvoiceRef"] = {"value": invoice.id}
    if not _us_taxed(settings.tax_code):
        body["GlobalTaxCalculation"] = "TaxInclusive"
    return body


def _receipt(api: QuickBooksApi, params: Params, document: PaidBack, request_id: str | None = None) -> Receipt:
    kind = _kind(params)
    if document.total != params.money:
        words = "refund receipt" if isinstance(params, RefundReceipt) else "credit memo"
        total = show(document.total) if document.total else f"an amount in {document.currency_ref}"
        sentence = f"{TITLE} has {words} {document.id} of {total}, and {show(params.money)} was approved: "
        raise Unsure(f"{sentence}correct it there.", request_id=request_id)
    return Receipt(vendor_id=document.id, url=api.url(kind, document.id), request_id=request_id)


def _kind(params: Params) -> str:
    return type(params).__name__  # QuickBooks' own names


def _number(invoice_number: str | None, key: str) -> str:
    """Return the DocNumber of what we make, 21 characters: whose it is, and under which key."""
    return f"{_numbers_of(invoice_number)}{digest(key, 12)}"


def _numbers_of(invoice_number: str | None) -> str:
    """Return how the DocNumber of everything begins that we ever made for this invoice."""
    return f"CS{digest(invoice_number or '', 6)}-"


def _not_payable_back(invoice: Invoice, asked: Money, earlier: Iterable[PaidBack], *, refund: bool) -> str | None:
    """Return why this much is not refunded or credited; `earlier` is what we made of the same kind for it."""
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
    given = sum(document.total.amount_minor for document in earlier if document.total)
    if asked.amount_minor > most.amount_minor - given:
        before = Money(amount_minor=given, currency=asked.currency)
        how = "refunded" if refund else "credited"
        return f"{show(before)} of invoice {invoice.doc_number} is {how} already: {show(asked)} more is too much."
    return None


def _us_taxed(tax_code: str) -> bool:
    """Return whether the code is one of automated sales tax; elsewhere codes differ, and amounts include tax."""
    return tax_code in {"TAX", "NON"}


def _sale_line(money: Money, item_id: str | None, tax_code: str, description: str) -> dict[str, object]:
    """Return the one line of a refund receipt or credit memo."""
    amount = major(money)
    detail: dict[str, object] = {"ItemRef": {"value": item_id}, "Qty": 1, "UnitPrice": amount}
    detail["TaxCodeRef"] = {"value": tax_code}
    if not _us_taxed(tax_code):
        detail["TaxInclusiveAmt"] = amount
    return {
        "Description": description,
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
    }


def _less(money: Money, minor: int) -> Money:
    return Money(amount_minor=money.amount_minor - minor, currency=money.currency)
