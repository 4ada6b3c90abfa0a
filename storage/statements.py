"""One set of statements for both engines: `:name` parameters and a few words that the engines spell differently."""

import re
from collections.abc import Mapping
from types import MappingProxyType

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


class Texts(dict[str, str]):
    """Statement as written -> statement as the engine reads it; each is translated once."""

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
    return text.format_map(SCHEMA_WORDS[engine])
