"""Fidel API: brands, references on brands and cards, shop addresses, missing purchases; where proven, reimbursement.

    idempotent   no key exists here at all, so every operation says below how it is safe: a natural key (a brand's
                 name), the same end state (read, merge, write), or a person
    find         works for all but one. Exempt: reimburse_transaction, because no call reads a reimbursement; a hook
                 tells of it, and until then a person decides
    refusals     `refusal` in fidel_api.py: status, code and message together, since the code alone misleads
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      the key is a header of the base's client and nowhere else; sentences hold ids, never card data
    contract     tests/contract/test_connectors.py against fidel-api.yaml
    exempt       reading before a metadata write is not atomic: another writer in between is overwritten, since the API
                 has neither versions nor conditions

Fidel copies metadata of brands and cards into every later transaction and webhook, so a reference there holds ids,
state and link: no personal data, no amounts, no reasons. Reimbursement is a withdrawn product (section 4 of the
reference): it is off unless the account proves to have it, and only ever by transaction, which has a natural lock.
By card the server picks the transaction, and a repeat could pay twice.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import httpx

from bot.connectors.base import Operation, parsed_params
from bot.connectors.fidel import facts as fidel_facts
from bot.connectors.fidel.changes import Change, change_of
from bot.connectors.fidel.client import TITLE, Brand, Card, FidelApi, Made, Search, Transaction, path_of, refusal
from bot.connectors.fidel.operations import OPERATIONS, CreateBrand, ReimburseTransaction, RequestMissingTransaction
from bot.core.model import Action, Details, Fact, Money, Receipt
from bot.core.money import major, show
from bot.http.client import TOTAL_S, Http
from bot.http.errors import Refused, Unsure

VISA_AT_MOST_MINOR: Final = 250_00  # USD or GBP, section 4.3


class FidelConnector:
    """`reimbursement` (FIDEL_REIMBURSEMENT) switches the withdrawn product on, for an account proven to have it."""

    name = "fidel"
    title = TITLE

    def __init__(
        self,
        key: str,
        base_url: str = "https://api.fidel.uk/v1",
        *,
        reimbursement: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        # a request without Content-Type is refused, GETs included: section 1.1
        headers = {"Fidel-Key": key, "Content-Type": "application/json"}
        self._live = key.startswith("sk_live_")
        self._reimbursement = reimbursement
        # what is off is not offered, so that a proposal turns to another way or to a person
        off = set() if reimbursement else {"reimburse_transaction"}
        self.operations: Mapping[str, Operation] = MappingProxyType(
            {name: operation for name, operation in OPERATIONS.items() if name not in off}
        )
        self._http = Http(
            TITLE,
            base_url,
            headers,
            refusal,
            key_name="FIDEL_API_KEY",
            request_id_header="Fidel-Request-Id",
            transport=transport,
            total_s=total_s,
        )
        self._api = FidelApi(self._http)

    async def perform(self, action: Action, key: str) -> Receipt:
        params = parsed_params(TITLE, OPERATIONS, action)
        if change := change_of(params):
            return await self._change(change)
        match params:
            case CreateBrand():
                return await self._create_brand(params, key)
            case RequestMissingTransaction():
                return await self._request_missing_transaction(params)
            case ReimburseTransaction():
                return await self._reimburse(params)
        raise Refused(f"{TITLE} has no operation {action.operation!r} here.")

    async def find(self, action: Action, key: str) -> Receipt | None:
        params = parsed_params(TITLE, OPERATIONS, action)
        if change := change_of(params):
            record = await self._api.one(change.path, change.model)
            return None if record is None or change.body(record) else Receipt(vendor_id=change.vendor_id)
        match params:
            case CreateBrand():
                brand = await self._api.brand_named(params.name)
                return Receipt(vendor_id=brand.id) if brand and _made_by(brand, key) else None
            case RequestMissingTransaction():
                return await self._search_for(params)
        return None  # a reimbursement cannot be read: see the top

    async def check(self) -> str:
        await self._http.read("/brands", {"limit": "1"})
        return f"{TITLE} answers and takes the key ({'live' if self._live else 'test'} data)."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        return await fidel_facts.facts(self._api, details, wanted, now)

    async def close(self) -> None:
        await self._http.close()

    async def _change(self, change: Change[Any]) -> Receipt:
        record = await self._api.one(change.path, change.model)
        if record is None:
            raise Refused(f"{TITLE} has no {change.what} {change.vendor_id}.", reason="not_found")
        body = change.body(record)
        if not body:
            return Receipt(vendor_id=change.vendor_id, note=f"The {change.what} was so already.")
        reply = await self._api.write(change.method, change.write_path, body)  # some answers lack items: 2xx is enough
        return Receipt(vendor_id=change.vendor_id, request_id=reply.request_id)

    async def _create_brand(self, params: CreateBrand, key: str) -> Receipt:
        existing = await self._api.brand_named(params.name)
        if existing is not None:
            return _ours(existing, key)
        mark = {"countersign": key, "call": params.reference.call, "case": params.reference.case}
        links = _stated({"websiteURL": params.website_url, "logoURL": params.logo_url})
        body = {"name": params.name, **links, "metadata": mark}
        try:
            reply = await self._api.write("POST", "/brands", body)
        except Refused as no:
            if no.reason != "exists":
                raise
            existing = await self._api.brand_named(params.name)
            if existing is None:
                raise Refused(
                    f"{TITLE} says that a brand named {params.name} exists already, yet does not list it.",
                    reason="exists",
                    request_id=no.request_id,
                ) from None
            return _ours(existing, key)
        return Receipt(vendor_id=self._api.first(reply, Brand).id, request_id=reply.request_id)

    async def _request_missing_transaction(self, params: RequestMissingTransaction) -> Receipt:
        if earlier := await self._search_for(params):
            return earlier
        body = {
            "locationId": params.location_id,
            "transactionDate": params.date.isoformat(),
            "amount": major(params.money),
        }
        reply = await self._api.write("POST", path_of("cards", params.card_id, "missing-transaction-requests"), body)
        return Receipt(vendor_id=self._api.first(reply, Search).id, request_id=reply.request_id)

    async def _search_for(self, params: RequestMissingTransaction) -> Receipt | None:
        card = await self._api.one(path_of("cards", params.card_id), Card)
        if card is None or card.program_id is None:
            raise Refused(f"{TITLE} has no card {params.card_id}.", reason="not_found")
        amount = major(params.money)
        path = path_of("programs", card.program_id, "missing-transaction-requests")
        async for search in self._api.listed(path, Search):
            if search.is_for(params.card_id, params.location_id, params.date, amount):
                return Receipt(vendor_id=search.id, note=f"{TITLE} was already asked to look for this purchase.")
        return None

    async def _reimburse(self, params: ReimburseTransaction) -> Receipt:
        if not self._reimbursement:
            raise Refused(f"Reimbursement by {TITLE} is switched off (FIDEL_REIMBURSEMENT): nothing was sent.")
        path = path_of("transactions", params.transaction_id)
        transaction = await self._api.one(path, Transaction)
        if transaction is None:
            raise Refused(f"{TITLE} has no transaction {params.transaction_id}.", reason="not_found")
        if objection := _not_reimbursable(transaction, params.money):
            raise Refused(objection)
        body = {"amount": major(params.money), **_stated({"description": params.description})}
        try:
            reply = await self._api.write("POST", f"{path}/reimbursement", body)
        except Refused as no:
            if no.reason != "already_created":
                raise
            # After an unsure try this means that it got through, and no call can tell whose it is: section 4.7.
            raise Unsure(
                f"{TITLE} has a reimbursement for this transaction already: if an earlier try of this step was cut "
                "off, it is that one. Compare it in the Fidel dashboard.",
                request_id=no.request_id,
            ) from None
        made = self._api.first(reply, Made)
        return Receipt(vendor_id=made.id, note="On its way: usually 48 to 72 hours.", request_id=reply.request_id)


def _stated(members: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def _made_by(brand: Brand, key: str) -> bool:
    return brand.metadata.get("countersign") == key


def _ours(brand: Brand, key: str) -> Receipt:
    if not _made_by(brand, key):
        sentence = f"A brand named {brand.name.strip()} exists already ({brand.id}), it was not made by this case."
        raise Refused(sentence, reason="exists")
    return Receipt(vendor_id=brand.id, note="An earlier try of this step had made it.")


def _not_reimbursable(transaction: Transaction, asked: Money) -> str | None:
    """Section 4.2 of the reference, but for the age of 90 days, which Fidel API itself checks."""
    whole = transaction.money
    scheme = transaction.card.scheme if transaction.card else None
    if whole is None or transaction.currency not in {"USD", "GBP"}:
        return f"{TITLE} reimburses USD and GBP only, and this transaction is in {transaction.currency}."
    if transaction.currency != asked.currency:
        return f"The transaction is in {transaction.currency}, not in {asked.currency}."
    if transaction.amount <= 0:
        return "The transaction is itself a refund."
    if transaction.refund_transaction_id:
        return f"The shop has refunded this purchase already ({transaction.refund_transaction_id})."
    if not transaction.cleared:
        return "The transaction has not cleared yet: try again when it has, usually after 48 to 72 hours."
    if scheme not in {"visa", "mastercard"}:
        return "Only purchases by Visa and Mastercard can be reimbursed."
    if asked.amount_minor > whole.amount_minor:
        return f"{show(asked)} is more than the transaction of {show(whole)}."
    if scheme == "visa" and asked.amount_minor > VISA_AT_MOST_MINOR:
        most = Money(amount_minor=VISA_AT_MOST_MINOR, currency=asked.currency)
        return f"{show(asked)} is more than the {show(most)} that Visa allows."
    return None
