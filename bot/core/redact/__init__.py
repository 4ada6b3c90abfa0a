"""Remove payment, bank and tax details before anything is stored, and say what they were: "[card ••4242]".

Card numbers, security codes, IBANs, bank account and routing numbers, sort codes and tax identifiers go, also where
the digits are spoken as words. Amounts, dates, phone numbers, invoice numbers and ids stay.

Known limits. Numbers are read in English words only. An account number, routing number, sort code, security code or tax
identifier without a label stays (but for a dashed SSN or ITIN). Card digits with other words between them stay; a
number read out over several turns is found where nothing but the digits and words such as "okay" stands in the turns.
A list of plain numbers that together have 13 to 19 digits in groups of at most 6, begin with 2 to 6 and pass the Luhn
check (one in ten) is taken for a card, and so is such a number by itself, whatever it is.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import JsonValue

from bot.core.model import Turn
from bot.core.redact.card_numbers import TURN_BREAK, figures
from bot.core.redact.sensitive import ACCOUNT, CARD, CODE, IBAN, ROUTING, SORT_CODE, TAX, named, sensitive

DEEPEST = 40  # of nested JSON; deeper is no call, and would exhaust the stack

_KEYS = (  # what the last words of a field name say about its value
    (CARD, re.compile(r"(?:^|_)(?:card|cc|pan)_?(?:number|no|num|nr)$|(?:^|_)(?:credit|debit|payment)_?card$|^pan$")),
    (CODE, re.compile(r"(?:^|_)(?:cv[cv]2?|cv2|csc|(?:card_)?(?:security|verification)_?(?:code|value))$")),
    (IBAN, re.compile(r"(?:^|_)iban(?:_?(?:number|no))?$")),
    (ACCOUNT, re.compile(r"(?:^|_)(?:account|acct)_?(?:number|no|num|nr)$|(?:^|_)bank_?(?:account|acct)$")),
    (ROUTING, re.compile(r"(?:^|_)(?:routing|aba|rtn)(?:_?(?:number|no|code))?$")),
    (SORT_CODE, re.compile(r"(?:^|_)(?:sort_?code|bsb)(?:_?(?:number|no))?$")),
    (
        TAX,
        re.compile(
            r"(?:^|_)(?:ssn|itin|ein|tin|nino|utr|nif|cif|bsn|gstin|abn|cpf|cnpj|social_security|national_insurance"
            r"|(?:tax|vat|fiscal)(?:payer)?_?(?:id\w*|number|no|num|nr|reg(?:istration)?|ref(?:erence)?|code))(?:_?(?:number|no|id))?$"
        ),
    ),
)
_TELLING = re.compile(  # for speed: names that may match one of the above
    "card|cc|pan|cv|csc|code|value|iban|ac|aba|rtn|rout|sort|bsb|ssn|tin|ein|nino|utr|[nc]if|bsn|abn|cpf|cnpj|social|insur"
    "|tax|vat|fiscal"
)
_DIGITS_AT_LEAST = {CARD: 8, CODE: 3, IBAN: 8, ACCOUNT: 5, ROUTING: 6, SORT_CODE: 4, TAX: 5}  # fewer is no such number
_PHONE_KEY = re.compile(r"(?:^|_)(?:phone|mobile|from|to|caller|callee|tel)(?:_phone)?(?:_?(?:number|no))?$")
_PHONE = re.compile(r"\d{7,13}")  # as DialNexa sends them, without "+"
_MOMENT_KEY = re.compile(r"(?:_at|time|timestamp|date|_ms)$")
_MOMENT = re.compile(r"[12]\d{12}")  # Unix milliseconds
_VENDOR_KEY = re.compile(r"^(?:id|(?:call|session|agent|workspace)_id|recording(?:_sas)?_url)$")
_VENDOR_VALUE = re.compile(r"[\w.:-]{1,200}|https?://\S+")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_NAME = re.compile(r"[^a-z0-9]+")
_NAMES, _VALUES = ("field_name", "name", "key", "label"), frozenset({"value", "text", "raw", "answer", "result"})


_THREE_DIGITS = re.compile(r"\d(?:[^\d]{0,12}\d){2}")  # fewer are not even a security code


class Redacted(NamedTuple):
    text: str
    found: tuple[str, ...]  # what was removed: "card ••4242", "security code"


def field_name(name: str) -> str:
    """Return one spelling of a field name: "Invoice Number" and "invoiceNumber" are invoice_number."""
    return _NOT_NAME.sub("_", _WORD_START.sub("_", name).lower()).strip("_")


def redact(text: str) -> Redacted:
    """Return the text with each sensitive number replaced by what it was."""
    read = figures(text)
    spans = sensitive(read.text) if _THREE_DIGITS.search(read.text) else []
    if not spans:
        return Redacted(text, ())
    pieces: list[str] = []
    at = 0
    for span in spans:
        start, end = read.origin(span.start, span.end)
        breaks = TURN_BREAK * text.count(TURN_BREAK, start, end)
        pieces += [text[at:start], f"[{span.what}]", breaks]
        at = end
    return Redacted("".join([*pieces, text[at:]]), tuple(dict.fromkeys(span.what for span in spans)))


def redact_turns(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """Redact turns, also what is spread over them, such as the answer to "your security code?"."""
    texts, found = _across([turn.text for turn in turns])
    callers = [at for at, turn in enumerate(turns) if turn.speaker != "agent"]
    redacted_texts, more = _across([texts[at] for at in callers])
    for at, text in zip(callers, redacted_texts, strict=True):
        texts[at] = text
    redacted = tuple(Turn(speaker=turn.speaker, text=text) for turn, text in zip(turns, texts, strict=True))
    return redacted, tuple(dict.fromkeys((*found, *more)))


def _across(texts: list[str]) -> tuple[list[str], tuple[str, ...]]:
    redacted = redact(TURN_BREAK.join(text.replace(TURN_BREAK, " ") for text in texts))
    return (redacted.text.split(TURN_BREAK) if texts else [], redacted.found)


def redact_tree(value: JsonValue) -> tuple[JsonValue, tuple[str, ...]]:
    """Return a JSON value without sensitive strings, numbers and keys, and what was removed.

    A field's name counts too: the value of `cvc` goes whatever it looks like, a phone number under `phone` stays. The
    ids that DialNexa makes itself are left as they are, since two calls must not become one.
    """
    found: dict[str, None] = {}
    return _tree(value, "", found, 0), tuple(found)


def _tree(value: JsonValue, key: str, found: dict[str, None], depth: int) -> JsonValue:
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return "[too deeply nested]"
    if isinstance(value, dict):
        return _object(value, key, found, depth + 1)
    if isinstance(value, list):
        return [_tree(item, key, found, depth + 1) for item in value]
    if isinstance(value, str):
        inner = _json_inside(value)
        if inner is not None:
            redacted = _tree(inner, key, found, depth + 1)
            return value if redacted == inner else json.dumps(redacted, ensure_ascii=False)
        return _text(value, key, found)
    if isinstance(value, bool) or value is None or -100 < value < 100:
        return value
    plain = str(int(value)) if isinstance(value, int) or value.is_integer() else str(value)
    text = _text(plain, key, found)
    return value if text == plain else text


def _object(value: dict[str, JsonValue], key: str, found: dict[str, None], depth: int) -> JsonValue:
    stated = next((name for name in map(value.get, _NAMES) if isinstance(name, str)), None) if "value" in value else key
    redacted: dict[str, JsonValue] = {}
    for name, item in value.items():
        safe, removed = redact(name) if _THREE_DIGITS.search(name) else Redacted(name, ())
        found.update(dict.fromkeys(removed))
        while safe in redacted:  # two keys that became one
            safe += "+"
        redacted[safe] = _tree(item, (stated or key) if name in _VALUES else name, found, depth)
    return redacted


def _text(text: str, key: str, found: dict[str, None]) -> str:
    redacted = _by_key(text, field_name(key)) if _TELLING.search(key.lower()) else None
    if redacted is None:
        redacted = redact(text)
    if not redacted.found or _vouched(text, field_name(key)):
        return text
    found.update(dict.fromkeys(redacted.found))
    return redacted.text


def _by_key(text: str, key: str) -> Redacted | None:
    """Redact a value by the name of its field; None if that says nothing about its value."""
    what = next((what for what, pattern in _KEYS if pattern.search(key)), None)
    if what is None:
        return None
    number = "".join(character for character in figures(text).text if character.isalnum())
    digits = sum(map(str.isdigit, number))
    if digits < _DIGITS_AT_LEAST[what] or (key.endswith("account_number") and not number.isdigit()):
        return None
    label = named(what, number) if what in (CARD, IBAN, ACCOUNT) else what
    return Redacted(f"[{label}]", (label,))


def _vouched(text: str, key: str) -> bool:
    """Return whether the name of the field says that a number is not what it looks like."""
    shapes = ((_VENDOR_KEY, _VENDOR_VALUE), (_PHONE_KEY, _PHONE), (_MOMENT_KEY, _MOMENT))
    return any(name.search(key) and shape.fullmatch(text) for name, shape in shapes)


def _json_inside(text: str) -> JsonValue:
    """Return the JSON that a string holds, as DialNexa's transcripts are; None for any other text."""
    if text[:1] + text[-1:] not in ("{}", "[]"):
        return None
    try:
        inner: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner
