"""The words for people that the card, the home tab, the forms and the notifications share. Plain text, not escaped."""

from collections.abc import Mapping

from bot.core.model import Action, Address, Case, CaseFile, CaseState, Details, Kind, Money
from bot.core.money import show

TITLES: Mapping[Kind, str] = {
    Kind.REFUND: "Refund",
    Kind.DISPUTE: "Dispute",
    Kind.VIP_BLOCKER: "VIP payment blocker",
    Kind.COLLECTIONS: "Collections",
    Kind.RECEIPT: "Receipt",
    Kind.INVOICE_RESEND: "Invoice resend",
    Kind.RENEWAL_FAILED: "Failed renewal",
    Kind.ADDRESS_CORRECTION: "Address correction",
    Kind.BRAND_CREATE: "New brand",
    Kind.BRAND_UPDATE: "Brand change",
    Kind.BILLING_QUESTION: "Billing question",
    Kind.REVIEW: "Needs a look",
}

ASKS: Mapping[Kind, str] = {
    Kind.REFUND: "asks for money back",
    Kind.DISPUTE: "contests a charge",
    Kind.VIP_BLOCKER: "cannot pay or is blocked",
    Kind.COLLECTIONS: "spoke about an overdue balance",
    Kind.RECEIPT: "wants a receipt by e-mail",
    Kind.INVOICE_RESEND: "wants an invoice again",
    Kind.RENEWAL_FAILED: "has a renewal that did not go through",
    Kind.ADDRESS_CORRECTION: "corrects a billing or tax address",
    Kind.BRAND_CREATE: "wants to be set up as a brand",
    Kind.BRAND_UPDATE: "wants brand details changed",
    Kind.BILLING_QUESTION: "asks what a charge or an invoice is",
    Kind.REVIEW: "asks for something that a person has to read",
}

STATES: Mapping[CaseState, str] = {
    CaseState.OPEN: "waiting",
    CaseState.APPROVED: "approved, being carried out",
    CaseState.DONE: "done",
    CaseState.REJECTED: "rejected",
    CaseState.EXPIRED: "expired",
    CaseState.STUCK: "stuck",
}

SYSTEMS: Mapping[str, str] = {
    "fidel": "Fidel API",
    "stripe": "Stripe",
    "quickbooks": "QuickBooks",
    "zendesk": "Zendesk",
    "hubspot": "HubSpot",
    "drive": "Google Drive",
    "sheets": "Google Sheets",
    "gmail": "Gmail",
    "google": "Google",
    "person": "by hand",
    "by_hand": "by hand",
    "hand": "by hand",
}

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

STATED: Mapping[str, str] = {
    "transaction_date": "charged on",
    "due_date": "due date",
    "payment_status": "payment status",
    "website_url": "website",
    "logo_url": "logo",
    "tax_region": "tax region",
    "cancellation_risk": "risk of leaving",
    "finance_owner": "finance owner",
    "approval_threshold": "approval threshold",
    "urgency": "urgency",
    "sentiment": "sentiment",
    "language": "language",
}

REASONS = ("refund_reason", "dispute_reason", "escalation_reason", "credit_request")

# Kinds about a sum: for these a missing amount is worth saying, for a new brand it would be noise.
_ABOUT_MONEY = frozenset(
    {
        Kind.REFUND,
        Kind.DISPUTE,
        Kind.VIP_BLOCKER,
        Kind.COLLECTIONS,
        Kind.RENEWAL_FAILED,
        Kind.BILLING_QUESTION,
        Kind.REVIEW,
    }
)


def customer(details: Details) -> str:
    fields = details.fields
    return fields.customer_name or fields.account_id or fields.email or fields.phone or "customer not stated"


def amount(kind: Kind, details: Details, money: Money | None = None) -> str | None:
    """The sum that the case is about, "amount not stated", or None where the kind is not about one.

    `money` is the proposal's and goes before what was stated.
    """
    exact = money or details.money
    if exact is not None:
        return show(exact)
    stated = details.fields.amount
    if stated is not None:
        return f"{stated} {details.fields.currency or '(currency not stated)'} as stated"
    return "amount not stated" if kind in _ABOUT_MONEY else None


def headline(kind: Kind, details: Details, money: Money | None, *, urgent: bool = False) -> str:
    brand = details.fields.brand_name if kind in (Kind.BRAND_CREATE, Kind.BRAND_UPDATE) else None
    parts = (TITLES[kind], amount(kind, details, money), brand or customer(details))
    return ("Urgent: " if urgent else "") + " · ".join(part for part in parts if part)


def confidence(details: Details) -> str:
    """In words and per cent; the words are ours, the policy's floor decides on its own."""
    value = details.fields.confidence
    if value is None:
        return "not stated"
    word = "high" if value >= 0.9 else "fair" if value >= 0.7 else "low"
    return f"{word} ({value:.0%})"


def reason(details: Details) -> str | None:
    return next((value for name in REASONS if (value := getattr(details.fields, name))), None)


def address(value: Address) -> str:
    parts = (value.line1, value.line2, value.postcode, value.city, value.region, value.country)
    return ", ".join(part for part in parts if part)


def system(action: Action) -> str:
    return SYSTEMS.get(action.connector, action.connector.replace("_", " ").capitalize())


def doubts(file: CaseFile) -> tuple[str, ...]:
    """Every reason to look twice, each once, in the order in which they arose."""
    of_facts = (fact.doubt for fact in file.case.facts if fact.doubt)
    why = file.proposal.because if file.case.kind is Kind.REVIEW else None
    return tuple(dict.fromkeys([*([why] if why else []), *file.case.details.doubts, *of_facts]))


def needs_completing(file: CaseFile) -> bool:
    """Nothing to decide on yet: a person first says what this is."""
    return not file.proposal.actions and not file.proposal.options


def waits_for(case: Case) -> str:
    """What an unfinished case waits for, where only the case is at hand."""
    if case.state is CaseState.STUCK:
        return case.closing or "stuck: a person has to look"
    if case.state is CaseState.APPROVED:
        return "approved, being carried out"
    return "waits for somebody to complete it" if case.kind is Kind.REVIEW else "waits for a decision"
