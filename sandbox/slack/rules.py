"""Build rules for JSON values; each reports problems in Slack's wording with a pointer."""

from collections.abc import Callable, Mapping
from typing import Any

Problems = list[str]
Rule = Callable[[Any, str, Problems], None]


def complain(problems: Problems, what: str, at: str) -> None:
    problems.append(f"[ERROR] {what} [json-pointer:{at}]")


def string(most: int, least: int = 0) -> Rule:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            complain(problems, "must be a string", at)
        elif len(value) > most:
            complain(problems, f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            complain(problems, f"must be more than {least - 1} characters", at)

    return check


def boolean(value: Any, at: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        complain(problems, "must be a boolean", at)


def whole(low: int, high: int) -> Rule:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            complain(problems, f"must be a whole number from {low} to {high}", at)

    return check


def anything(value: Any, at: str, problems: Problems) -> None:
    """Accept any value, for what the sandbox does not check."""


def choice(*values: str) -> Rule:
    allowed = frozenset(values)

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str) or value not in allowed:
            complain(problems, f"must be one of: {', '.join(values)}", at)

    return check


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            complain(problems, "must be an array", at)
            return
        if len(value) > most:
            complain(problems, f"no more than {most} items allowed", at)
        if len(value) < least:
            complain(problems, f"no fewer than {least} items allowed", at)
        for position, item in enumerate(value):
            rule(item, f"{at}/{position}", problems)

    return check


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Return the rule for an object with these keys only; an unknown one is refused, as at Slack."""
    rules = {**required, **(optional or {})}

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            complain(problems, "must be an object", at)
            return
        for key in required:
            if key not in value:
                complain(problems, f"missing required field: {key}", at)
        for key, item in value.items():
            rule = rules.get(key)
            if rule is None:
                complain(problems, f"invalid additional property: {key}", at)
            else:
                rule(item, f"{at}/{key}", problems)

    return check


def by_type(kinds: Mapping[str, Rule]) -> Rule:
    """Return the rule for an object whose `type` selects one of the rules."""

    def check(value: Any, at: str, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        rule = kinds.get(kind) if isinstance(kind, str) else None
        if rule is None:
            complain(problems, f"unsupported type: {kind}", f"{at}/type")
        else:
            rule(value, at, problems)

    return check


def both(first: Rule, second: Rule) -> Rule:
    def check(value: Any, at: str, problems: Problems) -> None:
        first(value, at, problems)
        second(value, at, problems)

    return check
