"""Seed Fidel's first day with fixed ids and times before `now`."""

from datetime import UTC, datetime, timedelta

from sandbox.fidel.answers import ACCOUNT_ID, Item, stamp
from sandbox.fidel.brands import add_brand
from sandbox.fidel.transactions import add_transaction, purchase
from sandbox.state import State

PROGRAM = "8b7f6a1c-2d34-4e56-9a78-1b2c3d4e5f60"
BRAND = "0f5d1f4e-3b0a-4d6e-9f0c-6b1c7e2a9d10"
BRISTOL = "a4a2d2f7-6c1e-4b5f-8d3a-9e0f1a2b3c4d"
BOSTON = "b5b3e3a8-7d2f-4c6a-9e4b-0f1a2b3c4d5e"
VISA = "62f2a1d0-5b6c-4c7d-8e9f-0a1b2c3d4e5f"
MASTERCARD = "71c3b2e1-6c7d-4d8e-9fa0-1b2c3d4e5f60"
REFUNDED = "b9a7e2cd-43b1-4c6d-9e8f-6a5b4c3d2e1f"
REFUND = "c0b6f3de-54c0-4d7c-a5fe-7f0a7a0b9e21"
BREAKFAST = "3f0c9f4e-7f0a-4a4d-9c55-0a5f0e9b1c11"
CATERING = "5e1d8c7b-9a0f-4b2e-8d3c-7f6e5d4c3b2a"


def seed(state: State, now: datetime | None = None) -> None:
    """Fill `state.fidel` if it is empty."""
    if state.fidel:
        return
    at = now or datetime.now(UTC)
    store = state.fidel
    store |= {"brand_names": [], "reimbursements": {}, "requests": {}}
    store |= {kind: {} for kind in ("programs", "brands", "locations", "cards", "transactions")}
    store["credits"] = {"GBP": "1000.00", "USD": "1000.00"}
    long_ago = at - timedelta(days=120)
    store["programs"][PROGRAM] = _program(long_ago)
    add_brand(store, _brand(long_ago))
    store["locations"] = {
        BRISTOL: _location(BRISTOL, ("5 Quay St", "Bristol", "BS1 4DJ", "GBR", "GBP", "Europe/London"), long_ago),
        BOSTON: _location(BOSTON, ("12 Pier Ave", "Boston", "02110", "USA", "USD", "America/New_York"), long_ago),
    }
    store["cards"] = {
        VISA: _card(VISA, "visa", "444400", "4305", "cust-77", long_ago),
        MASTERCARD: _card(MASTERCARD, "mastercard", "555500", "5509", "cust-81", long_ago),
    }
    _add_purchases(store, at)
    store["uncaptured"] = [_uncaptured(at)]


def _add_purchases(store: Item, at: datetime) -> None:
    for transaction_id, amount, days, card, place in (
        (REFUNDED, "24.90", 20, VISA, BRISTOL),
        (REFUND, "-24.90", 12, VISA, BRISTOL),
        (BREAKFAST, "24.90", 5, VISA, BRISTOL),
        (CATERING, "129.50", 3, MASTERCARD, BOSTON),
    ):
        when = at - timedelta(days=days)
        location, brand = store["locations"][place], store["brands"][BRAND]
        transaction = purchase(transaction_id, amount, when, store["cards"][card], location, brand)
        add_transaction(store, transaction | {"cleared": True})


def _common(item_id: str, at: datetime) -> Item:
    return {"id": item_id, "accountId": ACCOUNT_ID, "live": False, "created": stamp(at), "updated": stamp(at)}


def _program(at: datetime) -> Item:
    return _common(PROGRAM, at) | {
        "name": "Northwind Rewards",
        "type": "card-linking",
        "active": True,
        "activeDate": stamp(at),
        "sync": False,
        "metadata": {},
    }


def _brand(at: datetime) -> Item:
    return _common(BRAND, at) | {
        "name": "Harbour Lane Bakery",
        "logoURL": "https://static.example.com/harbour-lane.png",
        "websiteURL": "https://harbourlane.example.com/",
        "metadata": {"crmId": "HL-2041"},
        "consent": True,
    }


def _location(location_id: str, place: tuple[str, str, str, str, str, str], at: datetime) -> Item:
    members = ("address", "city", "postcode", "countryCode", "currency", "timezone")
    return _common(location_id, at) | {
        "programId": PROGRAM,
        "brandId": BRAND,
        **dict(zip(members, place, strict=True)),
        "geolocation": None,
        "active": True,
        "activeDate": stamp(at),
        "preonboard": False,
        "metadata": None,
    }


def _card(card_id: str, scheme: str, first: str, last: str, reference: str, at: datetime) -> Item:
    return _common(card_id, at) | {
        "programId": PROGRAM,
        "scheme": scheme,
        "type": scheme,
        "firstNumbers": first,
        "lastNumbers": last,
        "countryCode": "GBR" if scheme == "visa" else "USA",
        "expMonth": 10,
        "expYear": at.year + 3,
        "expDate": f"{at.year + 3}-10-31T23:59:59.999Z",
        "metadata": {"id": reference},
    }


def _uncaptured(at: datetime) -> Item:
    """Return a purchase that Fidel missed and a missing-transaction request can find."""
    return {
        "cardId": MASTERCARD,
        "locationId": BOSTON,
        "date": (at - timedelta(days=9)).date().isoformat(),
        "amount": "42.10",
        "merchantName": "HARBOUR LANE BAKERY",
        "merchantCity": "BOSTON",
    }
