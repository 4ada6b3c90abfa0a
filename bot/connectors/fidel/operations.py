"""Perform what can be asked of Fidel API, and look up what came of it.

A playbook fills the parameters; what does not fit is refused before anything is sent. Ids are Fidel's own (UUIDs).
Whether Fidel merges or replaces metadata is not documented, so all of it is sent back with ours merged in.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final, Generic

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation, Repeat, not_listed, stated
from bot.connectors.fidel.client import ID_PATTERN, TITLE, FidelApi, path_of
from bot.connectors.fidel.records import Brand, Card, Created, Location, Search, Transaction
from bot.connectors.parameters import Amount, Reference, Url
from bot.core.model import Frozen, Money, Receipt
from bot.core.money import major, show
from bot.http.client import Model
from bot.http.errors import Refused, Unsure

VISA_AT_MOST_MINOR: Final = 250_00  # USD or GBP, section 4.3

Uuid = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class CreateBrand(Frozen):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=50)]
    website_url: Url | None = None
    logo_url: Url | None = None  # GIF, JPG, JPEG or PNG
    reference: Reference


class UpdateBrand(Frozen):
    brand_id: Uuid
    website_url: Url | None = None
    logo_url: Url | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict)  # merged into what is there
    reference: Reference | None = None
    name: str | None = None  # a new name: always refused, so that the reason is said


class BrandReference(Frozen):
    brand_id: Uuid
    reference: Reference


class CardReference(Frozen):
    card_id: Uuid
    reference: Reference


class ShopAddress(Frozen):
    """Hold the whole address: Fidel lists all four members as required. A shop's, never a billing address."""

    location_id: Uuid
    address: str = Field(min_length=2, max_length=100)
    city: str = Field(min_length=2, max_length=100)
    postcode: str = Field(min_length=4, max_length=20)
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]  # ISO 3166-1 alpha-3


class RequestMissingTransaction(Amount):
    card_id: Uuid
    location_id: Uuid
    date: datetime.date  # of the purchase, local to the shop


class ReimburseTransaction(Amount):
    transaction_id: Uuid
    description: str | None = Field(None, max_length=100)  # the cardholder reads it on the statement


async def create_brand(api: FidelApi, params: CreateBrand, key: str) -> Receipt:
    """Make a brand. Its name is unique in the account: a repeat is refused, and the metadata says whose it is."""
    existing = await api.brand_named(params.name)
    if existing is not None:
        return _ours(existing, key)
    mark = {"countersign": key, "call": params.reference.call, "case": params.reference.case}
    links = stated({"websiteURL": params.website_url, "logoURL": params.logo_url})
    body = {"name": params.name, **links, "metadata": mark}
    try:
        reply = await api.http.write_json("POST", "/brands", body)
    except Refused as no:
        if no.reason != "exists":
            raise
        existing = await api.brand_named(params.name)
        if existing is None:
            raise Refused(
                f"{TITLE} says that a brand named {params.name} exists already, yet does not list it.",
                reason="exists",
                request_id=no.request_id,
            ) from None
        return _ours(existing, key)
    return Receipt(vendor_id=api.first(reply, Brand).id, request_id=reply.request_id)


async def find_brand(api: FidelApi, params: CreateBrand, key: str) -> Receipt | None:
    brand = await api.brand_named(params.name)
    return Receipt(vendor_id=brand.id) if brand and _made_by(brand, key) else None


async def request_missing_transaction(api: FidelApi, params: RequestMissingTransaction, key: str) -> Receipt:
    """Ask for a purchase, unless the program's list has a request for the same card, shop, date and amount.

    Fidel itself would take a second one, so after an unsure try that left no trace a person decides.
    """
    if earlier := await find_missing_transaction(api, params, key):
        return earlier
    body = {
        "locationId": params.location_id,
        "transactionDate": params.date.isoformat(),
        "amount": major(params.money),
    }
    reply = await api.http.write_json("POST", path_of("cards", params.card_id, "missing-transaction-requests"), body)
    return Receipt(vendor_id=api.first(reply, Search).id, request_id=reply.request_id)


async def find_missing_transaction(api: FidelApi, params: RequestMissingTransaction, key: str) -> Receipt | None:
    card = await api.one(path_of("cards", params.card_id), Card)
    if card is None or card.program_id is None:
        raise Refused(f"{TITLE} has no card {params.card_id}.", reason="not_found")
    amount = major(params.money)
    path = path_of("programs", card.program_id, "missing-transaction-requests")
    async for search in api.listed(path, Search):
        if search.is_for(params.card_id, params.location_id, params.date, amount):
            return Receipt(vendor_id=search.id, note=f"{TITLE} was already asked to look for this purchase.")
    return None


async def reimburse(api: FidelApi, params: ReimburseTransaction, key: str) -> Receipt:
    """Reimburse a transaction. Fidel refuses a second reimbursement of it, unless the first one failed.

    Nothing reads a reimbursement back, so a person decides after an unsure try.
    """
    path = path_of("transactions", params.transaction_id)
    transaction = await api.one(path, Transaction)
    if transaction is None:
        raise Refused(f"{TITLE} has no transaction {params.transaction_id}.", reason="not_found")
    if objection := _not_reimbursable(transaction, params.money):
        raise Refused(objection)
    body = {"amount": major(params.money), **stated({"description": params.description})}
    try:
        reply = await api.http.write_json("POST", f"{path}/reimbursement", body)
    except Refused as no:
        if no.reason != "already_created":
            raise
        # After an unsure try this means that it got through, and no call can tell whose it is: section 4.7.
        raise Unsure(
            f"{TITLE} has a reimbursement for this transaction already: if an earlier try of this step was cut "
            "off, it is that one. Compare it in the Fidel dashboard.",
            request_id=no.request_id,
        ) from None
    created = api.first(reply, Created)
    return Receipt(vendor_id=created.id, note="On its way: usually 48 to 72 hours.", request_id=reply.request_id)


def _made_by(brand: Brand, key: str) -> bool:
    return brand.metadata.get("countersign") == key


def _ours(brand: Brand, key: str) -> Receipt:
    if not _made_by(brand, key):
        sentence = f"A brand named {brand.name.strip()} exists already ({brand.id}), it was not made by this case."
        raise Refused(sentence, reason="exists")
    return Receipt(vendor_id=brand.id, note="An earlier try of this step had made it.")


def _not_reimbursable(transaction: Transaction, asked: Money) -> str | None:
    """Return why not (section 4.2 of the reference), but for the age of 90 days, which Fidel API itself checks."""
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


# --- records that are set to a state: read, merge, write ------------------------------------------------------------

Changes = UpdateBrand | BrandReference | CardReference | ShopAddress


@dataclass(frozen=True)
class Change(Generic[Model]):
    """Describe a write that is safe to repeat; `body` returns what of a record is still to be set."""

    what: str
    vendor_id: str
    model: type[Model]
    path: str
    method: str
    write_path: str
    body: Callable[[Model], dict[str, Any]]


async def make_change(api: FidelApi, params: Changes, key: str) -> Receipt:
    """Set a record to one state, which is read first: a repeat ends in the same state."""
    change = _change_of(params)
    record = await api.one(change.path, change.model)
    if record is None:
        raise Refused(f"{TITLE} has no {change.what} {change.vendor_id}.", reason="not_found")
    body = change.body(record)
    if not body:
        return Receipt(vendor_id=change.vendor_id, note=f"The {change.what} was so already.")
    # some answers lack items: 2xx is enough
    reply = await api.http.write_json(change.method, change.write_path, body)
    return Receipt(vendor_id=change.vendor_id, request_id=reply.request_id)


async def find_change(api: FidelApi, params: Changes, key: str) -> Receipt | None:
    change = _change_of(params)
    record = await api.one(change.path, change.model)
    return None if record is None or change.body(record) else Receipt(vendor_id=change.vendor_id)


def _change_of(params: Changes) -> Change[Any]:
    """Return what a change reads and writes. Raises Refused for one that cannot be made."""
    match params:
        case UpdateBrand():
            if params.name is not None:
                raise Refused(f"{TITLE} refuses to rename a brand, so nothing was sent. Its name stays as it is.")
            path = path_of("brands", params.brand_id)
            return Change("brand", params.brand_id, Brand, path, "PATCH", path, partial(_brand_body, params))
        case BrandReference():
            return _change_of(UpdateBrand(brand_id=params.brand_id, reference=params.reference))
        case CardReference():
            path, new = path_of("cards", params.card_id), params.reference.metadata
            # the body is the metadata itself; the rest goes back as it was, above all `id`, which finds the card
            return Change("card", params.card_id, Card, path, "PUT", f"{path}/metadata", partial(_merged, new))
        case ShopAddress():
            path = path_of("locations", params.location_id)
            return Change("shop", params.location_id, Location, path, "PATCH", path, partial(_shop_body, params))


def _merged(new: Mapping[str, str], record: Brand | Card) -> dict[str, Any]:
    return {} if new.items() <= record.metadata.items() else {**record.metadata, **new}


def _brand_body(params: UpdateBrand, brand: Brand) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if params.website_url is not None and params.website_url != brand.website_url:
        body["websiteURL"] = params.website_url
    if params.logo_url is not None and params.logo_url != brand.logo_url:
        body["logoURL"] = params.logo_url
    reference = params.reference.metadata if params.reference else {}
    if metadata := _merged({**params.metadata, **reference}, brand):
        body["metadata"] = metadata
    return body


def _shop_body(params: ShopAddress, shop: Location) -> dict[str, Any]:
    old = (shop.address, shop.city, shop.postcode, shop.country_code)
    if old == (params.address, params.city, params.postcode, params.country_code):
        return {}
    return {
        "address": params.address,
        "city": params.city,
        "postcode": params.postcode,
        "countryCode": params.country_code,
    }


RIGHT: Final = "a secret key (sk_test_… or sk_live_…); Fidel API has no finer rights"

OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_brand": Operation(CreateBrand, create_brand, find_brand, RIGHT),
    "update_brand": Operation(UpdateBrand, make_change, find_change, RIGHT),
    "brand_reference": Operation(BrandReference, make_change, find_change, RIGHT),
    "card_reference": Operation(CardReference, make_change, find_change, RIGHT),
    "shop_address": Operation(ShopAddress, make_change, find_change, RIGHT),
    "request_missing_transaction": Operation(
        RequestMissingTransaction, request_missing_transaction, find_missing_transaction, RIGHT, Repeat.PERSON
    ),
    "reimburse_transaction": Operation(
        ReimburseTransaction, reimburse, not_listed, RIGHT, Repeat.PERSON, moves_money=True
    ),
}
