"""Read what Stripe and Fidel API report of their own accord into one sentence about a case.

Events come more than once, in any order, and grow members: what is not known is ignored, never refused
(connectors.md, section 1; fidel-api.md, section 6).
"""

from collections.abc import Mapping
from typing import Any

from bot.core.model import Frozen, Money
from bot.core.money import from_major, show
from bot.core.triage import case_id_of

Event = Mapping[str, Any]


class Report(Frozen):
    """Describe something that happened at a vendor, and how to find the case it concerns."""

    what: str  # "stripe.refund.failed"
    sentence: str
    case_id: str | None = None  # from our own reference, where the record carries it
    record_ids: tuple[str, ...] = ()  # else the ids that a case may name


def read_stripe(event: Event) -> Report | None:
    """Read refunds and disputes of a payment; anything else is None."""
    kind, thing = str(event.get("type", "")), (event.get("data") or {}).get("object")
    if not isinstance(thing, Mapping):
        return None
    if kind in ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"):
        words = f"Stripe reports refund {thing.get('id')} of {_minor(thing)}: {thing.get('status')}"
        if thing.get("failure_reason"):
            words += f" ({str(thing['failure_reason'])[:60]})"
        return _report(f"stripe.{kind}", f"{words}.", thing)
    if kind.startswith("charge.dispute."):
        words = f"Stripe reports a dispute of {_minor(thing)} ({thing.get('reason')}): {thing.get('status')}."
        return _report(f"stripe.{kind}", words, thing)
    return None


def read_fidel(event: str, body: Event) -> Report | None:
    """Read an event, which the address names; a refund also comes as `transaction.clearing`, ignored here."""
    if event == "transaction.refund":
        original = body.get("originalTransactionId")
        amount = _major(body)
        words = f"Fidel API saw the shop refund {amount or 'an amount'} on this card."
        return Report(what="fidel.transaction.refund", sentence=words, record_ids=(original,)) if original else None
    if event in ("missing-transaction-request.succeeded", "missing-transaction-request.failed"):
        found = "found the transaction" if event.endswith("succeeded") else "did not find the transaction"
        ids = tuple(str(body[name]) for name in ("cardId", "id") if body.get(name))
        return Report(what=f"fidel.{event}", sentence=f"Fidel API {found} that it was asked to search.", record_ids=ids)
    return None


def _report(what: str, sentence: str, thing: Event) -> Report:
    key = str((thing.get("metadata") or {}).get("countersign") or "")
    ids = tuple(str(thing[name]) for name in ("payment_intent", "charge") if isinstance(thing.get(name), str))
    return Report(
        what=what, sentence=sentence, case_id=case_id_of(key.rsplit("/", 2)[0]) if key else None, record_ids=ids
    )


def _minor(thing: Event) -> str:
    amount, currency = thing.get("amount"), thing.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str):
        return "an amount"
    return show(Money(amount_minor=amount, currency=currency.upper()))


def _major(body: Event) -> str | None:
    """Read Fidel's amounts: decimals in major units, negative on refunds, parsed as Decimal, never float."""
    amount, currency = body.get("amount"), body.get("currency")
    money = from_major(abs(amount), currency) if amount is not None and isinstance(currency, str) else None
    return show(money) if money else None
