"""What can be asked of Stripe: each operation's parameters, and what makes it safe to repeat.

The reason "fraudulent" is not offered at all: Stripe then also blocks the card. Whatever moves money, mails somebody
or goes to a bank carries a key, which Stripe keeps for at least 24 hours; we trust it for 23, so that a retry which
starts in time also arrives in time. After that only the look-up decides, and where it finds nothing a person.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.connectors.base import Operation, Repeat
from bot.connectors.parameters import Currency, Minor, Reference
from bot.core.model import Address, Frozen, Money

PAYMENT_ID: Final = r"^(pi|ch|py)_[A-Za-z0-9_]{1,200}$"
# as people know it; what could leave the quotes of a search is none
INVOICE_NUMBER: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._/#-]{0,99}$"
KEY_LASTS: Final = timedelta(hours=23)
EVIDENCE_AT_MOST: Final = 20_000  # characters of the one free text of a dispute

PaymentId = Annotated[str, StringConstraints(pattern=PAYMENT_ID)]  # a payment intent or a charge
InvoiceNumber = Annotated[str, StringConstraints(pattern=INVOICE_NUMBER)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s@]+@[^\s@]+$", max_length=254)]
Verified = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]  # how, in words


class RefundPayment(Frozen):
    payment_id: PaymentId
    amount_minor: Minor
    currency: Currency
    reason: Literal["duplicate", "requested_by_customer"] | None = None
    reference: Reference | None = None

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


class MakeCreditNote(Frozen):
    """Gives money of a paid invoice back, and says so in the books."""

    invoice_number: InvoiceNumber
    amount_minor: Minor
    currency: Currency
    reference: Reference

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


class SendInvoice(Frozen):
    invoice_number: InvoiceNumber
    email: Email | None = None
    verified: Verified | None = None


class SendReceipt(Frozen):
    payment_id: PaymentId
    email: Email
    verified: Verified | None = None


class PayInvoice(Frozen):
    """An open invoice, or the latest one of a subscription; where both are stated they have to belong together."""

    invoice_number: InvoiceNumber | None = None
    subscription_id: Annotated[str, StringConstraints(pattern=r"^sub_[A-Za-z0-9_]{1,200}$")] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.invoice_number is None and self.subscription_id is None:
            raise ValueError("an invoice number or a subscription is needed")
        return self


class StageEvidence(Frozen):
    payment_id: PaymentId
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=EVIDENCE_AT_MOST)]
    reference: Reference


class SubmitEvidence(Frozen):
    payment_id: PaymentId
    reference: Reference


class OfCustomer(Frozen):
    account_id: str | None = Field(None, max_length=255)  # "cus_…"; anything else is looked for by e-mail
    email: Email | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.account_id is None and self.email is None:
            raise ValueError("a customer id or an e-mail address is needed")
        return self


class UpdateAddress(OfCustomer):
    address: Address


class PortalLink(OfCustomer):
    pass


def _keyed(params: type[Frozen], safe_because: str, *, moves_money: bool) -> Operation:
    return Operation(params, Repeat.KEY, moves_money, safe_because, key_lasts=KEY_LASTS)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "refund": _keyed(
            RefundPayment,
            "Stripe answers a repeat of the same Idempotency-Key with the first refund.",
            moves_money=True,
        ),
        "credit_note": _keyed(
            MakeCreditNote,
            "Stripe answers a repeat of the same Idempotency-Key with the first credit note.",
            moves_money=True,
        ),
        "pay_invoice": _keyed(
            PayInvoice,
            "A paid invoice is not paid again, and a repeat of the same Idempotency-Key gets the first answer.",
            moves_money=True,
        ),
        "send_invoice": _keyed(
            SendInvoice,
            "Every sending is an event of Stripe's with our key in it, kept for 30 days, and it is looked for first.",
            moves_money=False,
        ),
        "send_receipt": _keyed(
            SendReceipt,
            "The write that mails the receipt leaves our key on the charge, and it is looked for first.",
            moves_money=False,
        ),
        "submit_evidence": _keyed(
            SubmitEvidence,
            "A dispute takes evidence once, and the write that submits it leaves our key on the dispute.",
            moves_money=False,
        ),
        "stage_evidence": Operation(
            StageEvidence,
            Repeat.NATURAL,
            False,
            "The text is added once: a text that is there already is not added again, and staging sends nothing.",
        ),
        "update_address": Operation(
            UpdateAddress,
            Repeat.NATURAL,
            False,
            "It reads the customer first and sets the whole address: a repeat ends in the same state.",
        ),
        "portal_link": Operation(
            PortalLink,
            Repeat.NATURAL,
            False,
            "A link changes nothing at Stripe; a replayed one may have expired, so every try makes a new one.",
        ),
    }
)
