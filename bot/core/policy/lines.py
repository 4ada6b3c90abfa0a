"""Find where each key of a TOML text stands, since `tomllib` gives values without their lines."""

import re
import tomllib
from bisect import bisect_right

from bot.core.policy.values import Path

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+""")
_BETWEEN_KEYS = re.compile(r"[ \t]*\.?[ \t]*")
_STRING = re.compile(
    r'"""(?:\\[\s\S]|[^\\])*?"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'"
)
_BARE = re.compile(r"[^,\]}\n#]+")  # numbers, booleans, dates


def line_index(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key and list item of a text that `tomllib` accepts."""
    walk = _Walk(text.replace("\r\n", "\n"))
    walk.document()
    return walk.lines


class _Walk:
    """Pass once over valid TOML; nothing is checked, because `tomllib` already has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # how many [[tables]] each array has so far

    def document(self) -> None:
        table: Path = ()
        while self.more():
            table = self.header() if self.text[self.at] == "[" else self.pair(table)

    def more(self) -> bool:
        self.at = self.skip(_BLANK)
        return self.at < len(self.text)

    def skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at character {self.at}")
        return match.end()

    def header(self) -> Path:
        """Read a header of a table, or of one more table of an array; keys below it start with the path it returns."""
        is_array = self.text.startswith("[[", self.at)
        line = self.line()
        self.at += 2 if is_array else 1
        table: Path = ()
        for key in self.keys():
            table = self.last_of(table)
            table = (*table, key)
            self.lines.setdefault(table, line)
        self.at += 2 if is_array else 1
        if is_array:
            self.tables[table] = self.tables.get(table, 0) + 1
        table = self.last_of(table)
        self.lines[table] = line
        return table

    def last_of(self, table: Path) -> Path:
        return (*table, self.tables[table] - 1) if table in self.tables else table

    def pair(self, table: Path) -> Path:
        line = self.line()
        path = table
        for key in self.keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self.value(path)
        return table

    def keys(self) -> list[str]:
        """Read the parts of a dotted key, up to the sign that ends it."""
        found: list[str] = []
        self.at = self.skip(_BETWEEN_KEYS)
        while self.text[self.at] not in "=]":
            end = self.skip(_KEY)
            found.append(_plain(self.text[self.at : end]))
            self.at = end
            self.at = self.skip(_BETWEEN_KEYS)
        return found

    def value(self, path: Path) -> None:
        self.at = self.skip(_BLANK)
        if self.text[self.at] == "[":
            self.array(path)
        elif self.text[self.at] == "{":
            self.inline_table(path)
        else:
            self.at = self.skip(_STRING if self.text[self.at] in "\"'" else _BARE)

    def array(self, path: Path) -> None:
        self.at += 1
        n = 0
        while self.more() and self.text[self.at] != "]":
            self.lines[(*path, n)] = self.line()
            self.value((*path, n))
            self.comma()
            n += 1
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while self.more() and self.text[self.at] != "}":
            self.pair(path)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        if self.more() and self.text[self.at] == ",":
            self.at += 1

    def line(self) -> int:
        return bisect_right(self.ends, self.at - 1) + 1


def _plain(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
