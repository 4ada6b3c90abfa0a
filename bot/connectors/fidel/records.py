"""Hold Fidel API's records, as far as we read them: members come and go there without a version change."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bot.connectors import base
from bot.core.model import Money
from bot.core.money import from_major

Loose = Annotated[dict[str, Any], BeforeValidator(lambda value: value if isinstance(value, dict) else {})]


class Record(base.Record):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Brand(Record):
    id: str
    name: str
    logo_url: str | None = Field(None, validation_alias=AliasChoices("logoURL", "logoUrl"))  # both spellings are seen
    website_url: str | None = Field(None, validation_alias=AliasChoices("websiteURL", "websiteUrl"))
    metadata: Loose = Field(default_factory=dict)


class Card(Record):
    id: str
    program_id: str | None = None
    metadata: Loose = Field(default_factory=dict)


class Location(Record):
    id: str
    address: str | None = None
    city: str | None = None
    postcode: str | None = None
    country_code: str | None = None


class CardOfTransaction(Record):
    id: str
    last_numbers: str | None = None
    scheme: str | None = None  # documented for Visa and Mastercard only


class Named(Record):
    id: str | None = None
    name: str | None = None


class Descriptor(Record):
    merchant_name: str | None = None
    store_name: str | None = None


class Transaction(Record):
    id: str
    amount: Decimal  # major units; negative on refunds
    currency: str
    cleared: bool | None = None
    datetime: str | None = None  # local to the shop, without an offset
    original_transaction_id: str | None = None
    refund_transaction_id: str | None = None
    card: CardOfTransaction | None = None
    brand: Named | None = None
    location: Named | None = None
    descriptor: Descriptor | None = None

    @property
    def day(self) -> str:
        """Return the date as YYYY-MM-DD in the shop's own time; empty where it is not stated."""
        return (self.datetime or "")[:10]

    @property
    def money(self) -> Money | None:
        """Return the amount, None where it does not fit its currency's decimals."""
        return from_major(self.amount, self.currency)

    @property
    def shop(self) -> str | None:
        names = self.descriptor or Descriptor()
        return names.store_name or (self.brand.name if self.brand else None) or names.merchant_name

    def same_shop(self, other: "Transaction") -> bool:
        ours, theirs = self.location or self.brand, other.location or other.brand
        return ours is not None and theirs is not None and ours.id is not None and ours.id == theirs.id


class Search(Record):
    """Hold a missing-transaction request."""

    id: str
    card_id: str | None = None
    location_id: str | None = None
    transaction_date: str | None = None
    amount: Decimal | None = None
    status: str | None = None

    def is_for(self, card_id: str, location_id: str, day: date, amount: Decimal) -> bool:
        same = (self.card_id, self.location_id, (self.transaction_date or "")[:10], self.amount)
        return same == (card_id, location_id, day.isoformat(), amount) and self.status != "failed"


class Created(Record):
    """Hold what was made, where only its id matters."""

    id: str
