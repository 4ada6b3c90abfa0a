"""Show Fidel on the page: newest first, flat, amounts as decimal text."""

from decimal import Decimal
from itertools import islice
from typing import Any

from sandbox.fidel.answers import Item
from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return at most 100 each of brands, transactions, cards, missing-transaction requests and reimbursements."""
    return {
        "brands": [_brand(brand) for brand in _newest(state, "brands")],
        "transactions": [_transaction(transaction) for transaction in _newest(state, "transactions")],
        "cards": [_card(card) for card in _newest(state, "cards")],
        "requests": [_request(state.fidel, request) for request in _newest(state, "requests")],
        "reimbursements": [_reimbursement(item) for item in _newest(state, "reimbursements")],
    }


def _newest(state: State, kind: str) -> list[Item]:
    return list(islice(reversed(state.fidel.get(kind, {}).values()), SHOWN))


def _brand(brand: Item) -> Item:
    return {
        "id": brand["id"],
        "name": brand["name"],
        "website": brand.get("websiteURL"),
        "logo": brand.get("logoURL"),
        "metadata": brand.get("metadata", {}),
        "created": brand["created"],
        "updated": brand["updated"],
    }


def _transaction(transaction: Item) -> Item:
    return {
        "id": transaction["id"],
        "amount": _money(transaction),
        "currency": transaction["currency"],
        "brand": transaction["brand"]["name"],
        "card": _card_name(transaction["card"]),
        "cleared": transaction["cleared"],
        "refund_of": transaction.get("originalTransactionId"),
        "refunded_by": transaction.get("refundTransactionId"),
        "created": transaction["created"],
    }


def _card(card: Item) -> Item:
    return {
        "id": card["id"],
        "card": _card_name(card),
        "metadata": card["metadata"],
        "updated": card["updated"],
    }


def _request(store: Item, request: Item) -> Item:
    return {
        "id": request["id"],
        "status": request["status"],
        "amount": _money(request),
        "currency": store["locations"][request["locationId"]]["currency"],
        "date": request["transactionDate"],
        "card": _card_name({"scheme": request["scheme"], "lastNumbers": request["cardLastNumbers"]}),
        "found": len(request.get("result", {}).get("transactions", [])),
        "created": request["created"],
    }


def _reimbursement(item: Item) -> Item:
    members = ("id", "status", "amount", "currency", "transactionId", "description", "created")
    return {name: item[name] for name in members} | {"amount": _money(item)}


def _card_name(card: Item) -> str:
    return f"{card['scheme'].title()} ••{card['lastNumbers']}"


def _money(item: Item) -> str:
    amount = Decimal(item["amount"])
    return str(amount) if item.get("currency") == "JPY" else f"{amount:.2f}"
