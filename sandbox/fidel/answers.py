"""Define what all operations share: requests, answers, refusals and the paging of lists."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.state import State

Item = dict[str, Any]

ACCOUNT_ID = "5b7d0c51-7f0e-4f7e-8a54-2f6d9a1f1c33"
PAGE_MAX = 100
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Refusal(Exception):
    """Refuse a request with the error envelope; `extra` holds more members of `error`: class, resource, metadata."""

    def __init__(self, status: int, code: str | None, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra


@dataclass(frozen=True)
class Api:
    """Hold the state with its sources of ids and time."""

    state: State
    key: str
    new_id: Callable[[], str]
    now: Callable[[], datetime]

    @property
    def store(self) -> dict[str, Any]:
        return self.state.fidel

    def stamp(self) -> str:
        return stamp(self.now())

    def find(self, kind: str, item_id: str, *, parent: bool = False) -> Item:
        """Return an item or raise Refusal; `parent` marks one that is only referenced, where Fidel documents 400."""
        item: Item | None = self.store[kind].get(item_id.lower())
        if item is None:
            status = 400 if parent else int(self.store.get("unknown_id", "404"))
            raise Refusal(status, "item-exists", "Item does not exist", **{"class": kind.removesuffix("s")})
        return item


class Ask(NamedTuple):
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None


class Answer(NamedTuple):
    items: Sequence[Item]
    status: int = 200
    paging: Mapping[str, Any] = {}


Operation = Callable[[Api, Ask], Answer]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return the time that `stamp` wrote as text. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def number(decimal_text: str) -> int | float:
    """Return the JSON number that prints as the decimal text does, without trailing zeros or binary noise."""
    exact = Decimal(decimal_text)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def decimal_text(value: int | float) -> str:
    return format(Decimal(str(value)), "f")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def invalid(*messages: str) -> Refusal:
    """Return the refusal of a schema failure, the only one whose `metadata` is an array."""
    return Refusal(400, "schema", "Invalid schema", metadata=[{"message": message} for message in messages])


def page(items: Sequence[Item], ask: Ask, show: Callable[[Item], Item] = dict) -> Answer:
    """Return one page of items given oldest first, newest first unless `order=asc`; `last` is set if more follow."""
    order = ask.query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise invalid("should be equal to one of the allowed values")
    ordered = items if order == "asc" else items[::-1]
    begin = _after(ordered, ask.query.get("start"))
    chosen = ordered[begin : begin + _limit(ask.query.get("limit"))]
    more = begin + len(chosen) < len(ordered)
    last = {"id": chosen[-1]["id"], "time": chosen[-1]["created"]} if more else None
    return Answer([show(item) for item in chosen], paging={"count": len(chosen), "last": last})


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE_MAX
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= PAGE_MAX:
        raise invalid("should be an integer from 1 to 100")
    return int(text)


def _after(items: Sequence[Item], start: str | None) -> int:
    if start is None:
        return 0
    try:
        cursor = json.loads(start)
    except ValueError:
        cursor = None
    if not isinstance(cursor, dict):
        raise invalid("start should be the last value of the page before, as JSON")
    for place, item in enumerate(items, start=1):
        if item["id"] == cursor.get("id"):
            return place
    raise invalid("start should be the last value of the page before, as JSON")
