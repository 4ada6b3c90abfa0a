"""What every connector shares: its shape, and what makes an operation safe to repeat.

A vendor file says only what to send and how to read a refusal. `http.py` sends, `errors.py` names the ways to fail.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.core.model import Action, Details, Fact, Frozen, Receipt
from bot.http.errors import Refused

KEY_AT_MOST: Final = 255  # https://docs.stripe.com/api/idempotent_requests; Zendesk takes as many


class Record(BaseModel):
    """A vendor's answer: what we do not read may be there, or change."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Repeat(StrEnum):
    """What makes it safe to send an operation again after a try whose outcome is not known."""

    KEY = "key"  # the vendor honours our key, for as long as `Operation.key_lasts`
    NATURAL = "natural"  # a repeat has the same end state, or is refused by a natural key
    PERSON = "person"  # where the look-up finds nothing, only a person may decide


@dataclass(frozen=True)
class Operation:
    params: type[Frozen]
    repeat: Repeat
    moves_money: bool
    safe_because: str  # a sentence: what keeps it from happening twice
    key_lasts: timedelta | None = None


class Connector(Protocol):
    """One outside system. Every method but `facts` and `close` raises ConnectorError."""

    name: str  # as in `Action.connector`: "fidel"
    title: str  # for people: "Fidel API"
    operations: Mapping[str, Operation]

    async def perform(self, action: Action, key: str) -> Receipt:
        """Does it, once for a key. Raises Refused, Unavailable or Unsure."""

    async def find(self, action: Action, key: str) -> Receipt | None:
        """What has happened under this key, by reading only; None where nothing did, or it failed since.

        Raises Refused and Unavailable where the look itself failed: then nothing is known.
        """

    async def check(self) -> str:
        """A sentence that says the address and the key work. Raises Refused, Unavailable."""

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        """What read-only look-ups say about the wanted names; a look-up that failed is a Fact with `missing`."""

    async def close(self) -> None:
        """Closes the pooled connections."""


def parsed_params(title: str, operations: Mapping[str, Operation], action: Action) -> Frozen:
    """The action's parameters as their model. Raises Refused with the fields that do not fit, never their values."""
    operation = operations.get(action.operation)
    if operation is None:
        raise Refused(f"{title} has no operation {action.operation!r} here.")
    try:
        return operation.params.model_validate(dict(action.params))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        what = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'parameters'}: {fault['msg']}" for fault in faults)
        raise Refused(f"This step does not fit {title}: {what}.") from None


def token(key: str) -> str:
    """The key as a header or a metadata value can carry it; always the same for the same key."""
    fits = key.isascii() and key.isprintable() and len(key) <= KEY_AT_MOST
    return key if fits else hashlib.sha256(key.encode()).hexdigest()
