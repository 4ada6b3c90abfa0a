"""Share what both vendors need: the way in, and the outside's own record of what really happened there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from tests.simulation.fault_schedule import Fate
from tests.simulation.wire import Wire

if TYPE_CHECKING:
    from tests.simulation.world import World

LAG_S = 1.5  # lists of vendors lag behind their writes
BUSY_AFTER = "3"  # Retry-After in seconds


@dataclass(frozen=True)
class Effect:
    """Record a real change at a vendor. `thing` is what may change once: a payment, a brand, a card."""

    connector: str
    operation: str
    thing: str
    params: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any]


class Vendor(Protocol):
    name: str

    def answer(self, request: httpx.Request) -> Answer: ...

    def fails(self, request: httpx.Request) -> None:
        """Fail by an error of its own, without effect; some vendors remember even that."""


@dataclass
class Records:
    """Record everything that happened at the vendors, in order."""

    world: "World"
    effects: list[Effect] = field(default_factory=list)

    def add(self, connector: str, operation: str, thing: str, **params: Any) -> None:
        self.effects.append(Effect(connector, operation, thing, params, self.world.now()))
        self.world.note(f"{connector}: {operation} {thing} {params}")
        self.world.tally.counts[f"effects at {connector}: {operation}"] += 1


class Transport(httpx.AsyncBaseTransport):
    """Carry the requests of the real connectors over a wire that breaks to a vendor in memory."""

    def __init__(self, wire: Wire, vendor: Vendor) -> None:
        self._wire = wire
        self._vendor = vendor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        write = request.method != "GET"
        named = [part for part in request.url.path.split("/") if part and not part[0].isdigit()]
        what = f"{request.method} {named[-1]}"
        came = await self._wire.carry(what, lambda: self._vendor.answer(request), write=write)
        if came.fate is Fate.UNREACHED:
            raise httpx.ConnectError("unreached", request=request)
        if came.fate in (Fate.CUT, Fate.CUT_AFTER):
            raise httpx.ReadError("cut", request=request)
        if came.fate is Fate.BUSY:
            return httpx.Response(429, headers={"Retry-After": BUSY_AFTER}, json={})
        if came.fate is Fate.FAILED:
            if write:
                self._vendor.fails(request)
            return httpx.Response(500, json={"error": {}})
        if came.fate is Fate.FAILED_AFTER:
            return httpx.Response(502, text="<html>gateway</html>")
        if came.fate is Fate.GARBAGE:
            return httpx.Response(200, text="<html>gateway</html>")
        reply = came.reply or Answer(500, {})
        return httpx.Response(reply.status, text=json.dumps(reply.body, default=_plain))


def _plain(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
