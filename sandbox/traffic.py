"""Count every request to Slack and the vendors, and apply the active fault to it."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.faults import SYSTEMS, Faults

PREFIXES: Final = {
    "slack": "/slack/api/",
    "fidel": "/fidel/v1",
    "stripe": "/stripe/v1",
    "zendesk": "/zendesk",
    "quickbooks": "/quickbooks",
    "hubspot": "/hubspot",
    "google": "/google",
}
ASKS: Final = ("search", ":getByDataFilter", ":batchGetByDataFilter", "/token", "/tokens", "/bearer")  # no effect
SLOW_S: Final = 4.0  # makes a client that waits 3 s time out
LOG_KEPT: Final = 500


def system_of(path: str) -> str | None:
    for system, prefix in PREFIXES.items():
        if path.startswith(prefix):
            return system
    return None


class Traffic:
    """Count requests by method since the start and keep the last of them, without bodies or headers."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[str, Counter[str]] = {system: Counter() for system in SYSTEMS}
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_KEPT)

    def note(self, system: str, request: web.Request, status: int | str) -> None:
        method = _method_name(system, request)
        self._counts[system][method] += 1
        entry = {"at": self._clock(), "system": system, "method": method, "path": request.path, "status": status}
        self._log.append(entry)

    def counts(self, system: str) -> dict[str, int]:
        return dict(self._counts.get(system, {}))

    def last(self, limit: int) -> list[dict[str, Any]]:
        """Return the last requests, newest first."""
        return list(reversed(self._log))[:limit]

    def forget(self) -> None:
        self._log.clear()
        for counts in self._counts.values():
            counts.clear()


def _method_name(system: str, request: web.Request) -> str:
    """Return Slack's method, or verb and path with names in place of ids: `GET /brands/{id}`."""
    if system == "slack":
        return request.path.removeprefix(PREFIXES["slack"])
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else request.path
    return f"{request.method} {path.removeprefix(PREFIXES[system])}"


def _failure(system: str, status: int) -> web.Response:
    code = "ratelimited" if status == 429 else "internal_error"
    body: dict[str, Any] = {"ok": False, "error": code}
    if system != "slack":
        body = {"error": {"code": code, "type": "api_error", "message": "A fault of the sandbox."}}
    return web.json_response(body, status=status, headers={"Retry-After": "2"} if status == 429 else None)


def _revoked(request: web.Request) -> web.Response:
    """Return the refusal of revoked credentials; a token endpoint answers in the shape of RFC 6749."""
    if "token" in request.path:
        return web.json_response({"error": "invalid_grant"}, status=400)
    body = {"error": {"code": "unauthorized", "type": "api_error", "message": "A fault of the sandbox."}}
    return web.json_response(body, status=401)


def _changes(request: web.Request) -> bool:
    """Check whether a request can have an effect; some searches are POST requests."""
    return request.method != "GET" and not request.path.endswith(ASKS)


async def _answer(system: str, fault: str, slow_s: float, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault in ("429", "500"):
        return _failure(system, int(fault))
    if fault == "revoked_token" and system != "slack":
        return _revoked(request)
    if fault == "slow":
        await asyncio.sleep(slow_s)
    return await handler(request)


def faulty(faults: Faults, traffic: Traffic, slow_s: float = SLOW_S) -> Middleware:
    """Return the middleware that applies faults and counts requests; other paths pass untouched."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        system = system_of(request.path)
        if system is None:
            return await handler(request)
        fault = faults.active(system)
        try:
            response = await _answer(system, fault, slow_s, request, handler)
        except web.HTTPException as error:
            traffic.note(system, request, error.status)
            raise
        if fault == "lost_reply" and _changes(request) and request.transport is not None:
            request.transport.abort()  # the effect stays but the client gets no answer
            traffic.note(system, request, "lost")
        else:
            traffic.note(system, request, response.status)
        return response

    return middleware
