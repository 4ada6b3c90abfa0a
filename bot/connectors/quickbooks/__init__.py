"""QuickBooks Online: invoices sent again, refund receipts, credit memos, billing addresses.

    idempotent   every POST carries a `requestid` made of our key; since Intuit does not say how long it remembers one,
                 refund receipts and credit memos also carry a DocNumber made of the key, which is looked up first
    find         by that DocNumber; by the address itself; a mailed invoice is looked at right after an unsure try
                 (its delivery time moved). Exempt: `find` for send_invoice, because no record names the key of a mail
    refusals     `refusal` in quickbooks_api.py, and quickbooks_rules.py before anything is written
    time-outs    by the base: 5 s to connect, 15 s in all; a 429 waits 60 s
    secrets      tokens live in oauth.py and its TokenStore; the refresh token rotates. Sentences hold ids, no e-mail
    contract     tests/contract/test_quickbooks.py against schemas made of Intuit's own XSD
    exempt       a company that numbers its documents itself ignores ours: then `requestid` alone guards a repeat.
                 Tax codes outside the US are sent but were never tried against a live company; a total that differs
                 from the approved amount is said, not hidden. Earlier refunds made by hand are not counted

A refund receipt takes money out of QUICKBOOKS_REFUND_ACCOUNT_ID and books it on QUICKBOOKS_REFUND_ITEM_ID, a product or
service for refunds. What is not set is not offered: without the item neither, without the account no refund receipt.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import httpx

from bot.connectors.base import Operation, parsed_params
from bot.connectors.oauth import RefreshToken, TokenStore
from bot.connectors.quickbooks import facts as quickbooks_facts
from bot.connectors.quickbooks.client import MINOR_VERSION, QuickBooksApi, Rested, refusal
from bot.connectors.quickbooks.documents import Documents
from bot.connectors.quickbooks.operations import OPERATIONS, CreditMemo, RefundReceipt, SendInvoice, UpdateAddress
from bot.connectors.quickbooks.records import CustomerRecord, Invoice, on_record
from bot.connectors.quickbooks.rules import TITLE, corrected, not_sendable
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import TOTAL_S, Http
from bot.http.errors import ConnectorError, Refused, Unavailable, Unsure
from bot.http.transport import Wire

TOKEN_URL: Final = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
REQUEST_ID: Final = "intuit_tid"
LET_IN: Final = f"{TITLE} answers in minor version {MINOR_VERSION} and lets us into the company."


class QuickBooksConnector:
    """`realm_id` (QUICKBOOKS_REALM_ID) is the company; `tax_code` (QUICKBOOKS_TAX_CODE) goes on every line we write."""

    name = "quickbooks"
    title = TITLE

    def __init__(
        self,
        realm_id: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        store: TokenStore,
        base_url: str = "https://quickbooks.api.intuit.com",
        token_url: str = TOKEN_URL,
        *,
        refund_item_id: str | None = None,
        refund_account_id: str | None = None,
        tax_code: str = "NON",
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        off = set() if refund_item_id and refund_account_id else {"refund_receipt"}
        off |= set() if refund_item_id else {"credit_memo"}
        self.operations: Mapping[str, Operation] = MappingProxyType(
            {name: operation for name, operation in OPERATIONS.items() if name not in off}
        )
        app = "app.sandbox.qbo" if "sandbox-" in base_url else "app.qbo"
        self._app = f"https://{app}.intuit.com/app"
        self._credential = RefreshToken(
            TITLE,
            token_url,
            client_id,
            client_secret,
            refresh_token,
            store=store,
            system=self.name,
            client_settings="QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET",
            token_setting="QUICKBOOKS_REFRESH_TOKEN",  # noqa: S106 - its name
            request_id_header=REQUEST_ID,
            transport=transport,
            total_s=total_s,
        )
        self._http = Http(
            TITLE,
            base_url,
            {},
            refusal,
            key_name="QUICKBOOKS_REFRESH_TOKEN",
            request_id_header=REQUEST_ID,
            credential=self._credential,
            transport=Rested(transport or Wire()),
            total_s=total_s,
        )
        self._api = QuickBooksApi(self._http, realm_id)
        self._documents = Documents(self._api, refund_item_id or "", refund_account_id or "", tax_code, self._url)

    async def perform(self, action: Action, key: str) -> Receipt:
        match parsed_params(TITLE, self.operations, action):
            case SendInvoice() as params:
                return await self._send_invoice(params, key)
            case RefundReceipt() | CreditMemo() as params:
                return await self._documents.make(params, key)
            case UpdateAddress() as params:
                return await self._update_address(params, key)
        raise Refused(f"{TITLE} has no operation {action.operation!r} here.")

    async def find(self, action: Action, key: str) -> Receipt | None:
        match parsed_params(TITLE, OPERATIONS, action):
            case RefundReceipt() | CreditMemo() as params:
                return await self._documents.made(params, key)
            case UpdateAddress() as params:
                customer = await self._api.customer(params)
                so = corrected(customer.address, params.address) == customer.address
                return self._changed(customer) if so else None
        return None  # no record names the key of a mail: see the top

    async def check(self) -> str:
        await self._api.company()
        return " ".join([LET_IN, *await self._documents.left_to_people()])

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        return await quickbooks_facts.facts(self._api, details, wanted, now, self._url)

    async def close(self) -> None:
        await self._http.close()
        await self._credential.close()

    async def _send_invoice(self, params: SendInvoice, key: str) -> Receipt:
        invoice = await self._api.invoice(params.invoice_number)
        if objection := not_sendable(invoice):
            raise Refused(objection)
        to = await self._recipient(invoice, params)
        try:
            reply = await self._api.mail(invoice.id, to, key)
            self._api.record("Invoice", Invoice, reply)
        except Unsure:
            if not await self._mailed_since(invoice):
                raise
            note = f"{TITLE} cut its answer off, but its record shows that the mail went out."
            return Receipt(vendor_id=invoice.id, url=self._url("Invoice", invoice.id), note=note)
        return Receipt(vendor_id=invoice.id, url=self._url("Invoice", invoice.id), request_id=reply.request_id)

    async def _recipient(self, invoice: Invoice, params: SendInvoice) -> str | None:
        """None: the invoice's own. Raises Refused where there is none, or a stranger nobody vouches for."""
        if invoice.bill_email and (params.email is None or invoice.bill_email.casefold() == params.email.casefold()):
            return None
        if params.email and (params.verified or on_record(params.email, invoice.bill_email)):
            return params.email
        customer = await self._api.one("Customer", invoice.customer_ref, CustomerRecord)
        known, number = customer.primary_email_addr, params.invoice_number
        if params.email is None and not known:
            raise Refused(
                f"Invoice {number} and its customer have no e-mail in {TITLE}: add one there, then try again."
            )
        if params.email and not on_record(params.email, known):
            sentence = f"The e-mail stated is not on invoice {number} nor on its customer in {TITLE}: make sure of it, "
            raise Refused(f"{sentence}and say how, or leave it out to use the one on record.", reason="unverified")
        return params.email or known

    async def _mailed_since(self, before: Invoice) -> bool:
        try:
            now = await self._api.one("Invoice", before.id, Invoice)
        except ConnectorError:  # then it stays as unsure as it was
            return False
        return now.mailed_at is not None and now.mailed_at != before.mailed_at

    async def _update_address(self, params: UpdateAddress, key: str) -> Receipt:
        for _ in range(2):  # a stale SyncToken is read again once
            customer = await self._api.customer(params)
            address = corrected(customer.address, params.address)
            if address == customer.address:
                return self._changed(customer, note="The address was so already.")
            body = {"Id": customer.id, "SyncToken": customer.sync_token, "sparse": True, "BillAddr": address}
            try:
                # another SyncToken is another request: under the same id it would get the first one's refusal again
                reply = await self._api.write("Customer", body, f"{key} {customer.sync_token}")
            except Refused as no:
                if no.reason != "stale":
                    raise
                continue
            changed = self._api.record("Customer", CustomerRecord, reply)
            return self._changed(changed, request_id=reply.request_id)
        raise Unavailable(f"Somebody else changes customer {customer.id} of {TITLE} right now.")

    def _changed(self, customer: CustomerRecord, **more: str | None) -> Receipt:
        return Receipt(vendor_id=customer.id, url=self._url("Customer", customer.id), **more)

    def _url(self, kind: str, record_id: str) -> str:
        page = f"customerdetail?nameId={record_id}" if kind == "Customer" else f"{kind.lower()}?txnId={record_id}"
        return f"{self._app}/{page}"
