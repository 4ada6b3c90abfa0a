"""Define what all parts share: the store with its clock, refusals as `Fault` bodies, and decimals in JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.state import State

Body = dict[str, Any]

HOUSE_TIME = ZoneInfo("America/Los_Angeles")  # times come with Intuit's own offset


class Refusal(Exception):
    """Refuse a request; `kind` is the Fault's type."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        detail: str = "",
        *,
        element: str = "",
        kind: str = "ValidationFault",
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"Message": message, "Detail": detail or message, "code": code, "element": element}
        self.body: Body = {"Fault": {"Error": [error], "type": kind}}


class GatewayRefusal(Refusal):
    """Refuse a request at the gateway before the books, whose errors are spelled in lower case."""

    def __init__(self, status: int, code: str, message: str, detail: str, kind: str) -> None:
        super().__init__(status, code, message, detail, kind=kind)
        error = {"message": message, "detail": detail, "code": code}
        self.body = {"warnings": None, "fault": {"error": [error], "type": kind}, "requestId": None}


@dataclass(frozen=True)
class Books:
    """Hold the state with its sources of ids and time."""

    state: State
    client_secret: str
    new_id: Callable[[str], str]
    now: Callable[[], datetime]

    @property
    def store(self) -> Body:
        return self.state.quickbooks

    def stamp(self) -> str:
        return self.now().astimezone(HOUSE_TIME).isoformat(timespec="milliseconds")

    def find(self, kind: str, record_id: str) -> Body:
        """Return a record. Raises Refusal 610."""
        found: Body | None = self.store[kind].get(record_id)
        if found is None:
            detail = "Object Not Found : Something you're trying to use has been made inactive."
            raise Refusal(400, "610", "Object Not Found", detail)
        return found

    def next_record_id(self) -> str:
        self.store["next_id"] += 1
        return str(self.store["next_id"])


def number(value: Decimal) -> float | int:
    """Return a decimal as a JSON number; up to 15 digits survive the round trip."""
    return int(value) if value == value.to_integral_value() else float(value)


def decimal(value: object) -> Decimal:
    """Return a JSON number as a decimal. Raises Refusal for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Refusal(400, "2010", "Request has invalid or unsupported property", "Property is not a number.")
    return Decimal(str(value))


def parsed(raw: bytes) -> Body:
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "2010", "Request has invalid or unsupported property", "The body is no JSON object.")
    return body
