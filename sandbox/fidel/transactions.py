"""Answer the transaction operations: reads, test authorisations, test refunds and test clearing."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.fidel.answers import Answer, Api, Ask, Item, decimal_text, invalid, moment, number, page, stamp
from sandbox.fidel.schema import amount, checked, text, true

BRAND_MEMBERS = ("id", "name", "logoURL", "metadata")
CARD_MEMBERS = ("id", "firstNumbers", "lastNumbers", "scheme", "metadata")
PLACE_MEMBERS = ("id", "address", "city", "postcode", "countryCode", "timezone", "geolocation", "metadata")


def get_transaction(api: Api, ask: Ask) -> Answer:
    return Answer([shown(api.find("transactions", ask.path["transactionId"]))])


def list_by_card(api: Api, ask: Ask) -> Answer:
    card_id = api.find("cards", ask.path["cardId"], parent=True)["id"]
    return _listed(api, ask, lambda transaction: transaction["card"]["id"] == card_id)


def list_by_brand(api: Api, ask: Ask) -> Answer:
    brand_id = api.find("brands", ask.path["brandId"], parent=True)["id"]
    return _listed(api, ask, lambda transaction: transaction["brand"]["id"] == brand_id)


def list_by_program(api: Api, ask: Ask) -> Answer:
    """Return a program's transactions; `from` and `to`, known from one connector only, bound `created`."""
    program_id = api.find("programs", ask.path["programId"], parent=True)["id"]
    try:
        earliest, latest = (moment(ask.query[name]) if name in ask.query else None for name in ("from", "to"))
    except ValueError:
        raise invalid('should match format "date-time"') from None

    def wanted(transaction: Item) -> bool:
        created = moment(transaction["created"])
        late_enough = earliest is None or created >= earliest
        return transaction["programId"] == program_id and late_enough and (latest is None or created <= latest)

    return _listed(api, ask, wanted)


def clear_test_transaction(api: Api, ask: Ask) -> Answer:
    transaction = api.find("transactions", ask.path["transactionId"])
    checked(ask.body, {"cleared": true}, required=("cleared",))
    transaction |= {"cleared": True, "updated": api.stamp()}
    api.state.changed("fidel")
    return Answer([shown(transaction)])


def create_test_transaction(api: Api, ask: Ask) -> Answer:
    """Create a test transaction; a negative amount is a refund, matched only to an equal and opposite original."""
    rules = {"amount": amount, "cardId": text(1), "locationId": text(1)}
    body = checked(ask.body, rules, required=tuple(rules))
    card = api.find("cards", body["cardId"], parent=True)
    location = api.find("locations", body["locationId"], parent=True)
    brand = api.find("brands", location["brandId"], parent=True)
    transaction = purchase(api.new_id(), decimal_text(body["amount"]), api.now(), card, location, brand)
    add_transaction(api.store, transaction)
    api.state.changed("fidel")
    return Answer([shown(transaction)], status=201)


def purchase(transaction_id: str, amount_text: str, at: datetime, card: Item, location: Item, brand: Item) -> Item:
    """Return a new transaction with copies of brand, card and location as they are now, and no metadata of its own."""
    refund = amount_text.startswith("-")
    visa = card["scheme"] == "visa"
    created = stamp(at)
    return {
        "id": transaction_id,
        "accountId": card["accountId"],
        "programId": card["programId"],
        "amount": amount_text,
        "currency": location["currency"],
        "auth": not refund,
        "cleared": refund,
        "authCode": "83K2P1",
        "approvalCode": None,
        "cardPresent": None,
        "merchantCategoryCode": "5462",
        "descriptor": {"merchantName": brand["name"].upper(), "storeName": brand["name"]},
        "datetime": at.astimezone(ZoneInfo(location["timezone"])).strftime("%Y-%m-%dT%H:%M:%S"),
        "created": created,
        "updated": created,
        "wallet": None,
        "offer": None,
        "brand": {name: brand.get(name) for name in BRAND_MEMBERS},
        "card": {name: card[name] for name in CARD_MEMBERS},
        "location": {name: location[name] for name in PLACE_MEMBERS},
        "identifiers": {
            "MID": "TEST_MID_1",
            "visaAuthCode": "83K2P1" if visa else None,
            "mastercardAuthCode": None if visa else "83K2P1",
            "mastercardRefNumber": None,
            "mastercardTransactionSequenceNumber": None,
        },
    }


def add_transaction(store: Item, transaction: Item) -> None:
    """Store a transaction and link a full refund with its original; an unmatched refund lacks the member."""
    original = _original(store, transaction) if transaction["amount"].startswith("-") else None
    if original is not None:
        transaction["originalTransactionId"] = original["id"]
        original |= {"refundTransactionId": transaction["id"], "updated": transaction["created"]}
    store["transactions"][transaction["id"]] = transaction


def shown(transaction: Item) -> Item:
    return {**transaction, "amount": number(transaction["amount"])}


def _original(store: Item, refund: Item) -> Item | None:
    for candidate in store["transactions"].values():
        if (
            candidate["card"]["id"] == refund["card"]["id"]
            and candidate["location"]["id"] == refund["location"]["id"]
            and number(candidate["amount"]) == -number(refund["amount"])
            and not candidate.get("refundTransactionId")
        ):
            found: Item = candidate
            return found
    return None


def _listed(api: Api, ask: Ask, wanted: Callable[[Item], bool]) -> Answer:
    return page([item for item in api.store["transactions"].values() if wanted(item)], ask, shown)
