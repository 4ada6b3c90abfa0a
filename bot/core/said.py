"""What is known about a case in short words, for cards and for what we write elsewhere. Plain text, not escaped."""

from collections.abc import Iterable, Mapping

from bot.core.model import Address, Details, Fact

RECORDS: Mapping[str, str] = {
    "payment_id": "payment",
    "invoice_number": "invoice",
    "transaction_id": "transaction",
    "subscription_id": "subscription",
    "order_id": "order",
    "brand_id": "brand",
    "brand_name": "brand name",
    "card_id": "linked card",
    "location_id": "location",
    "account_id": "account",
    "email": "e-mail",
    "phone": "phone",
}

REASONS = ("refund_reason", "dispute_reason", "escalation_reason", "credit_request")

# one record that either of two systems keeps: that the other one does not have it says nothing
_KEPT_BY_EITHER = {"invoice": "books_invoice", "books_invoice": "invoice"}


def customer(details: Details) -> str:
    fields = details.fields
    return fields.customer_name or fields.account_id or fields.email or fields.phone or "customer not stated"


def reason(details: Details) -> str | None:
    return next((value for name in REASONS if (value := getattr(details.fields, name))), None)


def address(value: Address) -> str:
    parts = (value.line1, value.line2, value.postcode, value.city, value.region, value.country)
    return ", ".join(part for part in parts if part)


def records(details: Details) -> str:
    found = [f"{label} {value}" for name, label in RECORDS.items() if (value := getattr(details.fields, name))]
    return ", ".join(found) or "none stated"


def doubts_of(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Every reason to look twice that the look-ups gave."""
    facts = tuple(facts)
    found = {fact.name for fact in facts if fact.missing is None}
    return tuple(
        fact.doubt for fact in facts if fact.doubt and not (fact.missing and _KEPT_BY_EITHER.get(fact.name) in found)
    )
