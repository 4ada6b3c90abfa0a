"""Route requests to the operations, with the private app's token and correlation ids."""

import json
import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hmac import compare_digest

from aiohttp import web

from sandbox.hubspot import reads, writes
from sandbox.hubspot.wire import Api, Body, Refusal
from sandbox.state import State

PREFIX = "/hubspot"
VERSION = "2026-09"
OBJECTS = f"{PREFIX}/crm/objects/{VERSION}"
PROPERTIES = f"{PREFIX}/crm/properties/{VERSION}"

Handle = Callable[[Api, web.Request], Awaitable[tuple[int, Body]]]


def routes(state: State, key: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[web.RouteDef]:
    """Return every route below `/hubspot`; `key` is the only token accepted."""
    api = Api(state, key, now)
    handlers = {
        ("POST", OBJECTS + "/{kind}/search"): _search,
        ("POST", OBJECTS + "/{kind}/batch/upsert"): _upsert,
        ("GET", OBJECTS + "/{kind}/{id}"): _one,
        ("PUT", OBJECTS + "/{kind}/{id}/associations/default/{other}/{other_id}"): _link,
        ("GET", f"{PREFIX}/crm/owners/{VERSION}/{{id}}"): _owner,
        ("GET", PROPERTIES + "/{kind}/{name}"): _property,
        ("POST", PROPERTIES + "/{kind}"): _add_property,
        ("*", PREFIX + "/{tail:.*}"): _unknown,
    }
    return [web.route(verb, path, _door(api, handle)) for (verb, path), handle in handlers.items()]


def _door(api: Api, handle: Handle) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        correlation = str(uuid.UUID(bytes=secrets.token_bytes(16)))
        try:
            _refuse_stranger(api, request)
            status, body = await handle(api, request)
        except Refusal as refusal:
            status, body = refusal.status, {**refusal.body, "correlationId": correlation}
        return web.json_response(body, status=status, headers={"x-hubspot-correlation-id": correlation})

    return answer


def _refuse_stranger(api: Api, request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(token.encode(), api.key.encode()):
        raise Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or not valid.")


async def _one(api: Api, request: web.Request) -> tuple[int, Body]:
    return 200, reads.one(api, request.match_info["kind"], request.match_info["id"], request.query)


async def _search(api: Api, request: web.Request) -> tuple[int, Body]:
    return 200, reads.search(api, request.match_info["kind"], await _json(request))


async def _upsert(api: Api, request: web.Request) -> tuple[int, Body]:
    return writes.upsert(api, request.match_info["kind"], await _json(request))


async def _link(api: Api, request: web.Request) -> tuple[int, Body]:
    ends = (request.match_info[name] for name in ("kind", "id", "other", "other_id"))
    return 200, writes.link(api, *ends)


async def _owner(api: Api, request: web.Request) -> tuple[int, Body]:
    return 200, reads.owner(api, request.match_info["id"], request.query.get("archived") == "true")


async def _property(api: Api, request: web.Request) -> tuple[int, Body]:
    found = api.store["properties"].get(request.match_info["kind"], {}).get(request.match_info["name"])
    if found is None:
        raise Refusal(404, "OBJECT_NOT_FOUND", "The property does not exist.")
    return 200, found


async def _add_property(api: Api, request: web.Request) -> tuple[int, Body]:
    return 201, writes.add_property(api, request.match_info["kind"], await _json(request))


async def _unknown(api: Api, request: web.Request) -> tuple[int, Body]:
    raise Refusal(404, "OBJECT_NOT_FOUND", "No such endpoint.")


async def _json(request: web.Request) -> Body:
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON.")
    return given
