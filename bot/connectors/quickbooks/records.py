"""Hold QuickBooks' records, as far as we read them. Amounts are decimals in major units there, `Money` here."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints
from pydantic.alias_generators import to_pascal

from bot.connectors.base import Record, with_minor_unit
from bot.core.model import Money
from bot.core.money import from_major

ADDRESS_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
ADDRESS_PARTS = (*ADDRESS_LINES, "City", "CountrySubDivisionCode", "PostalCode", "Country")


def _value(reference: object) -> object:
    """Return the id of a reference, which is {"value": id, "name": ...}."""
    return reference.get("value") if isinstance(reference, dict) else reference


def _address(email: object) -> object:
    return email.get("Address") if isinstance(email, dict) else email


Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Ref = Annotated[str, BeforeValidator(_value)]
CurrencyRef = Annotated[str, BeforeValidator(_value), AfterValidator(with_minor_unit)]
Emails = Annotated[str | None, BeforeValidator(_address)]


class _Book(Record):
    model_config = ConfigDict(alias_generator=to_pascal)

    id: Id
    sync_token: str


class _Document(_Book):
    doc_number: str | None = None
    total_amt: Decimal
    currency_ref: CurrencyRef
    customer_ref: Ref

    @property
    def total(self) -> Money | None:
        """Return the amount, None where it does not fit its currency."""
        return from_major(self.total_amt, self.currency_ref)


class Named(_Book):
    """Hold enough of a record to know that it is there."""


class Delivery(Record):
    model_config = ConfigDict(alias_generator=to_pascal)

    delivery_time: str | None = None


class Invoice(_Document):
    balance: Decimal
    due_date: date | None = None
    bill_email: Emails = None  # may hold several, separated by commas
    delivery_info: Delivery | None = None

    @property
    def left(self) -> Money | None:
        return from_major(self.balance, self.currency_ref)

    @property
    def void(self) -> bool:
        return not self.total_amt and not self.balance

    @property
    def paid(self) -> bool:
        return not self.balance and not self.void

    def overdue_days(self, today: date) -> int:
        return max((today - self.due_date).days, 0) if self.balance > 0 and self.due_date else 0

    @property
    def mailed_at(self) -> str | None:
        return self.delivery_info.delivery_time if self.delivery_info else None


class PaidBack(_Document):
    """Hold a refund receipt or a credit memo."""


class CustomerRecord(_Book):
    display_name: str | None = None
    primary_email_addr: Emails = None
    balance: Decimal | None = None
    currency_ref: CurrencyRef | None = None
    bill_addr: dict[str, object] | None = None

    @property
    def address(self) -> dict[str, str]:
        stated = self.bill_addr or {}
        return {part: str(stated[part]) for part in ADDRESS_PARTS if stated.get(part)}


def on_record(email: str, emails: str | None) -> bool:
    return email.casefold() in {address.strip().casefold() for address in (emails or "").replace(";", ",").split(",")}
