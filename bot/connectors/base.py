"""Give every connector its one shape: a table of operations and a table of look-ups, served by the same code.

A vendor's package says only what to send and how to read a refusal; `bot/http` sends (5 s to connect, 15 s in all, one
try), and names the ways to fail.
"""

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from bot.core.model import Action, Details, Fact, Frozen, Money, Receipt
from bot.core.money import exponent, show
from bot.http.client import Http
from bot.http.errors import ConnectorError, Refused, Unavailable

KEY_AT_MOST: Final = 255  # https://docs.stripe.com/api/idempotent_requests; Zendesk takes as many

T = TypeVar("T")


class Record(BaseModel):
    """Hold a vendor's answer: what we do not read may be there, or change."""

    model_config = ConfigDict(extra="ignore", frozen=True)


# --- operations -----------------------------------------------------------------------------------------------------


class Repeat(StrEnum):
    """Name what makes it safe to send an operation again after a try whose outcome is not known."""

    KEY = "key"  # the vendor honours our key, for as long as `Operation.key_lasts`
    NATURAL = "natural"  # a repeat has the same end state, or is refused by a natural key
    PERSON = "person"  # where the look-up finds nothing, only a person may decide


@dataclass(frozen=True)
class Operation:
    """Describe one row of OPERATIONS; `perform` and `find` take the vendor's client, the parameters and the key."""

    params: type[Frozen]
    perform: Callable[[Any, Any, str], Awaitable[Receipt]]  # its docstring says what keeps it from happening twice
    find: Callable[[Any, Any, str], Awaitable[Receipt | None]]
    right: str  # what our access needs at the vendor, in the vendor's own words
    repeat: Repeat = Repeat.NATURAL
    moves_money: bool = False
    key_lasts: timedelta | None = None


async def not_listed(api: object, params: object, key: str) -> None:
    """Find nothing: the vendor lists no record of such an operation."""


def parsed_params(title: str, operations: Mapping[str, Operation], action: Action) -> Frozen:
    """Return the action's parameters as their model. Raises Refused with the fields that do not fit, no values."""
    operation = operations.get(action.operation)
    if operation is None:
        raise Refused(f"{title} has no operation {action.operation!r} here.")
    try:
        return operation.params.model_validate(dict(action.params))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        what = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'parameters'}: {fault['msg']}" for fault in faults)
        raise Refused(f"This step does not fit {title}: {what}.") from None


# --- look-ups -------------------------------------------------------------------------------------------------------


@dataclass
class Inquiry:
    """Hold one round of look-ups: what the call states, which facts are wanted, and the reads that they share."""

    details: Details
    wanted: frozenset[str]
    now: datetime
    source: str
    _shared: dict[object, "asyncio.Task[Any]"] = field(default_factory=dict)

    def fact(self, name: str, **told: Any) -> Fact:
        return Fact(name=name, source=self.source, observed_at=self.now, **told)

    async def shared(self, read: Callable[[Any, "Inquiry"], Awaitable[T]], api: object) -> T:
        """Return what `read` gives, which is asked once however many look-ups need it. Raises what it raises."""

        async def once() -> T:
            return await read(api, self)

        if read not in self._shared:
            self._shared[read] = asyncio.create_task(once())
        result: T = await self._shared[read]
        return result


Lookup = Callable[[Any, Inquiry], Awaitable[Fact | None]]  # None where the call states too little to look


def misfit(said: Money | None, whole: Money, what: str) -> str | None:
    """Return a doubt where the call's money is not within what a record says."""
    if said is None:
        return None
    if said.currency != whole.currency:
        return f"The call says {show(said)}, but {what} is {show(whole)}."
    if said.amount_minor > whole.amount_minor:
        return f"The call says {show(said)}, more than {what} of {show(whole)}."
    return None


def stated(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


# --- the connector --------------------------------------------------------------------------------------------------


class Client(ABC):
    """Hold a vendor's connections; the first is its API's own. Its methods raise ConnectorError."""

    def __init__(self, *connections: Http) -> None:
        self.http = connections[0]
        self._connections = connections

    @abstractmethod
    async def check(self) -> str:
        """Return a sentence that says the address and the key work. Raises Refused, Unavailable."""

    async def close(self) -> None:
        for http in self._connections:
            await http.close()


class Connector:
    """Reach one outside system. Every method but `facts` and `close` raises ConnectorError."""

    name: ClassVar[str]  # as in `Action.connector`: "fidel"
    title: ClassVar[str]  # for people: "Fidel API"
    settings: ClassVar[type[Frozen]]
    client: ClassVar[Callable[..., Client]]
    table: ClassVar[Mapping[str, Operation]]
    lookups: ClassVar[Mapping[str, Lookup]]  # by the name of the fact, in the order of the card

    def __init__(self, settings: Any, **context: Any) -> None:
        """Connect; `context` is what the client needs beside its settings: a clock, a store of tokens, `Wiring`."""
        self.api = self.client(settings, **context)
        self._off = self.left_to_people(settings)
        # what is off is not offered, so that a proposal turns to another way or to a person
        self.operations = {name: one for name, one in self.table.items() if name not in self._off}

    def left_to_people(self, settings: Any) -> Mapping[str, str]:
        """Return the operations that these settings switch off, each with the sentence that refuses it."""
        return {}

    async def perform(self, action: Action, key: str) -> Receipt:
        """Carry the action out, once for a key. Raises Refused, Unavailable or Unsure."""
        params = parsed_params(self.title, self.table, action)
        if action.operation in self._off:
            raise Refused(self._off[action.operation])
        return await self.table[action.operation].perform(self.api, params, key)

    async def find(self, action: Action, key: str) -> Receipt | None:
        """Return what has happened under this key, by reading only; None where nothing did, or it failed since.

        Raises Refused and Unavailable where the look itself failed: then nothing is known.
        """
        params = parsed_params(self.title, self.table, action)
        return await self.table[action.operation].find(self.api, params, key)

    async def check(self) -> str:
        """Return a sentence that says the address and the key work. Raises Refused, Unavailable."""
        return await self.api.check()

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        """Return what look-ups say about the wanted names; one that failed is a Fact with `missing`."""
        inquiry = Inquiry(details, wanted, now, self.title)
        looks = [self._look(name, look, inquiry) for name, look in self.lookups.items() if name in wanted]
        return tuple(fact for fact in await asyncio.gather(*looks) if fact is not None)

    async def _look(self, name: str, look: Lookup, inquiry: Inquiry) -> Fact | None:
        try:
            return await look(self.api, inquiry)
        except ConnectorError as error:
            return inquiry.fact(name, missing=error.sentence, failed=error.passes)

    async def close(self) -> None:
        """Close the pooled connections."""
        await self.api.close()


# --- what clients share ---------------------------------------------------------------------------------------------


async def pages(
    read: Callable[[Mapping[str, str]], Awaitable[tuple[Sequence[T], str | None]]],
    cursor_name: str,
    at_most: int,
    too_many: str,
) -> AsyncIterator[T]:
    """Yield every item of a list. `read` takes what a page's query adds and returns its items and the next cursor.

    Raises Unavailable with the sentence `too_many` where `at_most` pages do not reach the end: that is a loop.
    """
    query: Mapping[str, str] = {}
    for _ in range(at_most):
        items, cursor = await read(query)
        for item in items:
            yield item
        if not cursor:
            return
        query = {cursor_name: cursor}
    raise Unavailable(too_many)


def token(key: str) -> str:
    """Return the key as a header or a metadata value can carry it; always the same for the same key."""
    fits = key.isascii() and key.isprintable() and len(key) <= KEY_AT_MOST
    return key if fits else hashlib.sha256(key.encode()).hexdigest()


def digest(key: str, length: int = 40) -> str:
    """Return a digest of the key in hexadecimal, for places that take no slashes or only so many characters."""
    return hashlib.sha256(key.encode()).hexdigest()[:length]


def with_minor_unit(currency: str) -> str:
    """Return the currency. Raises ValueError for a code that is no money."""
    exponent(currency)
    return currency
