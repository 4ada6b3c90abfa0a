"""Build whole objects of the current API version, with the members that clients may read."""

from typing import Any

from sandbox.stripe.wire import Body

NO_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def customer(customer_id: str, name: str, email: str, created: int) -> Body:
    return {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": created,
        "currency": "usd",
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": "NORTHW1",
        "livemode": False,
        "metadata": {},
        "name": name,
        "next_invoice_sequence": 3,
        "phone": "+12025550117",
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def payment_intent(name: str, amount: int, currency: str, payer: str, created: int) -> Body:
    return {
        "id": f"pi_{name}",
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": amount,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": None,
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": payer,
        "description": None,
        "last_payment_error": None,
        "latest_charge": f"ch_{name}",
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "payment_method": f"pm_{name}",
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "status": "succeeded",
    }


def charge(name: str, amount: int, currency: str, payer: Body, created: int) -> Body:
    return {
        "id": f"ch_{name}",
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "balance_transaction": f"txn_{name}",
        "billing_details": {
            "address": dict.fromkeys(NO_ADDRESS),
            "email": payer["email"],
            "name": payer["name"],
            "phone": None,
            "tax_id": None,
        },
        "captured": True,
        "created": created,
        "currency": currency,
        "customer": payer["id"],
        "description": None,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": f"pi_{name}",
        "payment_method": f"pm_{name}",
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "statement_descriptor": None,
        "status": "succeeded",
    }


def refund(refund_id: str, of: Body, amount: int, created: int, **stated: Any) -> Body:
    """Return a refund; `stated` may hold `reason` and `metadata`."""
    return {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_{refund_id.removeprefix('re_')}",
        "charge": of["id"],
        "created": created,
        "currency": of["currency"],
        "customer": of["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": stated.get("metadata") or {},
        "payment_intent": of["payment_intent"],
        "payment_method": of["payment_method"],
        "reason": stated.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def dispute(dispute_id: str, of: Body, created: int, due_by: int) -> Body:
    return {
        "id": dispute_id,
        "object": "dispute",
        "amount": of["amount"],
        "balance_transactions": [],
        "charge": of["id"],
        "created": created,
        "currency": of["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "manual",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": of["payment_intent"],
        "reason": "product_not_received",
        "status": "needs_response",
    }


def invoice(invoice_id: str, invoice_number: str, amount: int, payer: Body, created: int, due: int) -> Body:
    """Return an open invoice in USD; `settle` of `invoices` pays it."""
    totals = ("amount_due", "amount_remaining", "subtotal", "total")
    nothing = (
        "amount_overpaid",
        "amount_paid",
        "amount_shipping",
        "attempt_count",
        "post_payment_credit_notes_amount",
        "pre_payment_credit_notes_amount",
        "starting_balance",
    )
    return {
        "id": invoice_id,
        "object": "invoice",
        **dict.fromkeys(totals, amount),
        **dict.fromkeys(nothing, 0),
        "attempted": False,
        "automatic_tax": {"enabled": False, "liability": None, "status": None},
        "collection_method": "send_invoice",
        "created": created,
        "currency": "usd",
        "customer": payer["id"],
        "customer_email": payer["email"],
        "customer_name": payer["name"],
        "default_tax_rates": [],
        "discounts": [],
        "due_date": due,
        "hosted_invoice_url": f"https://invoice.example.com/{invoice_id}",
        "invoice_pdf": f"https://invoice.example.com/{invoice_id}/pdf",
        "issuer": {"type": "self"},
        "lines": {"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{invoice_id}/lines"},
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": invoice_number,
        "parent": None,
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": created,
        "period_start": created,
        "status": "open",
        "status_transitions": {"finalized_at": created, "paid_at": None},
    }
