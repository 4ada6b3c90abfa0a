"""How QuickBooks talks: queries, envelopes, its refusals and its minute of rest. `quickbooks.py` says what we ask."""

import re
from collections.abc import Mapping
from typing import Final, Protocol, TypeVar

import httpx

from bot.connectors.base import Record
from bot.connectors.quickbooks.records import CustomerRecord, Invoice, on_record
from bot.connectors.quickbooks.rules import TITLE, request_id
from bot.http.client import JSON, Http, Reply, in_path, short, thing, to_json
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure

MINOR_VERSION: Final = "75"  # lower ones are ignored since August 2025
ROWS_AT_MOST: Final = 1000
REST_S: Final = 60  # what a 429 means, section 7 of the reference: it comes without Retry-After

Thing = TypeVar("Thing", bound=Record)


class Rested(httpx.AsyncBaseTransport):
    """Says for QuickBooks how long a 429 lasts."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            response.headers.setdefault("Retry-After", str(REST_S))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class Who(Protocol):
    """Whatever names a customer: parameters, or the fields of a call."""

    @property
    def account_id(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def customer_name(self) -> str | None: ...


class QuickBooksApi:
    """One company's books. Every method raises ConnectorError."""

    def __init__(self, http: Http, realm_id: str) -> None:
        self._http = http
        self._realm_id = realm_id
        self._root = f"/v3/company/{in_path(realm_id)}"

    async def company(self) -> None:
        await self._http.read(f"{self._root}/companyinfo/{in_path(self._realm_id)}", {"minorversion": MINOR_VERSION})

    async def rows(self, kind: str, model: type[Thing], where: str) -> list[Thing]:
        """What a query finds, at most 1000 records; `where` holds values as `quoted` gives them."""
        words = ("select * from", kind, "where", where, "maxresults", str(ROWS_AT_MOST))
        query = {"query": " ".join(words)}
        reply = await self._http.read(f"{self._root}/query", query | {"minorversion": MINOR_VERSION})
        found = reply.body.get("QueryResponse")
        listed = found.get(kind, []) if isinstance(found, dict) else None
        made = [thing(model, row) for row in listed] if isinstance(listed, list) else [None]
        rows = [row for row in made if row is not None]
        if len(rows) != len(made):
            raise self._http.unreadable(reply)
        return rows

    async def one(self, kind: str, record_id: str, model: type[Thing]) -> Thing:
        """Raises Refused with the reason "not_found"."""
        path = f"{self._root}/{kind.lower()}/{in_path(record_id)}"
        return self.record(kind, model, await self._http.read(path, {"minorversion": MINOR_VERSION}))

    async def write(self, kind: str, body: Mapping[str, object], key: str) -> Reply:
        query = {"requestid": request_id(key), "minorversion": MINOR_VERSION}
        return await self._http.write("POST", f"{self._root}/{kind.lower()}", to_json(body).encode(), JSON, query=query)

    async def mail(self, invoice_id: str, to: str | None, key: str) -> Reply:
        """To the invoice's own address where `to` is None. The body has to be empty, and of this type."""
        query = {"requestid": request_id(key), "minorversion": MINOR_VERSION} | ({"sendTo": to} if to else {})
        path = f"{self._root}/invoice/{in_path(invoice_id)}/send"
        return await self._http.write("POST", path, b"", "application/octet-stream", query=query)

    def record(self, kind: str, model: type[Thing], reply: Reply) -> Thing:
        found = thing(model, reply.body.get(kind))
        if found is None:
            raise self._http.unreadable(reply)
        return found

    async def invoice(self, invoice_number: str) -> Invoice:
        """Raises Refused where there is none, or more than one."""
        return _only(
            await self.rows("Invoice", Invoice, f"DocNumber = {quoted(invoice_number)}"),
            f"{TITLE} has no invoice {invoice_number}.",
            f"{TITLE} has more than one invoice {invoice_number}: do it by hand there.",
        )

    async def customer(self, who: Who) -> CustomerRecord:
        """By QuickBooks' id, else by e-mail, else by name. Raises Refused where that is nobody, or not one."""
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


def quoted(value: str) -> str:
    r"""A value in a query: `\` guards a quote, and itself."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _only(rows: list[Thing], none: str, several: str) -> Thing:
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
    """What a 4xx reply means: a `Fault`, or the gateway's `fault` in lower case. None leaves 401 to the base."""
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
        sentence = f"{TITLE} could not say how it ended ({said})."
        if reply.write:
            return Unsure(f"{sentence} It may have happened.", request_id=request_id)
        return Unavailable(sentence, request_id=request_id)
    sentence = _SENTENCES.get(code) or f"{TITLE} refused it ({said}): {message}"
    return Refused(sentence, reason=_REASONS.get(code), request_id=request_id)


def _fault(body: Mapping[str, object]) -> tuple[str, str, str]:
    """Code, words without e-mail addresses, and the kind in capitals without "FAULT"."""
    fault = body.get("Fault") or body.get("fault")
    fault = fault if isinstance(fault, dict) else {}
    errors = fault.get("Error") or fault.get("error")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    stated = {str(name).lower(): value for name, value in first.items()}
    words = short(_EMAIL.sub("(an e-mail)", str(stated.get("detail") or stated.get("message") or "no reason given")))
    kind = str(fault.get("type") or "").upper().removesuffix("FAULT")
    return str(stated.get("code") or "").lstrip("0"), words, kind
