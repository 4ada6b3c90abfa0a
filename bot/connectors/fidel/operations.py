"""What can be asked of Fidel API: each operation's parameters, and what makes it safe to repeat.

A playbook fills the parameters; what does not fit is refused before anything is sent. Addresses of the web need their
scheme, ids are Fidel's own (UUIDs), amounts are minor units of the currency beside them.
"""

import datetime
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation, Repeat
from bot.connectors.fidel.client import ID_PATTERN
from bot.connectors.parameters import Currency, Minor, Reference, Url
from bot.core.model import Frozen, Money

Uuid = Annotated[str, StringConstraints(pattern=ID_PATTERN)]


class CreateBrand(Frozen):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=50)]
    website_url: Url | None = None
    logo_url: Url | None = None  # GIF, JPG, JPEG or PNG
    reference: Reference


class UpdateBrand(Frozen):
    brand_id: Uuid
    website_url: Url | None = None
    logo_url: Url | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict)  # merged into what is there
    reference: Reference | None = None
    name: str | None = None  # a new name: always refused, so that the reason is said


class BrandReference(Frozen):
    brand_id: Uuid
    reference: Reference


class CardReference(Frozen):
    card_id: Uuid
    reference: Reference


class ShopAddress(Frozen):
    """The whole address: Fidel lists all four members as required. A shop's, never anybody's billing address."""

    location_id: Uuid
    address: str = Field(min_length=2, max_length=100)
    city: str = Field(min_length=2, max_length=100)
    postcode: str = Field(min_length=4, max_length=20)
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]  # ISO 3166-1 alpha-3


class RequestMissingTransaction(Frozen):
    card_id: Uuid
    location_id: Uuid
    date: datetime.date  # of the purchase, local to the shop
    amount_minor: Minor
    currency: Currency

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


class ReimburseTransaction(Frozen):
    transaction_id: Uuid
    amount_minor: Minor
    currency: Currency
    description: str | None = Field(None, max_length=100)  # the cardholder reads it on the statement

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


_SAME_END = "It reads the record first and sets it to one state: a repeat ends in the same state."

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "create_brand": Operation(
            CreateBrand,
            Repeat.NATURAL,
            False,
            "A brand's name is unique in the account: a repeat is refused, and the metadata says whose the brand is.",
        ),
        "update_brand": Operation(UpdateBrand, Repeat.NATURAL, False, _SAME_END),
        "brand_reference": Operation(BrandReference, Repeat.NATURAL, False, _SAME_END),
        "card_reference": Operation(CardReference, Repeat.NATURAL, False, _SAME_END),
        "shop_address": Operation(ShopAddress, Repeat.NATURAL, False, _SAME_END),
        "request_missing_transaction": Operation(
            RequestMissingTransaction,
            Repeat.PERSON,
            False,
            "The program's list is looked through for the same card, shop, date and amount before each request; "
            "Fidel itself would take a second one, so after an unsure try that left no trace a person decides.",
        ),
        "reimburse_transaction": Operation(
            ReimburseTransaction,
            Repeat.PERSON,
            True,
            "Fidel refuses a second reimbursement of a transaction, unless the first one failed; and since nothing "
            "reads a reimbursement back, a person decides after an unsure try.",
        ),
    }
)
