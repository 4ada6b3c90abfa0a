"""Stripe's records around invoices: what is owed, how it was paid, what was given back, what it is the invoice of."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bot.connectors.base import Record
from bot.connectors.stripe.records import Id, Metadata, PaymentIntent, Priced, Refund, dashboard


def _items(value: Any) -> Any:
    """What a list object holds; nothing, where it was not asked for as a whole."""
    return value.get("data") if isinstance(value, dict) else value or []


class PaymentOfInvoice(Record):
    payment_intent: PaymentIntent | str | None = None
    charge: Id = None


class InvoicePayment(Record):
    status: str  # open, paid, canceled
    payment: PaymentOfInvoice

    @property
    def intent(self) -> PaymentIntent | None:
        """The payment intent, where it was asked for as a whole."""
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
        """A bank is still working on a payment of it."""
        return any(one.intent is not None and one.intent.status == "processing" for one in self.payments)

    @property
    def failure(self) -> str | None:
        """Stripe's word for why its last payment failed: "insufficient_funds", "expired_card"."""
        errors = [one.intent.last_payment_error for one in self.payments if one.intent]
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
        whole = [one.refund for one in self.refunds if isinstance(one.refund, Refund)]
        return next((one for one in whole if one.failed), None)
