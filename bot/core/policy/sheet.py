"""Reading a TOML tree key by key: every fault is noted with its line, and reading goes on."""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from bot.core.policy.lines import Path

Scalar = Callable[[Any], Any]  # raises ValueError with a sentence that says how to mend it


class Fault(NamedTuple):
    line: int | None  # from 1; None: about the whole file
    message: str
    source: str = "policy.toml"

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


class Sheet:
    """The faults found so far, and where the keys of the text stand."""

    def __init__(self, lines: Mapping[Path, int], source: str) -> None:
        self.lines = lines
        self.source = source
        self.faults: list[Fault] = []

    def note(self, path: Path, message: str) -> None:
        """A key that is missing has no line of its own: then the line of its table is meant."""
        above = (path[:end] for end in range(len(path), 0, -1))
        line = next((self.lines[part] for part in above if part in self.lines), None)
        self.faults.append(Fault(line, message, self.source))

    def table(self, path: Path, raw: Any, keys: Mapping[str, "Reader"], needs: Iterable[str] = ()) -> dict[str, Any]:
        """The keys that could be read; unknown, missing and broken ones are noted and left out."""
        found: dict[str, Any] = {}
        if not isinstance(raw, dict):
            self.note(path, f"{place(path)} must be a table of keys and values, not {_sort(raw)}")
            return found
        for key, value in raw.items():
            if key in keys:
                keep(found, key, keys[key](self, (*path, key), value))
            else:
                inside = f" in {place(path)}" if path else ""
                self.note((*path, key), f'unknown key "{key}"{inside}; {suggest(key, keys)}')
        for key in needs:
            if key not in raw:
                self.note(path, f'{place(path)} needs "{key}"' if path else f"the policy needs {place((key,))}")
        return found


Reader = Callable[[Sheet, Path, Any], Any]  # the value, or None if it was noted as broken


def keep(found: dict[Any, Any], key: Any, value: Any) -> None:
    if value is not None:
        found[key] = value


def one(scalar: Scalar) -> Reader:
    """A single value; the sentence of its ValueError gets the key's name in front."""

    def read(sheet: Sheet, path: Path, raw: Any) -> Any:
        try:
            return scalar(raw)
        except ValueError as wrong:
            sheet.note(path, f"{_named(path)} {wrong}")
            return None

    return read


def listed(item: Reader, *, some: bool = False) -> Reader:
    """A list of such items; with `some`, at least one."""

    def read(sheet: Sheet, path: Path, raw: Any) -> Any:
        if not isinstance(raw, list):
            sheet.note(path, f"{_named(path)} must be a list in [ ], not {_sort(raw)}")
            return None
        if some and not raw:
            sheet.note(path, f"{_named(path)} is empty; name at least one")
            return None
        items = (item(sheet, (*path, n), value) for n, value in enumerate(raw))
        return tuple(value for value in items if value is not None)

    return read


def mapped(entry: Callable[[str], Reader], key: Scalar = str) -> Reader:
    """A table whose keys are the reader's own; `entry` gives the reader of a key's value."""

    def read(sheet: Sheet, path: Path, raw: Any) -> Any:
        if not isinstance(raw, dict):
            sheet.note(path, f"{place(path)} must be a table of keys and values, not {_sort(raw)}")
            return None
        found: dict[Any, Any] = {}
        for name, value in raw.items():
            try:
                known = key(name)
            except ValueError as wrong:
                sheet.note((*path, name), f"{place(path)} {wrong}")
            else:
                keep(found, known, entry(name)(sheet, (*path, name), value))
        return found

    return read


def shaped(keys: Mapping[str, Reader], needs: Iterable[str] = ()) -> Reader:
    """A table with these keys and no others."""
    return lambda sheet, path, raw: sheet.table(path, raw, keys, needs)


def text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError(f"must be text in quotes, not {_sort(raw)}")
    if not raw.strip():
        raise ValueError("is empty")
    return raw.strip()


def flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"must be true or false without quotes, not {_sort(raw)}")
    return raw


def count(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"must be a whole number without quotes, not {_sort(raw)}")
    if raw < 1:
        raise ValueError(f"must be 1 or more, not {raw}")
    return raw


def share(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError(f"must be a number between 0 and 1 without quotes, not {_sort(raw)}")
    if not 0 <= raw <= 1:  # false for nan too
        raise ValueError(f"must be between 0 and 1, not {raw}")
    return float(raw)


def suggest(word: str, known: Iterable[str]) -> str:
    """What may have been meant: the nearest known word, else all of them."""
    names = [str(name) for name in known]
    near = get_close_matches(word.lower(), names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known are: {', '.join(names) or 'none yet'}"


def place(path: Path) -> str:
    """As the file writes it: "[kinds.refund]", "[[bands]]"; for a value within one, '"escalate" in [kinds.refund]'."""
    if path[:1] == ("bands",):
        return "[[bands]]" if len(path) < 3 else f'"{path[2]}" in [[bands]]'
    names = [str(part) for part in path if isinstance(part, str)]
    depth = 2 if names[:1] in (["kinds"], ["automatic"], ["regions"]) else 1
    table = f"[{'.'.join(names[:depth])}]"
    return f'"{names[depth]}" in {table}' if len(names) > depth else table


def _named(path: Path) -> str:
    """The key that a value belongs to, with its place in the list."""
    keys = [part for part in path if isinstance(part, str)]
    item = f" (entry {path[-1] + 1})" if isinstance(path[-1], int) else ""
    return f'"{keys[-1]}"{item}'


def _sort(raw: Any) -> str:
    """In words, never the value itself: it may be personal data."""
    words = {
        bool: "true or false",
        str: "text",
        int: "a whole number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return words.get(type(raw), "a date or time")
