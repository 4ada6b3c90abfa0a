"""Talk to QuickBooks: queries, envelopes, customers and invoices by what people know, and its refusals."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Unpack

import httpx
from pydantic import SecretStr, StringConstraints

from bot.connectors.base import Client, digest
from bot.connectors.oauth import RefreshToken, TokenStore
from bot.connectors.quickbooks.records import CustomerRecord, Invoice, Named, on_record
from bot.core.model import Fields, Frozen
from bot.http.client import Http, Model, Reply, Wiring, in_path, short
from bot.http.errors import ConnectorError, CredentialsRefused, Refused

TITLE: Final = "QuickBooks"
MINOR_VERSION: Final = "75"  # lower ones are ignored since August 2025
LET_IN: Final = f"{TITLE} answers in minor version {MINOR_VERSION} and lets us into the company."
SETTING: Final = "QUICKBOOKS_REFRESH_TOKEN"
REQUEST_ID: Final = "intuit_tid"
ROWS_AT_MOST: Final = 1000
REST_S: Final = 60.0  # what a 429 means, section 7 of the reference: it comes without Retry-After

# no control characters: the query language has no way to write them
InvoiceNumber = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\\]{1,21}$")]  # DocNumber takes 21 characters
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\\,;]+@[^@\s\\,;]+$", max_length=100)]
Stated = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\\]+$", max_length=500)]


class QuickBooksSettings(Frozen):
    """Hold QUICKBOOKS_*; `realm_id` is the company, `tax_code` goes on every line we write."""

    realm_id: str
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    api_url: str
    token_url: str
    refund_item_id: str | None = None
    refund_account_id: str | None = None
    tax_code: str = "NON"


class Customer(Frozen):
    account_id: Stated | None = None
    email: Email | None = None
    customer_name: Stated | None = None


class QuickBooksApi(Client):
    """Ask one company's books. Every method raises ConnectorError."""

    def __init__(self, settings: QuickBooksSettings, tokens: TokenStore, **wiring: Unpack[Wiring]) -> None:
        self.settings = settings
        self._root = f"/v3/company/{in_path(settings.realm_id)}"
        app = "app.sandbox.qbo" if "sandbox-" in settings.api_url else "app.qbo"
        self._app = f"https://{app}.intuit.com/app"
        credential = RefreshToken(
            TITLE,
            settings.token_url,
            settings.client_id,
            settings.client_secret.get_secret_value(),
            settings.refresh_token.get_secret_value(),
            store=tokens,
            system="quickbooks",
            client_settings="QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET",
            token_setting=SETTING,
            request_id_header=REQUEST_ID,
            **wiring,
        )
        http = Http(TITLE, settings.api_url, {}, refusal, SETTING, REQUEST_ID, REST_S, credential=credential, **wiring)
        super().__init__(http)

    async def check(self) -> str:
        path = f"{self._root}/companyinfo/{in_path(self.settings.realm_id)}"
        await self.http.read(path, {"minorversion": MINOR_VERSION})
        return " ".join([LET_IN, *await self._left_to_people()])

    async def _left_to_people(self) -> list[str]:
        """Return a sentence for what is a person's. Raises Refused for a setting whose record is not there."""
        item_id, account_id = self.settings.refund_item_id, self.settings.refund_account_id
        if not item_id:
            return ["Refunds are a person's there until QUICKBOOKS_REFUND_ITEM_ID is set."]
        await self._expect("Item", item_id, "product or service", "QUICKBOOKS_REFUND_ITEM_ID")
        if not account_id:
            return ["Refund receipts are a person's until QUICKBOOKS_REFUND_ACCOUNT_ID is set."]
        await self._expect("Account", account_id, "account", "QUICKBOOKS_REFUND_ACCOUNT_ID")
        return []

    async def _expect(self, kind: str, record_id: str, what: str, setting: str) -> None:
        if not (record_id.isdecimal() and await self.rows(kind, Named, f"Id = {quoted(record_id)}")):
            raise Refused(f"{TITLE} has no {what} {record_id}: check {setting}.")

    async def rows(self, kind: str, model: type[Model], where: str) -> list[Model]:
        """Return what a query finds, at most 1000 records; `where` holds values as `quoted` gives them."""
        words = ("select * from", kind, "where", where, "maxresults", str(ROWS_AT_MOST))
        query = {"query": " ".join(words)}
        reply = await self.http.read(f"{self._root}/query", query | {"minorversion": MINOR_VERSION})
        found = reply.body.get("QueryResponse")
        return self.http.records(model, found.get(kind, []) if isinstance(found, dict) else None, reply)

    async def one(self, kind: str, record_id: str, model: type[Model]) -> Model:
        """Return a record. Raises Refused with the reason "not_found"."""
        path = f"{self._root}/{kind.lower()}/{in_path(record_id)}"
        return self.record(kind, model, await self.http.read(path, {"minorversion": MINOR_VERSION}))

    async def write(self, kind: str, body: Mapping[str, object], key: str) -> Reply:
        query = {"requestid": digest(key, 50), "minorversion": MINOR_VERSION}
        return await self.http.write_json("POST", f"{self._root}/{kind.lower()}", body, query=query)

    async def mail(self, invoice_id: str, to: str | None, key: str) -> Reply:
        """Mail an invoice, to its own address where `to` is None. The body has to be empty, and of this type."""
        query = {"requestid": digest(key, 50), "minorversion": MINOR_VERSION} | ({"sendTo": to} if to else {})
        path = f"{self._root}/invoice/{in_path(invoice_id)}/send"
        return await self.http.write("POST", path, b"", "application/octet-stream", query=query)

    def record(self, kind: str, model: type[Model], reply: Reply) -> Model:
        return self.http.records(model, [reply.body.get(kind)], reply)[0]

    async def invoice(self, invoice_number: str) -> Invoice:
        """Return an invoice by its number. Raises Refused where there is none, or more than one."""
        return _only(
            await self.rows("Invoice", Invoice, f"DocNumber = {quoted(invoice_number)}"),
            f"{TITLE} has no invoice {invoice_number}.",
            f"{TITLE} has more than one invoice {invoice_number}: do it by hand there.",
        )

    async def customer(self, who: Customer | Fields) -> CustomerRecord:
        """Return a customer by QuickBooks' id, else by e-mail, else by name. Raises Refused where that is not one."""
        if who.account_id and who.account_id.isdecimal():  # other ids are other systems', and so may be digits
            for named in await self.rows("Customer", CustomerRecord, f"Id = {quoted(who.account_id)}"):
                if who.email and not on_record(who.email, named.primary_email_addr):
                    raise Refused(
                        f"Customer {named.id} of {TITLE} does not have the e-mail stated: name one of the two."
                    )
                return named
        if who.email:
            where, by = f"PrimaryEmailAddr = {quoted(who.email)}", "this e-mail"
        elif who.customer_name:
            where, by = f"DisplayName = {quoted(who.customer_name)}", "this name"
        else:
            raise Refused(f"Nothing says which customer of {TITLE} it is: name an e-mail or a {TITLE} id.")
        return _only(
            await self.rows("Customer", CustomerRecord, where),
            f"{TITLE} has no customer with {by}.",
            f"{TITLE} has more than one customer with {by}: name its {TITLE} id.",
        )

    def url(self, kind: str, record_id: str) -> str:
        """Return the page of a record for people."""
        page = f"customerdetail?nameId={record_id}" if kind == "Customer" else f"{kind.lower()}?txnId={record_id}"
        return f"{self._app}/{page}"


def quoted(value: str) -> str:
    r"""Return a value for a query: `\` guards a quote, and itself."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _only(rows: list[Model], none: str, several: str) -> Model:
    if len(rows) != 1:
        raise Refused(several if rows else none, reason="several" if rows else "not_found")
    return rows[0]


_SENTENCES: Final = {
    "610": f"{TITLE} has no such record, or it is inactive.",
    "5010": f"Somebody else changed this record of {TITLE} at the same moment.",
    "6140": f"{TITLE} has a document of this number already.",
    "2500": f"{TITLE} does not know a record that the entry needs: check QUICKBOOKS_REFUND_ITEM_ID and "
    "QUICKBOOKS_REFUND_ACCOUNT_ID.",
    "6210": f"The books are closed for this date in {TITLE}: ask whoever keeps them to open the period.",
    "6240": f"{TITLE} has another record of this name already.",
    "6540": f"The transaction is deposited in {TITLE} already and cannot be changed.",
}
_REASONS: Final = {"610": "not_found", "5010": "stale", "6140": "taken"}
_EMAIL: Final = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")


def refusal(reply: Reply) -> ConnectorError | None:
    """Return what a 4xx reply means: a `Fault`, or the gateway's `fault`. None leaves 401 to the base."""
    code, message, kind = _fault(reply.body)
    said, request_id = code or str(reply.status), reply.request_id
    if reply.status == httpx.codes.UNAUTHORIZED:
        return None
    if code == "6190":
        sentence = f"The {TITLE} subscription has ended: nothing can be done until it is renewed."
        return CredentialsRefused(sentence, request_id=request_id)
    if reply.status == httpx.codes.FORBIDDEN or kind in {"AUTHENTICATION", "AUTHORIZATION"}:
        sentence = f"{TITLE} does not let us into the company ({said}): check QUICKBOOKS_REALM_ID, or connect it again "
        return CredentialsRefused(f"{sentence}and renew QUICKBOOKS_REFRESH_TOKEN.", request_id=request_id)
    if kind in {"SYSTEM", "SERVICE"}:  # an error of its own, whatever the status says
        return reply.undecided(f"{TITLE} could not say how it ended ({said}).")
    sentence = _SENTENCES.get(code) or f"{TITLE} refused it ({said}): {message}"
    return Refused(sentence, reason=_REASONS.get(code), request_id=request_id)


def _fault(body: Mapping[str, object]) -> tuple[str, str, str]:
    """Return code, words without e-mail addresses, and the kind in capitals without "FAULT"."""
    fault = body.get("Fault") or body.get("fault")
    fault = fault if isinstance(fault, dict) else {}
    errors = fault.get("Error") or fault.get("error")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    stated = {str(name).lower(): value for name, value in first.items()}
    words = short(_EMAIL.sub("(an e-mail)", str(stated.get("detail") or stated.get("message") or "no reason given")))
    kind = str(fault.get("type") or "").upper().removesuffix("FAULT")
    return str(stated.get("code") or "").lstrip("0"), words, kind
