"""Look up what Fidel API knows about a case: the transaction, whether the shop refunded it, and the brand.

A record that is not found, or that does not fit what the call says, is a doubt. A look-up that failed is no doubt but
`missing`: a vendor that is down for a minute must not send every case to review.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import JsonValue

from bot.connectors.base import Inquiry, Lookup, misfit, stated
from bot.connectors.fidel.client import TITLE, FidelApi, is_id, path_of
from bot.connectors.fidel.records import Brand, Transaction
from bot.core.model import Fact, Money
from bot.core.money import show


@dataclass(frozen=True)
class Found:
    """Hold the purchase that a call is about, or why there is none."""

    purchase: Transaction | None = None
    missing: str | None = None
    doubt: str | None = None


# --- the purchase and its refund ------------------------------------------------------------------------------------


async def _transaction(api: FidelApi, inquiry: Inquiry) -> Fact | None:
    found = await inquiry.shared(_purchase, api)
    if found is None:
        return None
    if found.purchase is None:
        return inquiry.fact("transaction", missing=found.missing, doubt=found.doubt)
    return _transaction_fact(found.purchase, inquiry)


async def _refund(api: FidelApi, inquiry: Inquiry) -> Fact | None:
    found = await inquiry.shared(_purchase, api)
    if found is None:
        return None
    if found.purchase is None:  # said once: the refund of an unknown purchase is no second doubt
        told = "transaction" in inquiry.wanted
        return None if told else inquiry.fact("refund", missing=found.missing, doubt=found.doubt)
    return await _refund_fact(api, found.purchase, inquiry)


async def _purchase(api: FidelApi, inquiry: Inquiry) -> Found | None:
    """Find it by its id, else by card, amount and date; None where the call states neither."""
    details, fields = inquiry.details, inquiry.details.fields
    if fields.transaction_id:
        if not is_id(fields.transaction_id):  # most likely another system's
            return Found(missing=f"{fields.transaction_id} is not a transaction id of {TITLE}.")
        purchase = await api.one(path_of("transactions", fields.transaction_id), Transaction)
        nothing = f"{TITLE} has no transaction {fields.transaction_id}."
        return Found(purchase) if purchase else Found(missing=nothing, doubt=nothing)
    day = (fields.transaction_date or "")[:10]
    if not (fields.card_id and is_id(fields.card_id) and details.money and day):
        return None
    listed = api.listed(path_of("cards", fields.card_id, "transactions"), Transaction, order="desc")
    fitting = [
        transaction async for transaction in listed if transaction.day == day and transaction.money == details.money
    ]
    if len(fitting) == 1:
        return Found(fitting[0])
    count = f"{len(fitting)} transactions" if fitting else "no transaction"
    nothing = f"{TITLE} has {count} of {show(details.money)} on {_day(day)} with this card."
    return Found(missing=nothing, doubt=nothing)


def _transaction_fact(purchase: Transaction, inquiry: Inquiry) -> Fact:
    whole, card, brand = purchase.money, purchase.card, purchase.brand
    last = f", card ••{card.last_numbers}" if card and card.last_numbers else ""
    shop = f" at {purchase.shop}" if purchase.shop else ""
    amount = show(whole) if whole else f"an amount in {purchase.currency}"
    settled = "cleared" if purchase.cleared else "not cleared yet"
    return inquiry.fact(
        "transaction",
        values=stated(
            {
                "transaction_id": purchase.id,
                "amount_minor": whole.amount_minor if whole else None,
                "currency": purchase.currency,
                "cleared": purchase.cleared,
                "date": purchase.day,
                "shop": purchase.shop,
                "brand_id": brand.id if brand else None,
                "location_id": purchase.location.id if purchase.location else None,
                "card_id": card.id if card else None,
                "card_last": card.last_numbers if card else None,
                "scheme": card.scheme if card else None,
                "refund_transaction_id": purchase.refund_transaction_id,
            }
        ),
        sentence=f"{amount}{shop} on {_day(purchase.day)}{last}, {settled}",
        doubt=_misfit(purchase, whole, inquiry.details.money),
    )


def _misfit(purchase: Transaction, whole: Money | None, said: Money | None) -> str | None:
    if purchase.amount <= 0:
        return f"{TITLE}'s transaction {purchase.id} is itself a refund."
    if whole is None:
        return f"{TITLE}'s amount of transaction {purchase.id} cannot be read in {purchase.currency}."
    return misfit(said, whole, f"{TITLE}'s transaction")


async def _refund_fact(api: FidelApi, purchase: Transaction, inquiry: Inquiry) -> Fact:
    if purchase.refund_transaction_id:
        refund = await api.one(path_of("transactions", purchase.refund_transaction_id), Transaction)
        words = f"The shop refunded this purchase already{_how_much(refund)} ({purchase.refund_transaction_id})."
        values = _refund_values(purchase.refund_transaction_id, refund, matched=True)
        return inquiry.fact("refund", values=values, sentence=words, doubt=words)
    for refund in await _refunds_like(api, purchase):
        matched = refund.original_transaction_id == purchase.id
        words = (
            f"The shop refunded this purchase already{_how_much(refund)} ({refund.id})."
            if matched
            else f"The shop made a refund to this card{_how_much(refund)} ({refund.id}): it may be for this purchase."
        )
        values = _refund_values(refund.id, refund, matched=matched)
        return inquiry.fact("refund", values=values, sentence=words, doubt=words)
    return inquiry.fact("refund", sentence="No refund by the shop seen", values={"refunded": False})


async def _refunds_like(api: FidelApi, purchase: Transaction) -> list[Transaction]:
    """Return refunds that may be for this purchase, matched first: Fidel matches full refunds only (section 3.4)."""
    if purchase.card is None or purchase.card.id is None:
        return []
    listed = api.listed(path_of("cards", purchase.card.id, "transactions"), Transaction, order="desc")
    fitting = [
        refund
        async for refund in listed
        if refund.original_transaction_id == purchase.id
        or (
            refund.original_transaction_id is None
            and -purchase.amount <= refund.amount < 0
            and refund.currency == purchase.currency
            and refund.same_shop(purchase)
            and refund.day >= purchase.day
        )
    ]
    return sorted(fitting, key=lambda refund: refund.original_transaction_id is None)


def _how_much(refund: Transaction | None) -> str:
    if refund is None or refund.money is None:
        return ""
    back = Money(amount_minor=-refund.money.amount_minor, currency=refund.currency)
    return f": {show(back)} on {_day(refund.day)}"


def _refund_values(refund_id: str, refund: Transaction | None, *, matched: bool) -> dict[str, JsonValue]:
    back = refund.money if refund else None
    amounts: dict[str, JsonValue] = {"amount_minor": -back.amount_minor, "currency": back.currency} if back else {}
    return {"refunded": True, "refund_transaction_id": refund_id, "matched": matched, **amounts}


# --- brands ---------------------------------------------------------------------------------------------------------


async def _brand(api: FidelApi, inquiry: Inquiry) -> Fact | None:
    fields = inquiry.details.fields
    if fields.brand_id and is_id(fields.brand_id):
        brand, words = await api.one(path_of("brands", fields.brand_id), Brand), fields.brand_id
    elif fields.brand_name:
        brand, words = await api.brand_named(fields.brand_name), f"named {fields.brand_name}"
    else:
        return None
    if brand is None:
        nothing = f"{TITLE} has no brand {words}."
        return inquiry.fact("brand", missing=nothing, doubt=nothing)
    return inquiry.fact(
        "brand", values=_brand_values(brand), sentence=f"{brand.name}, {brand.website_url or 'no website'}"
    )


async def _brand_name(api: FidelApi, inquiry: Inquiry) -> Fact | None:
    """Tell whether the name of a brand to be made is still free."""
    name = (inquiry.details.fields.brand_name or "").strip()
    if not name:
        return None
    brand = await api.brand_named(name)
    if brand is None:
        return inquiry.fact("brand_name", values={"taken": False}, sentence=f"No brand is named {name} yet")
    words = f"A brand named {name} exists already on {TITLE} ({brand.id})."
    return inquiry.fact("brand_name", values={"taken": True, **_brand_values(brand)}, sentence=words, doubt=words)


def _brand_values(brand: Brand) -> dict[str, JsonValue]:
    return stated(
        {
            "brand_id": brand.id,
            "brand_name": brand.name,
            "website_url": brand.website_url,
            "logo_url": brand.logo_url,
        }
    )


def _day(day: str) -> str:
    try:
        read = date.fromisoformat(day)
    except ValueError:
        return day or "an unknown day"
    return f"{read.day} {read:%b %Y}"


LOOKUPS: Final[Mapping[str, Lookup]] = {
    "transaction": _transaction,
    "refund": _refund,
    "brand": _brand,
    "brand_name": _brand_name,
}
