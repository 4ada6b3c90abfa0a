"""Show Stripe on the page: newest first, flat, amounts as decimal text in major units."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sandbox.state import State
from sandbox.stripe.money import major
from sandbox.stripe.wire import Body

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return the objects of each kind, newest first: all receipts, and at most 100 of every other kind."""
    store = state.stripe
    return {
        "payments": [_payment(store, payment) for payment in _newest(state, "payment_intents")],
        "refunds": [_refund(refund) for refund in _newest(state, "refunds")],
        "credit_notes": [_credit_note(store, note) for note in _newest(state, "credit_notes")],
        "invoices": [_invoice(store, invoice) for invoice in _newest(state, "invoices")],
        "receipts": [_receipt(store, *sent) for sent in reversed(store.get("receipts_sent", {}).items())],
        "disputes": [_dispute(dispute) for dispute in _newest(state, "disputes")],
        "customers": [_customer(customer) for customer in _newest(state, "customers")],
        "portal_links": [
            {"id": link["id"], "customer": link["customer"], "url": link["url"], "created": _stamp(link["created"])}
            for link in _newest(state, "portal_sessions")
        ],
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


def _credit_note(store: Body, note: Body) -> Body:
    return {
        "id": note["id"],
        "invoice": store["invoices"][note["invoice"]]["number"],
        "amount": major(note["total"], note["currency"]),
        "currency": note["currency"].upper(),
        "metadata": note["metadata"],
        "created": _stamp(note["created"]),
    }


def _invoice(store: Body, invoice: Body) -> Body:
    currency = invoice["currency"]
    return {
        "id": invoice["id"],
        "number": invoice["number"],
        "customer": invoice["customer_name"],
        "status": invoice["status"],
        "amount": major(invoice["total"], currency),
        "left": major(invoice["amount_remaining"], currency),
        "currency": currency.upper(),
        "sent": store["times_sent"].get(invoice["id"], 0),
        "created": _stamp(invoice["created"]),
    }


def _receipt(store: Body, charge_id: str, sent: int) -> Body:
    charge = store["charges"][charge_id]
    return {"id": charge_id, "payment": charge["payment_intent"], "email": charge["receipt_email"], "sent": sent}


def _dispute(dispute: Body) -> Body:
    return {
        "id": dispute["id"],
        "payment": dispute["payment_intent"],
        "amount": major(dispute["amount"], dispute["currency"]),
        "currency": dispute["currency"].upper(),
        "status": dispute["status"],
        "staged": dispute["evidence"].get("uncategorized_text") or "",
        "submitted": dispute["evidence_details"]["submission_count"],
        "metadata": dispute["metadata"],
        "created": _stamp(dispute["created"]),
    }


def _customer(customer: Body) -> Body:
    address = customer["address"] or {}
    parts = ("line1", "line2", "city", "state", "postal_code", "country")
    return {
        "id": customer["id"],
        "name": customer["name"],
        "email": customer["email"],
        "address": ", ".join(address[part] for part in parts if address.get(part)),
    }


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
