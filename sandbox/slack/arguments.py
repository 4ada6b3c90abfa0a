"""Read a Web API method's arguments from a query, a form or JSON, and report missing ones."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.slack.workspace import ApiError

Arguments = Mapping[str, Any]


async def read_arguments(request: web.Request) -> dict[str, Any]:
    """Return a request's arguments. Raises `invalid_form_data` for a body that does not match its content type."""
    arguments: dict[str, Any] = dict(request.query)
    body = await request.read()
    if not body:
        return arguments
    if request.content_type == "application/json":
        try:
            given = json.loads(body)
        except ValueError:
            raise ApiError("invalid_form_data") from None
        if not isinstance(given, dict):
            raise ApiError("invalid_form_data")
        return {**arguments, **given}
    return {**arguments, **{key: value for key, value in (await request.post()).items() if isinstance(value, str)}}


def missing(required: tuple[str, ...], arguments: Arguments) -> list[str]:
    return [f"[ERROR] missing required field: {name}" for name in required if arguments.get(name) in (None, "")]


def structure(arguments: Arguments, name: str, error: str) -> Any:
    """Return a JSON argument, given as such or as text, None if absent. Raises ApiError(error) for broken JSON."""
    value = arguments.get(name)
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        raise ApiError(error) from None


def flag(arguments: Arguments, name: str) -> bool:
    return arguments.get(name) in (True, 1, "1", "true", "True")


def number(arguments: Arguments, name: str, default: int, most: int, error: str) -> int:
    """Return an argument as a whole number, at most `most`. Raises ApiError(error) for other text or below 1."""
    try:
        value = int(arguments.get(name) or default)
    except (TypeError, ValueError):
        raise ApiError(error) from None
    if value < 1:
        raise ApiError(error)
    return min(value, most)


def page_of(found: list[Any], arguments: Arguments, default: int, limit_error: str) -> tuple[list[Any], str]:
    """Return one page and the next cursor, empty at the end. Raises `invalid_cursor`."""
    cursor = str(arguments.get("cursor") or "at:0")
    start = cursor.removeprefix("at:")
    if not cursor.startswith("at:") or not start.isdigit():
        raise ApiError("invalid_cursor")
    end = int(start) + number(arguments, "limit", default, 1000, limit_error)
    return found[int(start) : end], f"at:{end}" if end < len(found) else ""
