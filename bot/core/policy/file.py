"""Read `policy.toml` into the models; every fault is told with its line and how to mend it."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.core.model import Kind
from bot.core.policy.lines import line_index
from bot.core.policy.model import Policy
from bot.core.policy.values import Names, Path, suggest

_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_KEY = "[key]"  # how pydantic says that a key itself is wrong, not its value


class Fault(NamedTuple):
    line: int | None  # from 1; None: about the whole file
    message: str
    source: str = "policy.toml"

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.message}" if self.line else f"{self.source}: {self.message}"


class PolicyFaults(Exception):
    """Hold every fault of a policy file, in the order of its lines; it prints one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_policy(toml: str, source: str = "policy.toml") -> Policy:
    """Return the policy of a file's text, or raise PolicyFaults with all that is wrong; `source` names the file."""
    toml = toml.removeprefix("\ufeff")  # some editors on Windows put this mark in front
    try:
        tree = tomllib.loads(toml)
        lines = line_index(toml)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFaults([_syntax(toml, str(error), source)]) from None
    except RecursionError:
        raise PolicyFaults([Fault(None, "lists or tables are nested too deeply", source)]) from None
    channels, groups = (table if isinstance(table := tree.get(name), dict) else {} for name in ("channels", "groups"))
    try:
        return Policy.model_validate(tree, context=Names(channels, groups), by_alias=True, by_name=False)
    except ValidationError as wrong:
        errors = sorted(wrong.errors(), key=lambda error: error["type"] != "extra_forbidden")  # causes come first
        # Two members of a model may be read from one value; what is wrong with it is told once.
        found = dict.fromkeys(Fault(_line(lines, error["loc"]), _message(error), source) for error in errors)
        raise PolicyFaults(found) from None


def _syntax(toml: str, message: str, source: str) -> Fault:
    """Find the line in the parser's message: it gives the place at its end only."""
    match = _SYNTAX.fullmatch(message)
    if match is None:
        return Fault(None, f"this is not TOML: {message}", source)
    line = int(match["line"]) if match["line"] else toml.rstrip().count("\n") + 1
    what = match["what"]
    return Fault(line, f"this is not TOML: {what[:1].lower()}{what[1:]}", source)


def _line(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a key; one that is missing has none of its own, then that of its table."""
    above = (path[:end] for end in range(len(path), 0, -1))
    return next((lines[part] for part in above if part in lines), None)


# --- what is said ---------------------------------------------------------------------------------------------------


def _message(error: ErrorDetails) -> str:
    path, sort = error["loc"], error["type"]
    table = path[:-1]
    match sort:
        case "fault":
            return error["msg"]
        case "extra_forbidden":
            inside = f" in {_place(table)}" if table else ""
            return f'unknown key "{path[-1]}"{inside}; {suggest(str(path[-1]), _keys(table))}'
        case "missing":
            return f'{_place(table)} needs "{path[-1]}"' if table else f"the policy needs {_place(path)}"
        case "model_type" | "dict_type":
            return f"{_place(path)} must be a table of keys and values, not {_in_words(error['input'])}"
    named = _place(path[:-2]) if path[-1] == _KEY else _named(path)
    return f"{named} {_wrong(error)}"


_TYPES = {
    "string_type": "text in quotes",
    "enum": "text in quotes",
    "bool_type": "true or false without quotes",
    "int_type": "a whole number without quotes",
    "float_type": "a number between 0 and 1 without quotes",
    "tuple_type": "a list in [ ]",
}


def _wrong(error: ErrorDetails) -> str:
    sort, raw = error["type"], error["input"]
    if sort == "enum" and isinstance(raw, str):
        return f'names an unknown kind "{raw}"; {suggest(raw, Kind)}'
    if sort in _TYPES:
        return f"must be {_TYPES[sort]}, not {_in_words(raw)}"
    if sort == "string_too_short":
        return "is empty"
    if sort == "greater_than_equal":
        return f"must be {error['ctx']['ge']} or more, not {raw}"
    return str(error["ctx"]["error"]) if sort == "value_error" else error["msg"]


def _keys(table: Path) -> Iterator[str]:
    """Give the keys that a table of the file may have."""
    model: type[BaseModel] = Policy
    for part in table:
        if part in model.model_fields:
            model = next(_models_in(model.model_fields[str(part)].annotation), model)
    yield from dict.fromkeys(str(field.validation_alias or name) for name, field in model.model_fields.items())


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _place(path: Path) -> str:
    """Write a table as the file does: "[kinds.refund]", "[[bands]]", '"escalate" in [kinds.refund]'."""
    if path[:1] == ("bands",):
        return "[[bands]]" if len(path) < 3 else f'"{path[2]}" in [[bands]]'
    names = [str(part) for part in path if isinstance(part, str)]
    depth = 2 if names[:1] in (["kinds"], ["automatic"], ["regions"]) else 1
    table = f"[{'.'.join(names[:depth])}]"
    return f'"{names[depth]}" in {table}' if len(names) > depth else table


def _named(path: Path) -> str:
    """Name the key that a value belongs to, with its place in a list."""
    keys = [part for part in path if isinstance(part, str)]
    entry = f" (entry {path[-1] + 1})" if isinstance(path[-1], int) else ""
    return f'"{keys[-1]}"{entry}'


_SORTS = {bool: "true or false", str: "text", int: "a whole number", float: "a number", list: "a list", dict: "a table"}


def _in_words(raw: object) -> str:
    """Name the sort of a value, never the value itself: it may be personal data."""
    return _SORTS.get(type(raw), "a date or time")
