"""How Stripe talks: its records, its units, its refusals. `stripe.py` says what we ask of it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from bot.connectors.base import Record
from bot.connectors.errors import ConnectorError, Refused, Unavailable, Unsure
from bot.connectors.http import Reply, in_path, short
from bot.core.model import Money
from bot.core.money import exponent, show

TITLE: Final = "Stripe"

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
    """An expandable member is an id, or the object in its place."""
    return value.get("id") if isinstance(value, dict) else value


CurrencyCode = Annotated[
    str, BeforeValidator(_upper), AfterValidator(_with_minor_unit)
]  # Stripe writes it in lower case


class Charge(Record):
    id: str
    amount: int
    amount_captured: int | None = None
    amount_refunded: int = 0
    currency: CurrencyCode
    created: int
    disputed: bool = False
    livemode: bool = False
    payment_intent: Annotated[str | None, BeforeValidator(_id_of)] = None
    status: str

    @property
    def paid(self) -> int:
        return self.amount if self.amount_captured is None else self.amount_captured

    @property
    def left(self) -> int:
        return self.paid - self.amount_refunded

    def words(self, amount_minor: int) -> str:
        return show(Money(amount_minor=amount_minor, currency=self.currency))

    @property
    def url(self) -> str:
        mode = "" if self.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}payments/{in_path(self.payment_intent or self.id)}"


class PaymentIntent(Record):
    id: str
    status: str
    latest_charge: Charge | str | None = None


class Refund(Record):
    id: str
    amount: int
    currency: CurrencyCode
    created: int
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, str] | None = None

    @property
    def failed(self) -> bool:
        return self.status in {"failed", "canceled"}


class RefundPage(Record):
    data: list[Refund]
    has_more: bool


def day(seconds: int) -> str:
    """Unix seconds as "18 Nov 2026", UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b %Y}"


_SENTENCES = {
    "charge_already_refunded": "Stripe refused: this payment is refunded already.",
    "charge_disputed": "Stripe refused: this payment is disputed, and a disputed payment is not refunded.",
    "refund_disputed_payment": "Stripe refused: this payment is disputed, and a disputed payment is not refunded.",
    "balance_insufficient": "Stripe refused: the balance of the Stripe account does not cover the refund.",
    "insufficient_funds": "Stripe refused: the balance of the Stripe account does not cover the refund.",
    "amount_too_large": "Stripe refused: the amount is more than what is left of this payment.",
}


def refusal(reply: Reply) -> ConnectorError | None:
    """What a 4xx reply means; None leaves 401 to the base, whose sentence names the key."""
    error = reply.body.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), short(error.get("message") or f"status {reply.status}")
    if reply.status == 401:
        return None
    if reply.status == 403:
        return _refused(reply, "Stripe does not let our key do this (403): give it the right in the Stripe dashboard.")
    if reply.status in {409, 424}:  # another request holds the object or the key, or a bank did not answer: still open
        sentence = f"Stripe could not say how it ended ({code or reply.status})."
        if reply.write:
            return Unsure(f"{sentence} It may have happened.", request_id=reply.request_id)
        return Unavailable(sentence, request_id=reply.request_id)
    if error.get("type") == "idempotency_error":
        return _refused(reply, "Stripe has seen this step's key with other amounts: compare the payment in Stripe.")
    if code == "resource_missing" or reply.status == 404:
        return _refused(reply, "Stripe has no such record.", "not_found")
    return _refused(reply, _SENTENCES.get(code) or f"Stripe refused it: {message}")


def _refused(reply: Reply, sentence: str, reason: str | None = None) -> Refused:
    return Refused(sentence, reason=reason, request_id=reply.request_id)
