"""Define what the store needs of an engine: a session, one set of statements for both engines, and column formats.

Statements are written with `:name` parameters and a few words that the engines spell differently.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Protocol

Row = tuple[Any, ...]
Params = Mapping[str, Any]
Due = Mapping[str, datetime]  # lane of the worker -> the earliest moment at which a transaction made its work due
OnDue = Callable[[Due], None]

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

# `{ids}` makes rows of the parameter `:ids`, a JSON list, so that a list of any length is one statement.
# `{hold}` makes all who name the same `:held` wait for each other until their transactions end; SQLite has one
# writer at a time anyway.
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        SQLITE: {
            "for_update": "",
            "skip_locked": "",
            "skip_locked_e": "",
            "ids": "SELECT value FROM json_each(:ids)",
            "hold": "SELECT :held",
        },
        POSTGRESQL: {
            "for_update": "FOR UPDATE",
            "skip_locked": "FOR UPDATE SKIP LOCKED",
            "skip_locked_e": "FOR UPDATE OF e SKIP LOCKED",
            "ids": "SELECT json_array_elements_text(CAST(:ids AS json))",
            "hold": "SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended(:held, 0))) AS held",
        },
    }
)

# Text compares by bytes on both engines, so that order and hashes do not depend on a server's locale.
SCHEMA_WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        SQLITE: {"text": "TEXT", "bigint": "INTEGER", "strict": " STRICT"},
        POSTGRESQL: {"text": 'TEXT COLLATE "C"', "bigint": "BIGINT", "strict": ""},
    }
)

PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")


class Session(Protocol):
    """Execute statements on one connection inside one transaction; errors leave as StorageError."""

    def rows(self, text: str, params: Params) -> list[Row]: ...

    def row(self, text: str, params: Params) -> Row | None: ...

    def run(self, text: str, params: Params) -> int:
        """Execute the statement and return the number of rows it changed."""
        ...

    def many(self, text: str, params: Iterable[Params]) -> None: ...

    def stream(self, text: str) -> Iterator[Row]:
        """Yield rows one by one, for tables that do not fit in memory."""
        ...


class Texts(dict[str, str]):
    """Map a statement as written to the statement as the engine reads it, translating each once."""

    def __init__(self, engine: str) -> None:
        super().__init__()
        self._engine = engine

    def __missing__(self, text: str) -> str:
        translated = text.format_map(WORDS[self._engine])
        if self._engine == POSTGRESQL:
            translated = PARAMETER.sub(r"%(\1)s", translated)
        self[text] = translated
        return translated


def schema_text(text: str, engine: str) -> str:
    """Return a statement of a migration as the engine reads it."""
    return text.format_map(SCHEMA_WORDS[engine])


def to_text(at: datetime) -> str:
    """Format a time in UTC with a fixed width, so that it sorts: 2025-01-31T09:30:00.000000Z.

    Raise ValueError for a naive time.
    """
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
