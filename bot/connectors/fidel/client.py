"""Talk to Fidel API: its envelope, its pages, its refusals.

Its error codes are not reliable alone ("item-exists" says both that something exists and that it does not), so status,
code and message are read together: sections 1.6 and 8 of the Fidel API reference.
"""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final, Unpack

from pydantic import SecretStr

from bot.connectors.base import Client, pages
from bot.connectors.fidel.records import Brand
from bot.core.model import Frozen
from bot.http.client import Http, Model, Reply, Wiring, in_path, short, to_json
from bot.http.errors import ConnectorError, Refused

TITLE: Final = "Fidel API"
ID_PATTERN: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
PAGES_AT_MOST: Final = 200  # of 100 items each: a list that goes on for longer is a loop, not an answer


class FidelSettings(Frozen):
    """Hold FIDEL_*; `reimbursement` switches the withdrawn product on, for an account proven to have it."""

    api_key: SecretStr
    api_url: str
    reimbursement: bool = False


class FidelApi(Client):
    """Ask Fidel API."""

    def __init__(self, settings: FidelSettings, **wiring: Unpack[Wiring]) -> None:
        key = settings.api_key.get_secret_value()
        self._live = key.startswith("sk_live_")
        # a request without Content-Type is refused, GETs included: section 1.1
        headers = {"Fidel-Key": key, "Content-Type": "application/json"}
        super().__init__(Http(TITLE, settings.api_url, headers, refusal, "FIDEL_API_KEY", "Fidel-Request-Id", **wiring))

    async def check(self) -> str:
        await self.http.read("/brands", {"limit": "1"})
        return f"{TITLE} answers and takes the key ({'live' if self._live else 'test'} data)."

    async def one(self, path: str, model: type[Model]) -> Model | None:
        """Return the record at `path`, or None where Fidel API has none. Raises Refused, Unavailable."""
        try:
            reply = await self.http.read(path)
        except Refused as no:
            if no.reason == "not_found":
                return None
            raise
        return self.first(reply, model)

    def listed(self, path: str, model: type[Model], **query: str) -> AsyncIterator[Model]:
        """Yield every item of a list, page by page. Raises Refused, Unavailable."""

        async def page(cursor: Mapping[str, str]) -> tuple[list[Model], str | None]:
            reply = await self.http.read(path, {"limit": "100", **query, **cursor})
            last = reply.body.get("last") or None
            items = self.http.records(model, reply.body.get("items"), reply)
            return items, last if isinstance(last, str | None) else to_json(last)

        return pages(page, "start", PAGES_AT_MOST, f"{TITLE} lists more than we can look through.")

    async def brand_named(self, name: str) -> Brand | None:
        """Return the brand of exactly this name; whether the filter is exact is not documented, so all are compared."""
        wanted = name.strip()
        async for brand in self.listed("/brands", Brand, name=wanted):
            if brand.name.strip() == wanted:
                return brand
        return None

    def first(self, reply: Reply, model: type[Model]) -> Model:
        """Return the one item of a reply. Raises Unsure or Unavailable where there is none."""
        items = reply.body.get("items")
        return self.http.records(model, items[:1] if isinstance(items, list) and items else None, reply)[0]


def is_id(text: str) -> bool:
    return re.fullmatch(ID_PATTERN, text) is not None


def path_of(kind: str, vendor_id: str, *rest: str) -> str:
    """Return the path of a record: `path_of("cards", id, "metadata")`."""
    return "/".join(("", kind, in_path(vendor_id), *rest))


# Codes of the withdrawn reimbursement product, section 4.5 of the reference; all but the last say: nothing was paid.
_REIMBURSEMENT: Final[Mapping[str, str]] = {
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


def refusal(reply: Reply) -> ConnectorError | None:
    """Return what a 4xx reply means; None leaves 401 and 403 to the base, whose sentence names the key."""
    error = reply.body.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), short(error.get("message") or "")
    if code in _REIMBURSEMENT:
        reason = "already_created" if code == "reimbursement-already-created" else None
        return reply.refused(f"{TITLE} refused the reimbursement: {_REIMBURSEMENT[code]}.", reason)
    if reply.status in {401, 403}:
        return None
    if reply.status == 405 or (reply.status == 404 and code == "routes"):
        return reply.refused(f"{TITLE} does not know this request ({reply.status}): check FIDEL_API_URL.")
    said = message.lower()
    if reply.status == 400 and "already exists" in said:
        return reply.refused(f"{TITLE} says that it exists already.", "exists")
    if reply.status == 404 or (reply.status == 400 and ("does not exist" in said or said == "invalid uuid")):
        return reply.refused(f"{TITLE} has no such record.", "not_found")
    words = "; ".join(filter(None, (message, *_schema_faults(error.get("metadata"))))) or f"status {reply.status}"
    return reply.refused(f"{TITLE} refused it: {words}.")


def _schema_faults(metadata: object) -> list[str]:
    """Return the validator's messages: `error.metadata` is an object, an array of them, or absent."""
    faults = metadata if isinstance(metadata, list) else []
    return [short(fault["message"]) for fault in faults if isinstance(fault, dict) and fault.get("message")]
