"""Read digits that are spoken ("four two double four", English only), and find payment card numbers among digits.

A card number has 13 to 19 digits, begins with 2 to 6 and passes the Luhn check. Its digits may come in groups. Digits
that belong to an id, a date, a phone number or an amount are not part of one.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stdnum import luhn

# --- digits as people say them, in English words only ---------------------------------------------------------------


TURN_BREAK = "\x1e"  # stands between the turns of a transcript while they are read as one text

# What may stand between the digits of one number: a pause, as written, heard or typed.
SEPARATORS = r"\s.,;/|_*·•\u2010-\u2015\u2026\u2212\-"
_FILLERS = r"(?:u[hm]+|er+m?|hm+|so|then|and then|okay|ok|yes|yeah|next|dash|hyphen|space|comma|followed by)"
PAUSE = rf"[{SEPARATORS}]{{1,4}}(?:{_FILLERS}[{SEPARATORS}]{{1,4}}){{0,2}}"

_FROM_ONE = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_FROM_THIRTEEN = ("thir", "four", "fif", "six", "seven", "eigh", "nine")
_FROM_TEN = ("ten", "eleven", "twelve", *(f"{stem}teen" for stem in _FROM_THIRTEEN))
_FROM_TWENTY = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = dict.fromkeys(("zero", "oh", "o", "nought", "naught"), "0")
_ONES |= {word: str(digit) for digit, word in enumerate(_FROM_ONE, 1)}
_TEENS = {word: str(number) for number, word in enumerate(_FROM_TEN, 10)}
_TENS = {word: str(digit) for digit, word in enumerate(_FROM_TWENTY, 2)}
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
    """Hold a text with all its digits as ASCII figures, and the way back to the text it was made of."""

    text: str
    starts: Sequence[int] | None = None  # of each character in the original; None: nothing moved
    ends: Sequence[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where `text[start:end]` comes from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def figures(text: str) -> Figures:
    """Return the text with every digit as an ASCII figure and every invisible character as a space."""
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


# --- card numbers ---------------------------------------------------------------------------------------------------


SHORTEST, LONGEST = 13, 19
GROUP_AT_MOST = 6  # cards are read in groups of 4, or 4-6-5; two groups of 8 are the exception

_DIGITS = re.compile(r"\d+")
_GAP = re.compile(PAUSE, re.IGNORECASE)
_DECIMALS = re.compile(r"(?<![.,]\d\d)(?<![.,]\d{4})(?<=\d)[.,](\d\d)(?!\d|[.,]\d)")
_LEFT = re.compile(r"[A-Za-z0-9_-]*$")
_CARD_WORD = re.compile(r"(?:card|visa|amex|mastercard|mc|maestro|discover|no|nr|number|is)[-_]?", re.IGNORECASE)
_RIGHT = re.compile(r"(?!exp|cv[cv]|valid)[A-Za-z_]", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\bcard\s*(?:number|no\b\.?|num\b|nr\b\.?|#)(?:[\s:=#,.?!'\"()\[\]-]|(?:is|it|it's|its|was|the|my|on|file|uh|um)\b){0,8}"
    r"(\d(?:[\s.,·–-]{0,3}\d){12,18})(?!\d)",
    re.IGNORECASE,
)


class CardNumber(NamedTuple):
    start: int
    end: int
    digits: str
    usual: bool = True  # it has the length that numbers with this beginning usually have


def card_numbers(text: str, kept: Sequence[tuple[int, int]]) -> list[CardNumber]:
    """Return card numbers in order; `kept` are the places of what only looks like part of one."""
    found = [CardNumber(*match.span(1), _only_digits(match[1])) for match in _NUMBERED.finditer(text)]
    for run in _runs(text, kept):
        found += _settled(list(_windows(text, run)))
    return _merged(sorted(found))


def _runs(text: str, kept: Sequence[tuple[int, int]]) -> Iterator[list[re.Match[str]]]:
    run: list[re.Match[str]] = []
    decimals = {match.start(1) for match in _DECIMALS.finditer(text)}
    for group in _DIGITS.finditer(text):
        if run and _GAP.fullmatch(text, run[-1].end(), group.start()) is None:
            yield run
            run = []
        if group.start() in decimals or any(start < group.end() and group.start() < end for start, end in kept):
            yield run
            run = []
        else:
            run.append(group)
    yield run


def _windows(text: str, run: Sequence[re.Match[str]]) -> Iterator[CardNumber]:
    for first in range(len(run)):
        digits = ""
        for last in range(first, len(run)):
            digits += run[last][0]
            if len(digits) > LONGEST:
                break
            if _is_card(digits) and _is_grouped(run[first : last + 1]):
                found = CardNumber(run[first].start(), run[last].end(), digits, len(digits) == _usual_length(digits))
                if not _in_id(text, found):
                    yield found


def _settled(windows: Sequence[CardNumber]) -> Iterator[CardNumber]:
    """Prefer a number of the usual length to one that cuts through it and fits the check by chance."""
    usual = [window for window in windows if window.usual]  # in order, and at most one from each group on
    starts = [window.start for window in usual]
    for window in windows:
        last = bisect_left(starts, window.end)
        crossed = [other for other in usual[max(0, last - 2 * LONGEST) : last] if window.start < other.end]
        if window.usual or all(window.start <= other.start and other.end <= window.end for other in crossed):
            yield window


def _merged(found: Sequence[CardNumber]) -> list[CardNumber]:
    """Merge numbers that overlap: both go if it cannot be told which is the card."""
    merged: list[CardNumber] = []
    for number in found:
        if merged and number.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, number.end))
        else:
            merged.append(number)
    return merged


def _is_card(digits: str) -> bool:
    return SHORTEST <= len(digits) <= LONGEST and digits[0] in "23456" and luhn.is_valid(digits)


def _usual_length(digits: str) -> int:
    if digits[:2] in ("34", "37"):  # American Express
        return 15
    return 14 if digits[:2] in ("30", "36", "38") else 16  # Diners Club, everybody else


def _is_grouped(groups: Sequence[re.Match[str]]) -> bool:
    lengths = [group.end() - group.start() for group in groups]
    return len(lengths) == 1 or max(lengths) <= GROUP_AT_MOST or lengths == [8, 8]


def _in_id(text: str, number: CardNumber) -> bool:
    """Return whether letters hang on a number: "pi_3Q…", "INV-4242…". A word such as "number-4242…" makes no id."""
    left = _LEFT.search(text, max(0, number.start - 40), number.start)
    before = left[0] if left else ""
    if any(letter.isalpha() for letter in before) and _CARD_WORD.fullmatch(before) is None:
        return before[-1].isalnum() or before[-1] == "_" or not before[:-1].islower()
    return _RIGHT.match(text, number.end) is not None


def _only_digits(text: str) -> str:
    return re.sub(r"\D", "", text)
