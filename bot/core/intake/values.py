"""Read values as DialNexa's extraction gives them: numbers as text, booleans as words, words for nothing, transcripts.

A transcript comes in every shape that dialnexa.md, section 4.4, lists.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from bot.core.model import Turn

TEXT_AT_MOST = 500  # characters of a field; longer is a story, and the summary tells that
URL_AT_MOST = 2000  # a signed link that is cut is no link
JUST_TEXT = ("value", "text", "answer", "result")  # {"value": "INV-20418", "confidence": 0.8}

_NOTHING = frozenset(("", "-", "--", "?", "[blank]", "(none)", "<unknown>")).union(
    ("n/a", "na", "n.a.", "none", "null", "nil", "undefined", "unknown", "unclear", "unspecified", "no answer"),
    ("not stated", "not mentioned", "not given", "not provided", "not specified", "not available", "not applicable"),
    ("not_stated", "not_mentioned", "not_provided", "not_specified", "not_available", "not_applicable"),
    ("not said", "not sure", "not known"),
)
_YES = frozenset(("true", "yes", "y", "1", "on"))
_NO = frozenset(("false", "no", "n", "0", "off"))
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*(%?)")
_EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]+)?")
_YEAR_5138_S = 100_000_000_000  # above it an epoch is in milliseconds


def clean(text: str, at_most: int) -> str:
    """Remove control and direction characters, which hide or reorder what people read; new lines stay."""
    return (text if text.isprintable() else _CONTROL.sub("", text)).strip()[:at_most]


def text_of(value: JsonValue, at_most: int = TEXT_AT_MOST) -> str | None:
    """Return a line of text, or None for nothing and for words that mean nothing was said."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Mapping):
        inner = next((value[name] for name in JUST_TEXT if name in value), None)
        return text_of(inner, at_most) if inner is not None else _as_json(value, at_most)
    if isinstance(value, list):
        items = [text for item in value if (text := text_of(item, at_most))]
        return ", ".join(items)[:at_most] or None
    if value is None:
        return None
    line = " ".join(clean(value, at_most * 2).split())[:at_most].strip()
    return None if line.casefold() in _NOTHING else line


def number_text(number: float) -> str | None:
    """Return the plain decimal text of a JSON number: 129.5 is "129.5", 40.0 is "40"; None for what is no number."""
    if isinstance(number, int):
        return str(number)
    if number != number or number in (float("inf"), float("-inf")):
        return None
    return f"{number:.0f}" if number.is_integer() else repr(number)


def flag_of(value: JsonValue) -> bool | None:
    word = (text_of(value) or "").casefold()
    return True if word in _YES else False if word in _NO else None


def confidence_of(value: JsonValue) -> float | None:
    """Return 0 to 1, from 0.41, 41, "41%" and the like; None if it cannot be read."""
    match = _PERCENT.fullmatch(text_of(value) or "")
    if match is None:
        return None
    number = float(match[1])
    share = number / 100 if match[2] or number > 1 else number
    return round(share, 4) if share <= 1 else None


def email_of(text: str) -> str | None:
    """Return the address in lower case, or None if it has not the shape of one."""
    email = text.removeprefix("mailto:").strip().lower()
    return email if len(email) <= 254 and _EMAIL.fullmatch(email) else None


def moment_of(value: JsonValue) -> datetime | None:
    """Return aware UTC, from ISO 8601 (no zone: UTC) or Unix seconds or milliseconds; None if it cannot be read."""
    text = text_of(value)
    if text is None:
        return None
    try:
        if _EPOCH.fullmatch(text):
            number = float(text)
            return datetime.fromtimestamp(number / 1000 if number >= _YEAR_5138_S else number, UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def seconds_of(value: JsonValue) -> int | None:
    """Return whole seconds, or None for what is no number or below zero."""
    try:
        seconds = float(text_of(value) or "")
    except ValueError:
        return None
    return round(seconds) if 0 <= seconds < 1e9 else None


def _as_json(value: Mapping[str, JsonValue], at_most: int) -> str | None:
    return clean(json.dumps(value, ensure_ascii=False), at_most) if value else None


# --- transcripts ------------------------------------------------------------------------------------------------------

TURNS_AT_MOST = 200  # an hour of talk; a card's reader never needs more, and a row stays small
TURN_AT_MOST = 2000  # characters

_AGENT = frozenset(("agent", "assistant", "bot", "ai", "ai agent", "system agent"))
_CALLER = frozenset(("user", "customer", "caller", "client", "human"))
_SPEAKER_KEYS = ("role", "speaker", "from", "name")
_TEXT_KEYS = ("content", "text", "message", "transcript", "words")
_MARK = re.compile(r"(?:^|(?<=\s))(Agent|Assistant|Bot|AI|User|Customer|Caller|Client|Human)\s?:\s", re.MULTILINE)
_MARKED_LINE = re.compile(r"^\s*([A-Za-z][\w .'-]{0,30}?)\s?:\s(?=\S)", re.MULTILINE)


def read_transcript(value: JsonValue) -> tuple[Turn, ...]:
    """Return at most 200 turns, none if there is nothing to read."""
    turns: list[Turn] = []
    for speaker, text in _said(value):
        cleaned = clean(text, TURN_AT_MOST)
        if cleaned:
            turns.append(Turn(speaker=_speaker(speaker), text=cleaned))
        if len(turns) == TURNS_AT_MOST:
            break
    return tuple(turns)


def _said(value: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        inner = _loaded(value)
        yield from _lines(value) if inner is None else _said(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _turn(item)
    elif isinstance(value, Mapping):
        nested = next((value[key] for key in ("messages", "turns", "transcript") if value.get(key)), None)
        if nested is not None:
            yield from _said(nested)
        else:
            yield from ((speaker, text) for speaker, item in value.items() if (text := text_of(item, TURN_AT_MOST)))


def _turn(item: JsonValue) -> Iterator[tuple[str, str]]:
    if isinstance(item, str):
        yield from _lines(item)
    elif isinstance(item, Mapping):
        text = next((words for key in _TEXT_KEYS if isinstance(words := item.get(key), str) and words), None)
        speaker = next((name for key in _SPEAKER_KEYS if isinstance(name := item.get(key), str) and name), "")
        if text:
            yield speaker, text
        elif not speaker:  # {"Agent": "..."}
            yield from ((key, words) for key, words in item.items() if isinstance(words, str))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Split a text at known speakers anywhere; at other names only at the start of a line, if no known one is there."""
    marks = list(_MARK.finditer(text)) or list(_MARKED_LINE.finditer(text))
    if not marks or text[: marks[0].start()].strip():
        yield "", text[: marks[0].start()] if marks else text
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    yield from ((mark[1], text[mark.end() : end]) for mark, end in zip(marks, ends, strict=False))


def _speaker(name: str) -> str:
    word = " ".join(name.casefold().replace("_", " ").split())
    if word in _AGENT:
        return "agent"
    return "caller" if word in _CALLER else clean(name, 40) or "unknown"


def _loaded(text: str) -> JsonValue:
    """Return the list or object that a text holds as JSON, None for any other text."""
    if text[:1] not in "[{" or not text:
        return None
    try:
        inner: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return inner
