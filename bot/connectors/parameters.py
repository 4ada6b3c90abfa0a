"""Define the parts of parameters that connectors share. Parameters are checked before anything is sent."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.connectors.base import with_minor_unit
from bot.core.model import CaseState, Frozen, Money

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2048)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(with_minor_unit)]  # ISO 4217
Verified = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]  # how, in words


class Amount(Frozen):
    """Hold an amount in minor units of the currency beside it."""

    amount_minor: int = Field(gt=0)
    currency: Currency

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


class Reference(Frozen):
    """Hold what we may leave on a vendor's record: ids, state and link, and no room for anything else."""

    call: str = Field(max_length=200)
    case: str = Field(max_length=100)
    state: CaseState | None = None
    link: Url | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """Return it prefixed, because the record belongs to others, who may well keep a "state" of their own."""
        members = {"call": self.call, "case": self.case, "state": self.state, "link": self.link}
        return {f"countersign_{name}": str(value) for name, value in members.items() if value is not None}
