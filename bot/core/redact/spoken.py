"""Reads digits as people say them: "four two double four", "forty-two oh seven". English words only."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

TURN_BREAK = "\x1e"  # stands between the turns of a transcript while they are read as one text

# What may stand between the digits of one number: a pause, as written, heard or typed.
SEPARATORS = r"\s.,;/|_*·•\u2010-\u2015\u2026\u2212\-"
_FILLERS = r"(?:u[hm]+|er+m?|hm+|so|then|and then|okay|ok|yes|yeah|next|dash|hyphen|space|comma|followed by)"
PAUSE = rf"[{SEPARATORS}]{{1,4}}(?:{_FILLERS}[{SEPARATORS}]{{1,4}}){{0,2}}"

_ONES = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "nought": "0",
    "naught": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}

_ONE = "|".join(_ONES)
_TEN = "|".join(_TENS)
_WORD = (
    rf"(?:{'|'.join(_TIMES)})[\s-]+(?:{_ONE}|\d)"
    rf"|(?:{_TEN})(?:[\s-]+(?:{_ONE}))?"
    rf"|{'|'.join(_TEENS)}"
    rf"|{_ONE}"
)
_ITEM = rf"(?<![a-z\d])(?:{_WORD}|\d+)(?![a-z\d])"
_LIKELY = re.compile(  # the look-ahead is for speed: this is searched in every text
    rf"(?<![a-z])(?=[defnostz])(?:{'|'.join(_TIMES)}|{_TEN}|{'|'.join(_TEENS)}|{_ONE}){PAUSE}(?:{_WORD}|\d)"
)
_RUN = re.compile(rf"{_ITEM}(?:{PAUSE}{_ITEM}){{2,}}")
_WORDS = re.compile(rf"(?<![a-z\d])(?:{_WORD})(?![a-z\d])")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Figures(NamedTuple):
    """A text with all its digits as ASCII figures, and the way back to the text it was made of."""

    text: str
    starts: Sequence[int] | None = None  # of each character in the original; None: nothing moved
    ends: Sequence[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` comes from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def figures(text: str) -> Figures:
    """`text` with every digit as an ASCII figure and every invisible character as a space."""
    plain = text if text.isprintable() else _INVISIBLE.sub(" ", text)  # the length stays until the words are read
    if not plain.isascii():
        plain = _NOT_ASCII.sub(_ascii_digit, plain)
    lower = plain.lower()
    if _LIKELY.search(lower) is None or len(lower) != len(plain):
        return Figures(plain)
    words = [word for run in _RUN.finditer(lower) for word in _WORDS.finditer(lower, run.start(), run.end())]
    return _rewritten(plain, words) if words else Figures(plain)


def _rewritten(text: str, words: Sequence[re.Match[str]]) -> Figures:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for word in words:
        digits = _digits(word[0])
        pieces += [text[at : word.start()], digits]
        starts += [*range(at, word.start()), *[word.start()] * len(digits)]
        ends += [*range(at + 1, word.start() + 1), *[word.end()] * len(digits)]
        at = word.end()
    pieces.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return Figures("".join(pieces), starts, ends)


def _digits(word: str) -> str:
    first, *rest = re.split(r"[\s-]+", word)
    last = rest[0] if rest else ""
    if first in _TIMES:
        return _ONES.get(last, last) * _TIMES[first]
    if first in _TENS:
        return _TENS[first] + _ONES.get(last, "0")
    return _TEENS.get(first) or _ONES[first]


def _ascii_digit(character: re.Match[str]) -> str:
    return str(unicodedata.decimal(character[0])) if character[0].isdecimal() else character[0]
