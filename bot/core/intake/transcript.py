"""Read a transcript in every shape that dialnexa.md, section 4.4, lists."""

import json
import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from bot.core.intake.values import clean, text_of
from bot.core.model import Turn

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
