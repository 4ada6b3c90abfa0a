"""Find where each key of a TOML text stands, since `tomllib` gives values without their lines."""

import re
import tomllib
from typing import NamedTuple

from bot.core.policy.values import Path

_TOKEN = re.compile(
    r'(?P<text>"""(?:\\[\s\S]|[^\\])*?"{3,5}'  # up to two quotes may stand before the closing three
    r"|'''[\s\S]*?'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*')"
    r"|(?P<blank>[ \t\r]+|#[^\n]*)"
    r"|(?P<sign>[\[\]{}=,.\n])"
    r"|(?P<bare>[^\s\[\]{}=,.\"'#]+)"  # a key, or a part of a number, boolean or date
)


class _Token(NamedTuple):
    text: str
    line: int
    is_sign: bool


def line_index(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key and list item of a text that `tomllib` accepts."""
    return _Walk(text).lines


class _Walk:
    """Pass once over valid TOML; nothing is checked, because `tomllib` already has."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}  # how many [[tables]] each array has so far
        self.at = 0
        self.tokens: list[_Token] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "blank":
                self.tokens.append(_Token(match[0], line, match.lastgroup == "sign"))
            line += match[0].count("\n")
        self.tokens.append(_Token("", line, is_sign=True))
        table: Path = ()
        while not self.takes(""):
            if self.takes("["):
                table = self.header()
            elif not self.takes("\n"):
                self.pair(table)

    def takes(self, sign: str) -> bool:
        """Pass over a sign if it stands here."""
        token = self.tokens[self.at]
        here = token.is_sign and token.text == sign
        self.at += here
        return here

    def next_in(self, closing: str) -> bool:
        """Go to the next entry of a list or an inline table; False: it ended."""
        while self.takes("\n") or self.takes(","):
            pass
        return not self.takes(closing)

    def header(self) -> Path:
        """Read a header of a table, or of one more table of an array; keys below it start with the path it returns."""
        is_array, line = self.takes("["), self.tokens[self.at].line
        table: Path = ()
        for key in self.keys("]"):
            table = (*self.last_of(table), key)
            self.lines.setdefault(table, line)
        if is_array:
            self.takes("]")
            self.tables[table] = self.tables.get(table, 0) + 1
        table = self.last_of(table)
        self.lines[table] = line
        return table

    def last_of(self, table: Path) -> Path:
        return (*table, self.tables[table] - 1) if table in self.tables else table

    def keys(self, end: str) -> list[str]:
        """Read the parts of a dotted key, up to the sign that ends it."""
        found: list[str] = []
        while not self.takes(end):
            if not self.takes("."):
                key = self.tokens[self.at].text
                found.append(next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key)
                self.at += 1
        return found

    def pair(self, path: Path) -> None:
        line = self.tokens[self.at].line
        for key in self.keys("="):
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.value(path)

    def value(self, path: Path) -> None:
        if self.takes("["):
            n = 0
            while self.next_in("]"):
                self.lines[(*path, n)] = self.tokens[self.at].line
                self.value((*path, n))
                n += 1
        elif self.takes("{"):
            while self.next_in("}"):
                self.pair(path)
        else:
            while not self.tokens[self.at].is_sign or self.tokens[self.at].text == ".":
                self.at += 1
