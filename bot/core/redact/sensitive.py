"""Find payment, bank and tax details in a text whose digits are figures.

A number is taken for what it is by its own check digits (card, IBAN, dashed SSN) or because words before it say so.
Dates, phone numbers, amounts and ids are left alone.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from stdnum import iban
from stdnum.eu import vat
from stdnum.us import itin, rtn, ssn

from bot.core.redact.card_numbers import PAUSE, SHORTEST, card_numbers

CARD, IBAN, ACCOUNT = "card", "IBAN", "account number"
CODE, ROUTING, SORT_CODE, TAX = "security code", "routing number", "sort code", "tax id"


class Span(NamedTuple):
    """Mark a place in a text and what stands there, as people are told: "card ••4242"."""

    start: int
    end: int
    what: str


def named(what: str, number: str) -> str:
    """Return `what` with the last four characters of a number that is long enough for them to give nothing away."""
    figures = "".join(character for character in number if character.isalnum())
    return f"{what} ••{figures[-4:]}" if len(figures) >= 8 else what


# Words that may stand between a label and its number. A closed list, so that the number of something else is not taken.
_LINK = (
    r"(?:[\s:=#,.?!'\"()\[\]–—-]|(?:is|are|was|were|it|its|it's|that|that's|this|would|be|the|my|our|your|his|her|their|a"
    r"|number|numbers|no|nr|code|id|and|u[hm]+|er|okay|ok|sure|yes|so|well|for|on|of|file|given|gave|caller|customer|as"
    r"|reads?|says?|said|digits?|card|back|here|goes|with|from|to|account)\b){0,16}"
)
_NOT_MORE = r"(?!\d|[.,]\d|-\d|\s?(?:%|usd|eur|gbp|dollars?|euros?|pounds?|days?|times)\b)"


def _labelled(label: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{label}){_LINK}(?<![\d.,$€£¥])({value}){_NOT_MORE}", re.IGNORECASE)


def _figures(at_least: int, at_most: int) -> str:
    return rf"\d(?:[ -]?\d){{{at_least - 1},{at_most - 1}}}"


_CODE_WORDS = r"cv[cv]2?|cv2|csc|security (?:code|number|digits)|(?:card )?verification (?:code|value|number|digits)"
_TAX_WORDS = (
    r"ssn|itin|ein|tin|nino|utr|social(?: security)?|employer id\w*|national insurance|ni (?:number|no)"
    r"|(?:federal )?tax(?:payer)? ?(?:id\w*|number|no\.?|ref(?:erence)?\b|code)"
    r"|vat ?(?:number|no\.?|id\w*|reg(?:istration)?\b|#)|(?:ust|umsatzsteuer)-?id\w*|steuer(?:nummer|nr\b|-?id\w*)"
    r"|codice fiscale|partita iva|num[ée]ro (?:de )?tva|btw[ -]?(?:nummer|nr|id\w*)"
    r"|nif|cif|nie (?:number|no)|bsn|gst(?:in)?|abn|cpf|cnpj|pesel"
)
_TAX_VALUE = r"(?:[A-Z]{1,2} ?)?\d(?:[ ./-]?\d){5,13}(?: ?[A-Z]\b)?|(?=(?:[A-Z]*\d){5})[A-Z0-9]{8,16}\b"

_LABELLED = (
    (
        CODE,
        _labelled(
            rf"{_CODE_WORDS}|(?:on|from|at) the back|(?:three|four|3|4)[ -]digit (?:code|number)|cid|pin",
            _figures(3, 4),
        ),
    ),
    (
        CODE,
        re.compile(
            r"(?<![\d.,$€£¥-])(\d{3,4})(?=\s+(?:on|from)\s+the\s+back\b"
            rf"|\s+(?:is|was|as|for)\s+(?:(?:the|my|his|her|their|a|card)\s+){{0,3}}(?:{_CODE_WORDS})\b)",
            re.IGNORECASE,
        ),
    ),
    (IBAN, _labelled("iban", r"[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}(?:[ -]?(?=[A-Z]*\d)[A-Z0-9]{1,4}){2,8}")),
    (ROUTING, _labelled("(?:bank )?routing(?: transit)?|aba|rtn", _figures(9, 9))),
    (SORT_CODE, _labelled("sort[ -]?code|bsb", _figures(6, 6))),
    (TAX, _labelled(_TAX_WORDS, _TAX_VALUE)),
    (
        ACCOUNT,
        _labelled(
            r"(?:bank |checking |savings |current )?(?:account|acct|a/c) ?(?:number|num\b|no\b\.?|nr\b\.?|#)"
            r"|(?:bank|checking|savings|current) (?:account|acct)|kontonummer",
            _figures(6, 17),
        ),
    ),
)

_LABEL = re.compile(  # for speed: texts that may hold one of the labels above
    r"cv[cv2]|csc|security|verification|the back|digit|cid|pin|iban|routing|aba|rtn|sort|bsb|ssn|itin|ein|tin|nino|utr"
    r"|social|tax|employ|insurance|ni n|vat|ust|steuer|fiscale|partita|tva|nif|cif|nie|bsn|btw|gst|abn|cpf|cnpj|pesel"
    r"|acc(?:oun)?t|a/c|konto"
)
_LONG = re.compile(rf"\d(?:(?:{PAUSE})?\d){{12}}", re.IGNORECASE)  # most texts have no such run, and end here
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_NINE = re.compile(r"(?<![\w-])\d{9}(?![\w-])")
_DASHED = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_VAT = re.compile(r"(?<![\w-])(?=[A-Z]*\d)[A-Z]{2}[A-Z0-9+*]{8,12}(?![\w-])")

_KEPT = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)"  # dates
    r"|(?<!\d)(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d(?!\d)"
    r"|\+\d(?:[ ().-]{0,2}\d){6,14}(?!\d|[ .-]\d)"  # phone numbers: E.164, North America
    r"|(?<!\d)(?<!\d[ .-])(?:1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}(?!\d|[ .-]\d)"
    r"|(?<![\d.,])\d{1,3}(?:,\d{3}){1,3}(?!\d|,\d)"  # 1,240,000
)


def sensitive(text: str) -> list[Span]:
    """Return what must not stay in a text, in order, without overlaps."""
    spans: list[Span] = []
    for span in _candidates(text):
        if not any(span.start < other.end and other.start < span.end for other in spans):
            spans.append(span)
    return sorted(spans)


def _candidates(text: str) -> Iterator[Span]:
    """Yield the surest first: an IBAN may look like a card, a card like an account number."""
    yield from _ibans(text)
    yield from (Span(match.start(), match.end(), TAX) for match in _DASHED.finditer(text) if _is_ssn(match[0]))
    lower = text.lower()
    labelled = _LABEL.search(lower) is not None
    long = sum(map(text.count, "0123456789")) >= SHORTEST and _LONG.search(text) is not None
    kept = [match.span() for match in _KEPT.finditer(text)] if labelled or long else []
    if long:
        yield from (Span(at.start, at.end, named(CARD, at.digits)) for at in card_numbers(text, kept))
    if labelled:
        yield from _by_label(text, lower, kept)


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        for end in range(match.start() + 15, match.end() + 1):  # a word may follow that looks like its end
            number = text[match.start() : end]
            if number[-1].isalnum() and iban.is_valid(number, check_country=False):
                yield Span(match.start(), end, named(IBAN, number))
                break


def _by_label(text: str, lower: str, kept: list[tuple[int, int]]) -> Iterator[Span]:
    for what, pattern in _LABELLED:
        for match in pattern.finditer(text):
            start, end = match.span(1)
            if not any(start < other_end and other_start < end for other_start, other_end in kept):
                yield Span(start, end, named(what, match[1]) if what in (IBAN, ACCOUNT) else what)
    if "routing" in lower or "aba" in lower:
        yield from (Span(at.start(), at.end(), ROUTING) for at in _NINE.finditer(text) if rtn.is_valid(at[0]))
    if "vat" in lower or "tax" in lower:
        yield from (Span(at.start(), at.end(), TAX) for at in _VAT.finditer(text) if vat.is_valid(at[0]))


def _is_ssn(dashed: str) -> bool:
    return ssn.is_valid(dashed) or itin.is_valid(dashed)
