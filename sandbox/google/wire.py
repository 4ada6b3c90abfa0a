"""Define what the three services share: refusals in each one's own shape, and partial answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from aiohttp import web

from sandbox.state import State

Body = dict[str, Any]
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
}


class Refusal(Exception):
    """Refuse a call; `reason` stands in `errors`, `detail` in `details`."""

    def __init__(
        self, code: int, message: str, reason: str = "invalid", *, status: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.reason, self.detail = code, message, reason, detail
        self.status = status or STATUSES[code]

    def body(self, service: str) -> Body:
        """Return the error body; Drive omits `status`, Sheets omits `errors`."""
        error: Body = {"code": self.code, "message": self.message}
        if service != "drive":
            error["status"] = self.status
        if service != "sheets":
            error["errors"] = [{"message": self.message, "domain": "global", "reason": self.reason}]
        if self.detail:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": kind, "reason": self.detail, "domain": "googleapis.com"}]
        return {"error": error}


class Who(NamedTuple):
    """Name a token's service account and the mailbox it acts as."""

    account: str
    mailbox: str | None


@dataclass(frozen=True)
class Api:
    state: State
    new_id: Callable[[], str]
    now: Callable[[], datetime]

    @property
    def store(self) -> Body:
        return self.state.google

    def seconds(self) -> float:
        return self.now().timestamp()

    def listed(self, service: str, thing: Body) -> bool:
        """Check whether a search finds the thing yet; `at` is when it was written, in epoch seconds."""
        return bool(thing["at"] + self.store["lag_s"][service] <= self.seconds())


Handle = Callable[[Api, web.Request, Who], Awaitable[Any]]


def selected(body: Any, fields: str) -> Any:
    """Return the members that `fields` selects: `files(id,name),payload/headers`. Raises Refusal for a stray `)`."""
    wanted = _tree(fields)
    return _picked(body, wanted) if wanted else body


def _tree(fields: str) -> Body:
    tree: Body = {}
    stack, name = [tree], ""
    node = tree
    for sign in fields + ",":
        if sign not in ",()/.":
            name += sign
            continue
        child = node.setdefault(name.strip(), {}) if name.strip() else {}
        name = ""
        if sign in "/.":
            node = child
        elif sign == "(":
            stack.append(child)
            node = child
        elif sign == ")":
            if len(stack) == 1:
                raise Refusal(400, f"Invalid field selection {fields}", "invalidParameter")
            stack.pop()
            node = stack[-1]
        else:
            node = stack[-1]
    return tree


def _picked(body: Any, wanted: Mapping[str, Any]) -> Any:
    if isinstance(body, list):
        return [_picked(item, wanted) for item in body]
    if not wanted or not isinstance(body, dict):
        return body
    return {name: _picked(body[name], inner) for name, inner in wanted.items() if name in body}
