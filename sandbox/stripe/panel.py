"""What the page shows of Stripe: newest first, flat, amounts as decimal text in major units."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sandbox.state import State
from sandbox.stripe.money import major
from sandbox.stripe.wire import Body

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Lists `payments` and `refunds`, at most 100 of each."""
    return {
        "payments": [_payment(state.stripe, payment) for payment in _newest(state, "payment_intents")],
        "refunds": [_refund(refund) for refund in _newest(state, "refunds")],
    }


def _newest(state: State, kind: str) -> list[Body]:
    return list(islice(reversed(state.stripe.get(kind, {}).values()), SHOWN))


def _payment(store: Body, payment: Body) -> Body:
    charge, currency = store["charges"].get(payment["latest_charge"]), payment["currency"]
    refunded = charge["amount_refunded"] if charge else 0
    return {
        "id": payment["id"],
        "amount": major(payment["amount"], currency),
        "refunded": major(refunded, currency),
        "left": major(charge["amount_captured"] - refunded if charge else 0, currency),
        "currency": currency.upper(),
        "status": payment["status"],
        "disputed": bool(charge and charge["disputed"]),
        "customer": store["customers"][payment["customer"]]["name"],
        "created": _stamp(payment["created"]),
    }


def _refund(refund: Body) -> Body:
    return {
        "id": refund["id"],
        "payment": refund["payment_intent"],
        "amount": major(refund["amount"], refund["currency"]),
        "currency": refund["currency"].upper(),
        "status": refund["status"],
        "reason": refund["reason"],
        "metadata": refund["metadata"],
        "created": _stamp(refund["created"]),
    }


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
