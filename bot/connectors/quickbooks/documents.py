"""Refund receipts and credit memos: looked up by their own number, checked against the invoice, written once."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.connectors.quickbooks.client import QuickBooksApi, quoted
from bot.connectors.quickbooks.operations import CreditMemo, RefundReceipt
from bot.connectors.quickbooks.records import Invoice, Named, PaidBack
from bot.connectors.quickbooks.rules import TITLE, not_payable_back, number, numbers_of, sale_line, us_taxed
from bot.core.model import Receipt
from bot.core.money import show
from bot.http.errors import Refused, Unsure

Params = RefundReceipt | CreditMemo


@dataclass(frozen=True)
class Documents:
    """`account_id` is where a refund's money comes from; `url` makes a link for people of a kind and an id."""

    api: QuickBooksApi
    item_id: str
    account_id: str
    tax_code: str
    url: Callable[[str, str], str]

    async def make(self, params: Params, key: str) -> Receipt:
        """Raises Refused, Unavailable, Unsure."""
        if earlier := await self.made(params, key):
            return earlier
        kind = _kind(params)
        invoice = await self._invoice(params) if params.invoice_number else None
        customer_id = invoice.customer_ref if invoice else await self._customer_id(params)
        body = self._body(params, key, customer_id, invoice)
        try:
            reply = await self.api.write(kind, body, key)
        except Refused as no:
            if no.reason != "taken":
                raise
            # the number is made of our key, so it is an earlier try of this step that came through meanwhile
            raise Unsure(f"{TITLE} has an entry of this step already.", request_id=no.request_id) from None
        return self._receipt(params, self.api.record(kind, PaidBack, reply), reply.request_id)

    async def made(self, params: Params, key: str) -> Receipt | None:
        """What an earlier try made under this key. Raises Unsure where it is not what was approved."""
        where = f"DocNumber = {quoted(number(params.invoice_number, key))}"
        rows = await self.api.rows(_kind(params), PaidBack, where)
        return self._receipt(params, rows[0]) if rows else None

    async def left_to_people(self) -> list[str]:
        """A sentence for what cannot be made. Raises Refused where a record that the settings name is not there."""
        if not self.item_id:
            return ["Refunds are a person's there until QUICKBOOKS_REFUND_ITEM_ID is set."]
        await self._has("Item", self.item_id, "product or service", "QUICKBOOKS_REFUND_ITEM_ID")
        if not self.account_id:
            return ["Refund receipts are a person's until QUICKBOOKS_REFUND_ACCOUNT_ID is set."]
        await self._has("Account", self.account_id, "account", "QUICKBOOKS_REFUND_ACCOUNT_ID")
        return []

    async def _has(self, kind: str, record_id: str, what: str, setting: str) -> None:
        known = record_id.isdecimal() and await self.api.rows(kind, Named, f"Id = {quoted(record_id)}")
        if not known:
            raise Refused(f"{TITLE} has no {what} {record_id}: check {setting}.")

    async def _invoice(self, params: Params) -> Invoice:
        invoice = await self.api.invoice(params.invoice_number or "")
        ours = f"DocNumber like {quoted(numbers_of(params.invoice_number) + '%')}"
        given = await self.api.rows(_kind(params), PaidBack, ours)
        refund = isinstance(params, RefundReceipt)
        if objection := not_payable_back(invoice, params.money, given, refund=refund):
            raise Refused(objection)
        return invoice

    async def _customer_id(self, params: Params) -> str:
        customer = await self.api.customer(params)
        if customer.currency_ref != params.currency:
            billed = customer.currency_ref or "a currency that it does not name"
            raise Refused(f"Customer {customer.id} of {TITLE} is billed in {billed}, not in {params.currency}.")
        return customer.id

    def _body(self, params: Params, key: str, customer_id: str, invoice: Invoice | None) -> dict[str, object]:
        refund = isinstance(params, RefundReceipt)
        what = "Refund" if refund else "Credit"
        of = f" for invoice {invoice.doc_number}" if invoice else ""
        reference = params.reference
        link = f". {reference.link}" if reference.link else ""
        body: dict[str, object] = {
            "DocNumber": number(params.invoice_number, key),
            "CustomerRef": {"value": customer_id},
            "CurrencyRef": {"value": params.currency},
            "PrivateNote": f"Countersign: call {reference.call}, case {reference.case}{of}{link}",
            "Line": [sale_line(params.money, self.item_id, self.tax_code, f"{what}{of}")],
        }
        if refund:
            body["DepositToAccountRef"] = {"value": self.account_id}
        elif invoice:
            body["InvoiceRef"] = {"value": invoice.id}
        if not us_taxed(self.tax_code):
            body["GlobalTaxCalculation"] = "TaxInclusive"
        return body

    def _receipt(self, params: Params, made: PaidBack, request_id: str | None = None) -> Receipt:
        kind = _kind(params)
        if made.total != params.money:
            words = "refund receipt" if isinstance(params, RefundReceipt) else "credit memo"
            total = show(made.total) if made.total else f"an amount in {made.currency_ref}"
            sentence = (
                f"{TITLE} has {words} {made.id} of {total}, and {show(params.money)} was approved: correct it there."
            )
            raise Unsure(sentence, request_id=request_id)
        return Receipt(vendor_id=made.id, url=self.url(kind, made.id), request_id=request_id)


def _kind(params: Params) -> str:
    return type(params).__name__  # QuickBooks' own names
