"""What can be asked of QuickBooks: each operation's parameters, and what makes it safe to repeat.

A customer is named by an invoice, or by the account id (QuickBooks' own, digits), the e-mail or the name on record;
what is named twice has to fit. Amounts are minor units of the currency beside them and include tax.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import StringConstraints, model_validator

from bot.connectors.base import Operation, Repeat
from bot.connectors.parameters import Currency, Minor, Reference
from bot.core.model import Frozen, Money

# no control characters: the query language has no way to write them
InvoiceNumber = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\\]{1,21}$")]  # DocNumber takes 21 characters
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\\,;]+@[^@\s\\,;]+$", max_length=100)]
Stated = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\\]+$", max_length=500)]
Part = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f]+$", max_length=500)]

# Intuit writes that a repeat of a requestid gets the first answer, and nowhere for how long.
REQUEST_ID_LASTS: Final = timedelta(hours=1)


class SendInvoice(Frozen):
    """`verified` says how somebody made sure of a recipient that is not on record."""

    invoice_number: InvoiceNumber
    email: Email | None = None
    verified: str | None = None


class Customer(Frozen):
    account_id: Stated | None = None
    email: Email | None = None
    customer_name: Stated | None = None


class _PayBack(Customer):
    amount_minor: Minor
    currency: Currency
    invoice_number: InvoiceNumber | None = None
    reference: Reference

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)

    @model_validator(mode="after")
    def _for_somebody(self) -> "_PayBack":
        if not (self.invoice_number or self.account_id or self.email or self.customer_name):
            raise ValueError("an invoice or a customer is needed")
        return self


class RefundReceipt(_PayBack):
    pass


class CreditMemo(_PayBack):
    pass


class PostalAddress(Frozen):
    """As a call corrects it; what is not stated stays as it is on record."""

    line1: Part | None = None
    line2: Part | None = None
    city: Part | None = None
    region: Part | None = None  # QuickBooks' CountrySubDivisionCode
    postcode: Part | None = None
    country: Part | None = None

    @model_validator(mode="after")
    def _states_something(self) -> "PostalAddress":
        if not any(self.model_dump().values()):
            raise ValueError("an address is needed")
        return self


class UpdateAddress(Customer):
    address: PostalAddress


_NUMBERED = "Its number is made of our key and looked up first, and QuickBooks gives a repeated requestid one answer."

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "send_invoice": Operation(
            SendInvoice,
            Repeat.KEY,
            False,
            "QuickBooks gives a repeated requestid its first answer and mails once.",
            key_lasts=REQUEST_ID_LASTS,
        ),
        "refund_receipt": Operation(RefundReceipt, Repeat.KEY, True, _NUMBERED),
        "credit_memo": Operation(CreditMemo, Repeat.KEY, True, _NUMBERED),
        "update_address": Operation(
            UpdateAddress,
            Repeat.NATURAL,
            False,
            "It reads the record first and sets it to one state, under its SyncToken: a repeat ends in the same state.",
        ),
    }
)
