"""Find duplicates: what makes two cases about the same thing, and what was paid for it before.

The rule is "One complaint, one payout" of the playbooks. A key is what a case is about, in a form that is looked up
exactly; keys hold what the case itself holds, so they stay in the database.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.model import Action, Details, Earlier, Fact, Money
from bot.core.money import show

DUPLICATE_WINDOW = timedelta(days=730)  # a charge or an invoice stays the same one; older than this nobody disputes it
SAME_SUM_WINDOW = timedelta(days=30)  # the same customer and amount later is the next month's bill
SIMILAR = 10  # per cent between two amounts

PAYS = frozenset({"refund", "refund_receipt", "credit_memo", "credit_note", "reimburse_transaction"})  # operations


def pays(action: Action) -> bool:
    """Return whether this action gives money back."""
    return action.operation in PAYS and "amount_minor" in action.params


def customer_key(details: Details) -> str | None:
    """Return the same key for a customer, however written, or None if the call does not say who it is."""
    fields = details.fields
    named = (("email", fields.email), ("account", fields.account_id), ("phone", fields.phone))
    return next((f"{name}:{value.strip().casefold()}" for name, value in named if value and value.strip()), None)


def records(details: Details, facts: Iterable[Fact]) -> dict[str, str]:
    """Return a key and words for each record that the case is about: a payment under every name known for it."""
    fields = details.fields
    found = {f"payment:{value}": f"payment {value}" for value in _payments(details, facts)}
    if fields.transaction_id:
        found[f"transaction:{fields.transaction_id}"] = f"transaction {fields.transaction_id}"
    if fields.invoice_number:
        found[f"invoice:{fields.invoice_number.strip().casefold()}"] = f"invoice {fields.invoice_number}"
    return found


def _payments(details: Details, facts: Iterable[Fact]) -> list[str]:
    stated: list[object] = [details.fields.payment_id]
    stated += [fact.values.get(name) for fact in facts if fact.name == "charge" for name in ("payment_id", "charge_id")]
    return list(dict.fromkeys(value for value in stated if isinstance(value, str) and value))


def sum_key(details: Details) -> str | None:
    """Return the key of the customer with the amount, or None unless both are stated."""
    customer, money = customer_key(details), details.money
    return f"sum:{customer}:{money.amount_minor}:{money.currency}" if customer and money else None


def keys_of(details: Details, facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return every key under which a later case may find this one."""
    customer = customer_key(details)
    about = [*records(details, facts), sum_key(details), f"customer:{customer}" if customer else None]
    return tuple(key for key in about if key is not None)


def similar(one: Money | None, other: Money | None) -> bool:
    """Return whether two amounts have the same currency and are at most a tenth of the larger apart."""
    if one is None or other is None or one.currency != other.currency:
        return False
    apart = abs(one.amount_minor - other.amount_minor)
    return apart * 100 <= SIMILAR * max(one.amount_minor, other.amount_minor)


def paid_before(earlier: Iterable[Earlier]) -> Earlier | None:
    """Return the duplicate that was approved to pay."""
    return next((case for case in earlier if case.exact and case.paid is not None and case.paid_at is not None), None)


def paid_already(earlier: Sequence[Earlier], now: datetime) -> str | None:
    """Return a sentence if a duplicate was paid: what, when and in which case. Who approved it stands on the card."""
    paid = paid_before(earlier)
    if paid is None or paid.paid is None or paid.paid_at is None:
        return None
    return f"Already paid: {show(paid.paid)} {ago(now - paid.paid_at)}, in case {paid.case_id} about {paid.why}."


def ago(span: timedelta) -> str:
    """Return a span of time in words: "just now", "5 minutes ago", "2 hours ago", "3 days ago"."""
    minutes = int(span.total_seconds() // 60)
    for size, word in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"
