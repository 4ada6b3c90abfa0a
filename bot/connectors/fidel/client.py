"""How Fidel API talks: its envelope, its pages, its records, its refusals. `fidel.py` says what we ask of it.

Its error codes are not reliable alone ("item-exists" says both that something exists and that it does not), so status,
code and message are read together: sections 1.6 and 8 of the Fidel API reference. Records are tolerant: members come
and go there without a version change.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bot.connectors import base
from bot.core.model import Money
from bot.core.money import from_major
from bot.http.client import Http, Reply, Thing, in_path, short, thing, to_json
from bot.http.errors import ConnectorError, Refused, Unavailable

TITLE: Final = "Fidel API"
ID_PATTERN: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PAGES_AT_MOST: Final = 200  # of 100 items each: a list that goes on for longer is a loop, not an answer

Loose = Annotated[dict[str, Any], BeforeValidator(lambda value: value if isinstance(value, dict) else {})]


class Record(base.Record):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Brand(Record):
    id: str
    name: str
    logo_url: str | None = Field(None, validation_alias=AliasChoices("logoURL", "logoUrl"))  # both spellings are seen
    website_url: str | None = Field(None, validation_alias=AliasChoices("websiteURL", "websiteUrl"))
    metadata: Loose = Field(default_factory=dict)


class Card(Record):
    id: str
    program_id: str | None = None
    metadata: Loose = Field(default_factory=dict)


class Location(Record):
    id: str
    address: str | None = None
    city: str | None = None
    postcode: str | None = None
    country_code: str | None = None


class CardOfTransaction(Record):
    id: str
    last_numbers: str | None = None
    scheme: str | None = None  # documented for Visa and Mastercard only


class Named(Record):
    id: str | None = None
    name: str | None = None


class Descriptor(Record):
    merchant_name: str | None = None
    store_name: str | None = None


class Transaction(Record):
    id: str
    amount: Decimal  # major units; negative on refunds
    currency: str
    cleared: bool | None = None
    datetime: str | None = None  # local to the shop, without an offset
    original_transaction_id: str | None = None
    refund_transaction_id: str | None = None
    card: CardOfTransaction | None = None
    brand: Named | None = None
    location: Named | None = None
    descriptor: Descriptor | None = None

    @property
    def day(self) -> str:
        """As YYYY-MM-DD in the shop's own time; empty where it is not stated."""
        return (self.datetime or "")[:10]

    @property
    def money(self) -> Money | None:
        """None where the amount does not fit its currency's decimals."""
        return from_major(self.amount, self.currency)

    @property
    def shop(self) -> str | None:
        names = self.descriptor or Descriptor()
        return names.store_name or (self.brand.name if self.brand else None) or names.merchant_name

    def same_shop(self, other: "Transaction") -> bool:
        ours, theirs = self.location or self.brand, other.location or other.brand
        return ours is not None and theirs is not None and ours.id is not None and ours.id == theirs.id


class Search(Record):
    """A missing-transaction request."""

    id: str
    card_id: str | None = None
    location_id: str | None = None
    transaction_date: str | None = None
    amount: Decimal | None = None
    status: str | None = None

    def is_for(self, card_id: str, location_id: str, day: date, amount: Decimal) -> bool:
        same = (self.card_id, self.location_id, (self.transaction_date or "")[:10], self.amount)
        return same == (card_id, location_id, day.isoformat(), amount) and self.status != "failed"


class Made(Record):
    """Whatever was made, where only its id matters."""

    id: str


class FidelApi:
    def __init__(self, http: Http) -> None:
        self._http = http

    async def one(self, path: str, model: type[Thing]) -> Thing | None:
        """The record at `path`, or None where Fidel API has none. Raises Refused, Unavailable."""
        try:
            reply = await self._http.read(path)
        except Refused as no:
            if no.reason == "not_found":
                return None
            raise
        return self.first(reply, model)

    async def listed(self, path: str, model: type[Thing], **query: str) -> AsyncIterator[Thing]:
        """Every item of a list, page by page. Raises Refused, Unavailable."""
        start: dict[str, str] = {}
        for _ in range(PAGES_AT_MOST):
            reply = await self._http.read(path, {"limit": "100", **query, **start})
            for item in self._items(reply):
                if (found := thing(model, item)) is None:
                    raise self._http.unreadable(reply)
                yield found
            last = reply.body.get("last")
            if not last:
                return
            start = {"start": last if isinstance(last, str) else to_json(last)}
        raise Unavailable(f"{TITLE} lists more than we can look through.")

    async def brand_named(self, name: str) -> Brand | None:
        """By exact name; whether the filter is exact or a prefix is not documented, so every page is compared."""
        wanted = name.strip()
        async for brand in self.listed("/brands", Brand, name=wanted):
            if brand.name.strip() == wanted:
                return brand
        return None

    async def write(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        """Raises Refused, Unavailable, Unsure."""
        return await self._http.write(method, path, to_json(body).encode(), "application/json")

    def first(self, reply: Reply, model: type[Thing]) -> Thing:
        """The one item of a reply. Raises Unsure or Unavailable where there is none."""
        items = self._items(reply)
        found = thing(model, items[0]) if items else None
        if found is None:
            raise self._http.unreadable(reply)
        return found

    def _items(self, reply: Reply) -> list[Any]:
        items = reply.body.get("items")
        if not isinstance(items, list):
            raise self._http.unreadable(reply)
        return items


def is_id(text: str) -> bool:
    return re.fullmatch(ID_PATTERN, text) is not None


def path_of(kind: str, vendor_id: str, *rest: str) -> str:
    """The path of a record: `path_of("cards", id, "metadata")`."""
    return "/".join(("", kind, in_path(vendor_id), *rest))


# Codes of the withdrawn reimbursement product, section 4.5 of the reference; all but the last say: nothing was paid.
_REIMBURSEMENT: Mapping[str, str] = MappingProxyType(
    {
        "reimbursement-account-network-inactive": "reimbursements are not active for this card network",
        "reimbursement-account-not-enough-funds": "the prepaid credits do not cover the amount",
        "credits-account-not-enough-funds": "the prepaid credits do not cover the amount",
        "reimbursement-account-not-found": "the account has no reimbursement account",
        "reimbursement-amount-above-limit": "the amount is above Fidel's limit",
        "reimbursement-amount-greater-original-amount": "the amount is more than the transaction",
        "reimbursement-invalid-transaction": "the transaction cannot be reimbursed",
        "reimbursement-transaction-not-eligible": "the transaction is not eligible (not cleared, or 90 days old)",
        "reimbursement-time-limit-after-transaction": "the transaction is too old",
        "reimbursement-transaction-not-found": "the transaction does not exist",
        "reimbursement-unsupported-network": "this card network cannot be reimbursed",
        "reimbursement-unsupported-currency": "this currency cannot be reimbursed",
        "reimbursement-not-activated": "reimbursements are not activated for the account",
        "reimbursement-visa-invalid-community-code": "Visa does not know the account's community code",
        "reimbursement-already-created": "the transaction has a reimbursement already",
    }
)


def refusal(reply: Reply) -> ConnectorError | None:
    """What a 4xx reply means; None leaves 401 and 403 to the base, whose sentence names the key."""
    error = reply.body.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), short(error.get("message") or "")
    if code in _REIMBURSEMENT:
        reason = "already_created" if code == "reimbursement-already-created" else None
        return _refused(reply, f"{TITLE} refused the reimbursement: {_REIMBURSEMENT[code]}.", reason)
    if reply.status in {401, 403}:
        return None
    if reply.status == 405 or (reply.status == 404 and code == "routes"):
        return _refused(reply, f"{TITLE} does not know this request ({reply.status}): check FIDEL_API_URL.")
    said = message.lower()
    if reply.status == 400 and "already exists" in said:
        return _refused(reply, f"{TITLE} says that it exists already.", "exists")
    if reply.status == 404 or (reply.status == 400 and ("does not exist" in said or said == "invalid uuid")):
        return _refused(reply, f"{TITLE} has no such record.", "not_found")
    words = "; ".join(filter(None, (message, *_schema_faults(error.get("metadata"))))) or f"status {reply.status}"
    return _refused(reply, f"{TITLE} refused it: {words}.")


def _refused(reply: Reply, sentence: str, reason: str | None = None) -> Refused:
    return Refused(sentence, reason=reason, request_id=reply.request_id)


def _schema_faults(metadata: object) -> list[str]:
    """`error.metadata` is an object, an array of validator messages, or absent."""
    faults = metadata if isinstance(metadata, list) else []
    return [short(fault["message"]) for fault in faults if isinstance(fault, dict) and fault.get("message")]
