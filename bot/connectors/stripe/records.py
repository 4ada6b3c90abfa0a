"""Hold Stripe's records, as far as we read them. An expandable member is an id, or the object in its place."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from bot.connectors.base import Record, with_minor_unit
from bot.core.model import Money
from bot.core.money import show
from bot.http.client import in_path

# https://docs.stripe.com/currencies: MGA counts whole ariary there and hundredths in ISO 4217; ISK and UGX count
# hundredths there and whole units in ISO 4217. A factor of 100 is not to be guessed.
OTHER_UNITS: Final = frozenset({"MGA", "ISK", "UGX"})
# The same page: three decimals, and the last digit has to be 0.
THREE_DECIMALS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


# Stripe writes it in lower case
CurrencyCode = Annotated[str, BeforeValidator(_upper), AfterValidator(with_minor_unit)]
Id = Annotated[str | None, BeforeValidator(_id_of)]
Metadata = Annotated[dict[str, str], BeforeValidator(lambda value: value or {})]


def dashboard(kind: str, vendor_id: str, *, live: bool) -> str:
    return f"https://dashboard.stripe.com/{'' if live else 'test/'}{kind}/{in_path(vendor_id)}"


def day(seconds: int) -> str:
    """Return Unix seconds as "18 Nov 2026", UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b %Y}"


class Priced(Record):
    """Hold what has a currency, and a page in the dashboard."""

    id: str
    currency: CurrencyCode
    livemode: bool = False

    def words(self, amount_minor: int) -> str:
        """Return an amount for people, where the currency is not one of OTHER_UNITS."""
        return show(Money(amount_minor=amount_minor, currency=self.currency))


class Payer(Record):
    email: str | None = None


class Charge(Priced):
    amount: int
    amount_captured: int | None = None
    amount_refunded: int = 0
    billing_details: Payer = Payer()
    created: int
    customer: Id = None
    disputed: bool = False
    payment_intent: Id = None
    receipt_email: str | None = None
    metadata: Metadata = Field(default_factory=dict)
    status: str

    @property
    def paid(self) -> int:
        return self.amount if self.amount_captured is None else self.amount_captured

    @property
    def left(self) -> int:
        return self.paid - self.amount_refunded

    @property
    def url(self) -> str:
        return dashboard("payments", self.payment_intent or self.id, live=self.livemode)


class PaymentError(Record):
    code: str | None = None
    decline_code: str | None = None


class PaymentIntent(Record):
    id: str
    status: str
    latest_charge: Charge | str | None = None
    last_payment_error: PaymentError | None = None


class Refund(Record):
    id: str
    amount: int
    currency: CurrencyCode
    created: int
    status: str | None = None
    failure_reason: str | None = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.status in {"failed", "canceled"}


class Place(Record):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class Customer(Record):
    id: str
    name: str | None = None
    email: str | None = None
    address: Place | None = None
    deleted: bool = False
    livemode: bool = False

    @property
    def url(self) -> str:
        return dashboard("customers", self.id, live=self.livemode)


class EvidenceDetails(Record):
    due_by: int | None = None  # Unix seconds; 0 or None where the bank takes none
    has_evidence: bool = False
    past_due: bool = False


class Evidence(Record):
    uncategorized_text: str | None = None


class Dispute(Priced):
    amount: int
    status: str
    evidence: Evidence = Evidence()
    evidence_details: EvidenceDetails = EvidenceDetails()
    metadata: Metadata = Field(default_factory=dict)

    @property
    def url(self) -> str:
        return dashboard("disputes", self.id, live=self.livemode)

    @property
    def due(self) -> str:
        return day(self.evidence_details.due_by) if self.evidence_details.due_by else "a day that Stripe does not state"


class EventRequest(Record):
    idempotency_key: str | None = None


class EventData(Record):
    object: dict[str, Any]


class Event(Record):
    id: str
    data: EventData
    request: EventRequest | None = None


class PortalSession(Record):
    id: str
    url: str


# --- around invoices ------------------------------------------------------------------------------------------------


def _items(value: Any) -> Any:
    """Return what a list object holds; nothing, where it was not asked for as a whole."""
    return value.get("data") if isinstance(value, dict) else value or []


class PaymentOfInvoice(Record):
    payment_intent: PaymentIntent | str | None = None
    charge: Id = None


class InvoicePayment(Record):
    status: str  # open, paid, canceled
    payment: PaymentOfInvoice

    @property
    def intent(self) -> PaymentIntent | None:
        """Return the payment intent, where it was asked for as a whole."""
        return self.payment.payment_intent if isinstance(self.payment.payment_intent, PaymentIntent) else None


class SubscriptionOfInvoice(Record):
    subscription: Id = None


class Parent(Record):
    subscription_details: SubscriptionOfInvoice | None = None


class Invoice(Priced):
    number: str | None = None
    status: str | None = None
    amount_due: int
    amount_paid: int
    amount_remaining: int
    post_payment_credit_notes_amount: int = 0
    collection_method: str | None = None
    created: int
    customer: Id = None
    customer_email: str | None = None  # as it was when the invoice was finalized
    parent: Parent | None = None
    payments: Annotated[list[InvoicePayment], BeforeValidator(_items)] = Field(default_factory=list)

    @property
    def name(self) -> str:
        return f"Invoice {self.number or self.id}"

    @property
    def url(self) -> str:
        return dashboard("invoices", self.id, live=self.livemode)

    @property
    def subscription(self) -> str | None:
        details = self.parent.subscription_details if self.parent else None
        return details.subscription if details else None

    @property
    def under_way(self) -> bool:
        """Return whether a bank is still working on a payment of it."""
        return any(payment.intent is not None and payment.intent.status == "processing" for payment in self.payments)

    @property
    def failure(self) -> str | None:
        """Return Stripe's word for why its last payment failed: "insufficient_funds", "expired_card"."""
        errors = [payment.intent.last_payment_error for payment in self.payments if payment.intent]
        words = [error.decline_code or error.code for error in errors if error]
        return words[-1] if words else None


class Subscription(Record):
    id: str
    status: str
    created: int
    latest_invoice: Id = None
    livemode: bool = False

    @property
    def url(self) -> str:
        return dashboard("subscriptions", self.id, live=self.livemode)


class RefundOfNote(Record):
    refund: Refund | str | None = None


class CreditNote(Priced):
    amount: int
    invoice: Id = None
    metadata: Metadata = Field(default_factory=dict)
    refunds: list[RefundOfNote] = Field(default_factory=list)
    status: str

    @property
    def failed_refund(self) -> Refund | None:
        whole = [part.refund for part in self.refunds if isinstance(part.refund, Refund)]
        return next((refund for refund in whole if refund.failed), None)
