"""Say what a case and its look-ups know about the record that it is about: whose it is, and who may see and receive it.

Words are short and not escaped.
"""

from collections.abc import Iterable, Mapping

from bot.core.model import Address, CaseFile, Details, Fact, Fields, Money

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


# --- what a sensitive call hides --------------------------------------------------------------------------------------

# Hidden from everybody but those who may decide on the case; whoever opens it is audited. Identity, records and
# amounts stay in view, since nobody could decide without them. The caller's own words, and the links to all of them.
SPOKEN: Mapping[str, str] = {
    "refund_reason": "Reason",
    "dispute_reason": "Reason",
    "escalation_reason": "Reason",
    "credit_request": "Reason",
    "cancellation_risk": "Risk of leaving",
    "promised_next_step": "Promised to the caller",
}
LINKS: Mapping[str, str] = {"transcript_url": "Transcript", "recording_url": "Recording"}
HIDDEN_FIELDS = frozenset((*SPOKEN, *LINKS))


def masked(details: Details) -> Details:
    """Return the details without what is hidden; of fields without a meaning for us only the names remain."""
    if not details.sensitive:
        return details
    fields = details.fields.model_copy(update=dict.fromkeys(HIDDEN_FIELDS))
    return details.model_copy(
        update={"summary": None, "fields": fields, "unmapped": dict.fromkeys(details.unmapped, "")}
    )


def hidden(details: Details) -> tuple[tuple[str, str], ...]:
    """Return the label and the words of everything that is hidden, the summary first; nothing if nothing is."""
    if not details.sensitive:
        return ()
    found = [("Summary", details.summary)]
    found += [(label, getattr(details.fields, name)) for name, label in {**SPOKEN, **LINKS}.items()]
    found += list(details.unmapped.items())
    return tuple((label, words) for label, words in found if words)


# --- who may receive a document ---------------------------------------------------------------------------------------

# Documents go only to an address on the record they belong to, which a look-up of the invoice or payment itself gave,
# or to one that a person has verified. A contact that was found *by* the stated address proves nothing: whoever calls
# is in some record.
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


def unverified_recipient(file: CaseFile) -> str | None:
    """Return a sentence if this version mails to an address that nobody has verified; none means the one on record."""
    by_name = {fact.name: fact for fact in file.case.facts}
    for action in file.proposal.actions:
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
