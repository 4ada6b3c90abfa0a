"""Let documents go only to an address on the record they belong to, or to one that a person has verified.

An address is on record where a look-up of the invoice or payment itself gave it. A contact that was found *by* the
stated address proves nothing: whoever calls is in some record.
"""

from collections.abc import Iterable, Mapping

from bot.core.model import Action, Fact, Fields

UNVERIFIED = "The address is not the one on record: a person has to say how the recipient was verified."

_MAILS: Mapping[tuple[str, str], str] = {
    ("stripe", "send_invoice"): "email",
    ("stripe", "send_receipt"): "email",
    ("quickbooks", "send_invoice"): "email",
    ("gmail", "send"): "to",
    ("drive", "share"): "email",
}


def on_record(facts: Mapping[str, Fact], *, payment: bool = False) -> frozenset[str]:
    """Return the addresses that the record of an invoice holds, or of a payment."""
    names = ["customer"] if payment else ["invoice"]
    if not payment and _found(facts, "books_invoice"):  # else the books' customer was found by the stated address
        names += ["books_invoice", "books_customer"]
    found = (facts[name].values.get("email") for name in names if _found(facts, name))
    return frozenset(_plain(email) for email in found if isinstance(email, str))


def is_on_record(email: str, facts: Mapping[str, Fact], *, payment: bool = False) -> bool:
    return _plain(email) in on_record(facts, payment=payment)


def towards(fields: Fields, facts: Mapping[str, Fact], *, payment: bool = False) -> str:
    """Say whom a document goes to, for the sentence of the step: "to a@b.example, which is not on record"."""
    if fields.email is None:
        return "to the address on record"
    if fields.verified:
        return f"to {fields.email} (verified: {fields.verified})"
    doubt = "" if is_on_record(fields.email, facts, payment=payment) else ", which is not on record"
    return f"to {fields.email}{doubt}"


def unverified(actions: Iterable[Action], facts: Iterable[Fact]) -> str | None:
    """Return a sentence if an action mails to an unverified address; no address means the one on record."""
    by_name = {fact.name: fact for fact in facts}
    for action in actions:
        to = action.params.get(_MAILS.get((action.connector, action.operation), ""))
        if not isinstance(to, str) or action.params.get("verified"):
            continue
        if not is_on_record(to, by_name, payment=action.operation == "send_receipt"):
            return UNVERIFIED
    return None


def _found(facts: Mapping[str, Fact], name: str) -> bool:
    return name in facts and facts[name].missing is None


def _plain(email: str) -> str:
    return email.strip().casefold()
