"""Stripe's records, as far as we read them. An expandable member is an id, or the object in its place."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from bot.connectors.base import Record
from bot.core.model import Money
from bot.core.money import exponent, show
from bot.http.client import in_path

# https://docs.stripe.com/currencies: MGA counts whole ariary there and hundredths in ISO 4217; ISK and UGX count
# hundredths there and whole units in ISO 4217. A factor of 100 is not to be guessed.
OTHER_UNITS: Final = frozenset({"MGA", "ISK", "UGX"})
# The same page: three decimals, and the last digit has to be 0.
THREE_DECIMALS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _with_minor_unit(currency: str) -> str:
    exponent(currency)  # ValueError for a code that is no money: such a record cannot be read
    return currency


def _id_of(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


CurrencyCode = Annotated[
    str, BeforeValidator(_upper), AfterValidator(_with_minor_unit)
]  # Stripe writes it in lower case
Id = Annotated[str | None, BeforeValidator(_id_of)]
Metadata = Annotated[dict[str, str], BeforeValidator(lambda value: value or {})]


def dashboard(kind: str, vendor_id: str, *, live: bool) -> str:
    return f"https://dashboard.stripe.com/{'' if live else 'test/'}{kind}/{in_path(vendor_id)}"


def day(seconds: int) -> str:
    """Unix seconds as "18 Nov 2026", UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b %Y}"


class Priced(Record):
    """Whatever has a currency, and a page in the dashboard."""

    id: str
    currency: CurrencyCode
    livemode: bool = False

    def words(self, amount_minor: int) -> str:
        """For people. Only where the currency is not one of OTHER_UNITS."""
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
