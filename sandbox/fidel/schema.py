"""Check request bodies, with messages in the wording of a JSON schema validator."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.fidel.answers import Item, invalid, is_number

Rule = Callable[[Any], str | None]

METADATA_BYTES = 2048
COUNTRIES = ("ARE", "CAN", "DNK", "FIN", "GBR", "IRL", "JPN", "NOR", "SWE", "USA")


def checked(body: Any, rules: Mapping[str, Rule], *, required: tuple[str, ...] = ()) -> Item:
    """Return the body if it keeps every rule. Raises the refusal that lists each broken rule."""
    if not isinstance(body, dict):
        raise invalid("should be object")
    faults = [f"should have required property '{name}'" for name in required if name not in body]
    faults += ["should NOT have additional properties" for name in body if name not in rules]
    faults += [fault for name in body if name in rules and (fault := rules[name](body[name]))]
    if faults:
        raise invalid(*faults)
    return body


def text(shortest: int = 0, longest: int | None = None) -> Rule:
    def rule(value: Any) -> str | None:
        if not isinstance(value, str):
            return "should be string"
        if len(value) < shortest:
            return f"should NOT be shorter than {shortest} characters"
        if longest is not None and len(value) > longest:
            return f"should NOT be longer than {longest} characters"
        return None

    return rule


def uri(value: Any) -> str | None:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    good = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    return None if good else 'should match format "uri"'


def metadata(value: Any) -> str | None:
    if not isinstance(value, dict):
        return "should be object"
    if len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_BYTES:
        return "should NOT be larger than 2 KB"
    return None


def country(value: Any) -> str | None:
    return None if value in COUNTRIES else "should be equal to one of the allowed values"


def amount(value: Any) -> str | None:
    return None if is_number(value) else "should be number"


def true(value: Any) -> str | None:
    return None if value is True else "should be equal to constant"
