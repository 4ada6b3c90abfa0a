"""Build whole objects around invoices, in the current API version."""

from typing import Any

from sandbox.stripe.wire import Body


def invoice_payment(payment_id: str, of: Body, intent_id: str) -> Body:
    return {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": of["amount_remaining"],
        "created": of["created"],
        "currency": of["currency"],
        "invoice": of["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent_id, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def subscription(subscription_id: str, payer: Body, latest: Body, month: int) -> Body:
    """Return a monthly subscription begun one `month` (in seconds) before `latest`, the invoice of this month."""
    begun = latest["created"] - month
    price = f"price_{subscription_id.removeprefix('sub_')}"
    item = {
        "id": f"si_{subscription_id.removeprefix('sub_')}",
        "object": "subscription_item",
        "created": begun,
        "current_period_end": latest["created"] + month,
        "current_period_start": latest["created"],
        "discounts": [],
        "metadata": {},
        "plan": _plan(price, latest),
        "price": _price(price, latest),
        "quantity": 1,
        "subscription": subscription_id,
        "tax_rates": [],
    }
    return {
        "id": subscription_id,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": begun,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": begun,
        "currency": latest["currency"],
        "customer": payer["id"],
        "days_until_due": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"},
        "latest_invoice": latest["id"],
        "livemode": False,
        "metadata": {},
        "start_date": begun,
        "status": "active",
        "test_clock": None,
        "trial_end": None,
        "trial_start": None,
    }


def _price(price_id: str, of: Body) -> Body:
    return {
        "id": price_id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": of["created"],
        "currency": of["currency"],
        "livemode": False,
        "metadata": {},
        "product": "prod_SEATS",
        "type": "recurring",
        "unit_amount": of["amount_due"],
    }


def _plan(plan_id: str, of: Body) -> Body:
    return {
        "id": plan_id,
        "object": "plan",
        "active": True,
        "amount": of["amount_due"],
        "billing_scheme": "per_unit",
        "created": of["created"],
        "currency": of["currency"],
        "interval": "month",
        "interval_count": 1,
        "livemode": False,
        "product": "prod_SEATS",
        "usage_type": "licensed",
    }


def credit_note(note_id: str, of: Body, nth: int, amount: int, before: int, created: int) -> Body:
    """Return the `nth` credit note of all; `before` is the part still owed, and the rest was already paid."""
    totals = ("amount", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
    after = amount - before
    return {
        "id": note_id,
        "object": "credit_note",
        **dict.fromkeys(totals, amount),
        "amount_shipping": 0,
        "created": created,
        "currency": of["currency"],
        "customer": of["customer"],
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice": of["id"],
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/credit_notes/{note_id}/lines"},
        "livemode": False,
        "memo": None,
        "metadata": {},
        "number": f"{of['number']}-CN-{nth:02}",
        "pdf": f"https://invoice.example.com/{note_id}/pdf",
        "post_payment_amount": after,
        "pre_payment_amount": before,
        "pretax_credit_amounts": [],
        "reason": None,
        "refunds": [],
        "status": "issued",
        "type": "post_payment" if before == 0 else "pre_payment" if after == 0 else "mixed",
        "voided_at": None,
    }


def event(event_id: str, kind: str, about: Body, created: int) -> Body:
    return {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def portal_session(session_id: str, customer_id: str, created: int) -> Body:
    session: dict[str, Any] = {
        "id": session_id,
        "object": "billing_portal.session",
        "configuration": "bpc_DEFAULT",
        "created": created,
        "customer": customer_id,
        "customer_account": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": None,
        "url": f"https://billing.example.com/p/session/{session_id}",
    }
    return session
