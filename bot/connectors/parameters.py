"""Parts of parameters that connectors share. Parameters are checked before anything is sent."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.core.model import CaseState, Frozen
from bot.core.money import exponent


def _with_minor_unit(currency: str) -> str:
    exponent(currency)  # ValueError for a code that is no money
    return currency


Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2048)]
Minor = Annotated[int, Field(gt=0)]  # minor units of the currency beside it
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_with_minor_unit)]  # ISO 4217


class Reference(Frozen):
    """What we may leave on a vendor's record: ids, state and link, and no room for anything else."""

    call: str = Field(max_length=200)
    case: str = Field(max_length=100)
    state: CaseState | None = None
    link: Url | None = None

    @property
    def metadata(self) -> dict[str, str]:
        """Prefixed, because the record belongs to others, who may well keep a "state" of their own."""
        stated = {"call": self.call, "case": self.case, "state": self.state, "link": self.link}
        return {f"countersign_{name}": str(value) for name, value in stated.items() if value is not None}
