"""Define what the store needs of an engine, and how values look in a column."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

Row = tuple[Any, ...]
Params = Mapping[str, Any]
Due = Mapping[str, datetime]  # lane of the worker -> the earliest moment at which a transaction made its work due
OnDue = Callable[[Due], None]


class Session(Protocol):
    """Describe one connection inside one transaction. Errors leave as StorageError."""

    def rows(self, text: str, params: Params) -> list[Row]: ...

    def row(self, text: str, params: Params) -> Row | None: ...

    def run(self, text: str, params: Params) -> int:
        """Return the number of rows changed."""
        ...

    def many(self, text: str, params: Iterable[Params]) -> None: ...

    def stream(self, text: str) -> Iterator[Row]:
        """Yield rows one by one, for tables that do not fit in memory."""
        ...


def to_text(at: datetime) -> str:
    """Return UTC, fixed width and so sortable: 2025-01-31T09:30:00.000000Z. A naive time is a ValueError."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError(f"a time without a zone cannot be stored: {at}")
    if offset:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


def to_text_or_none(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)


def to_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def to_time_or_none(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def json_list(values: Iterable[str]) -> str:
    return json.dumps(list(values))
