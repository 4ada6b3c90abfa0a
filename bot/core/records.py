"""What the look-ups say about the record that a case is about. Pure."""

from collections.abc import Iterable

from bot.core.model import Fact, Fields, Money

# In the order in which money is paid back: the stated record, its fact, and the value that says what is left of it.
_LEFT = (
    ("payment_id", "charge", "left_minor"),
    ("transaction_id", "transaction", "amount_minor"),
    ("invoice_number", "books_invoice", "amount_minor"),
    ("invoice_number", "invoice", "amount_minor"),
)


def left_of(fields: Fields, facts: Iterable[Fact], currency: str) -> Money | None:
    """What can be paid back at most; None where no look-up tells, or only in another currency."""
    found = {fact.name: fact.values for fact in facts if fact.missing is None}
    for stated, name, value in _LEFT:
        left = found.get(name, {}).get(value)
        if getattr(fields, stated) and isinstance(left, int) and found[name].get("currency") == currency:
            return Money(amount_minor=max(left, 0), currency=currency)
    return None


def account_owner(facts: Iterable[Fact]) -> str | None:
    """The e-mail address of the account's owner in the CRM, by which Slack may know them."""
    found = (fact.values.get("owner_email") for fact in facts if fact.name == "contact" and fact.missing is None)
    return next((email for email in found if isinstance(email, str) and email), None)
