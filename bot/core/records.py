"""Say in short plain words, not escaped, what a case and its look-ups know about the record that a case is about."""

from collections.abc import Iterable, Mapping

from bot.core.model import Address, Details, Fact, Fields, Money

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

# In the order in which money is paid back: the stated record, its fact, and the value that says what is left of it.
_LEFT = (
    ("payment_id", "charge", "left_minor"),
    ("transaction_id", "transaction", "amount_minor"),
    ("invoice_number", "books_invoice", "amount_minor"),
    ("invoice_number", "invoice", "amount_minor"),
)

# One record that either of two systems keeps: that the other one does not have it says nothing.
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
    stated = [f"{label} {value}" for name, label in RECORDS.items() if (value := getattr(details.fields, name))]
    return ", ".join(stated) or "none stated"


def doubts_of(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return the reasons to check the case that the look-ups gave."""
    facts = tuple(facts)
    found = {fact.name for fact in facts if fact.missing is None}
    return tuple(
        fact.doubt for fact in facts if fact.doubt and not (fact.missing and _KEPT_BY_EITHER.get(fact.name) in found)
    )


def left_of(fields: Fields, facts: Iterable[Fact], currency: str) -> Money | None:
    """Return the most that can be paid back, or None if no look-up tells it in this currency."""
    found = {fact.name: fact.values for fact in facts if fact.missing is None}
    for stated, name, value in _LEFT:
        left = found.get(name, {}).get(value)
        if getattr(fields, stated) and isinstance(left, int) and found[name].get("currency") == currency:
            return Money(amount_minor=max(left, 0), currency=currency)
    return None


def account_owner(facts: Iterable[Fact]) -> str | None:
    """Return the e-mail address of the account's owner in the CRM, by which Slack may know them."""
    emails = (fact.values.get("owner_email") for fact in facts if fact.name == "contact" and fact.missing is None)
    return next((email for email in emails if isinstance(email, str) and email), None)
