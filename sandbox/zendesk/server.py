"""Route requests to the operations, with tokens and request ids."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from sandbox.state import State
from sandbox.zendesk import reads, tickets, tokens
from sandbox.zendesk.wire import Api, Body, Refusal, Reply

PREFIX = "/zendesk"
API = PREFIX + "/api/v2"

Handle = Callable[[Api, web.Request], Awaitable[Reply]]


def routes(
    state: State,
    key: str,
    *,
    client_id: str = "countersign",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    new_token: Callable[[], str] = lambda: secrets.token_hex(24),
) -> list[web.RouteDef]:
    """Return `/zendesk/oauth/tokens` and the routes below `/zendesk/api/v2`; `key` is the OAuth client's secret."""
    api = Api(state, client_id, key, now, new_token)
    guarded = {
        ("GET", "/tickets"): _list,
        ("POST", "/tickets"): _create,
        ("GET", "/tickets/{id:[0-9]+}"): _show,
        ("PUT", "/tickets/{id:[0-9]+}"): _update,
        ("GET", "/tickets/{id:[0-9]+}/comments"): _comments,
        ("GET", "/search"): _search,
    }
    table = [web.route(verb, API + path, _door(api, _guarded(handle))) for (verb, path), handle in guarded.items()]
    table.append(web.get(API + "/users/me", _door(api, _me)))
    table.append(web.post(PREFIX + "/oauth/tokens", _door(api, _token)))
    return [*table, web.route("*", API + "{tail:.*}", _door(api, _guarded(_unknown)))]


def _door(api: Api, handle: Handle) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            body, status, headers = await handle(api, request)
        except Refusal as refusal:
            body, status, headers = refusal.body, refusal.status, refusal.headers
        sent = {"x-request-id": secrets.token_hex(8), "x-rate-limit": "400", **headers}
        return web.json_response(body, status=status, headers=sent)

    return answer


def _guarded(handle: Handle) -> Handle:
    async def guarded(api: Api, request: web.Request) -> Reply:
        if not tokens.known(api, request.headers.get("Authorization", "")):
            raise tokens.stranger()
        return await handle(api, request)

    return guarded


async def _token(api: Api, request: web.Request) -> Reply:
    form = await request.post()
    return Reply(tokens.grant(api, {name: value for name, value in form.items() if isinstance(value, str)}))


async def _list(api: Api, request: web.Request) -> Reply:
    return reads.listed(api, request.query)


async def _create(api: Api, request: web.Request) -> Reply:
    body, status, headers = tickets.create(api, await _json(request), request.headers.get("Idempotency-Key"))
    place = f"{request.url.origin()}{API}/tickets/{body['ticket']['id']}.json"
    return Reply(body, status, {**headers, "Location": place})


async def _show(api: Api, request: web.Request) -> Reply:
    return Reply({"ticket": _ticket(api, request)})


async def _update(api: Api, request: web.Request) -> Reply:
    return tickets.update(api, _ticket(api, request), await _json(request))


async def _comments(api: Api, request: web.Request) -> Reply:
    ticket = _ticket(api, request)
    return reads.page("comments", api.store["comments"].get(str(ticket["id"]), []), request.query)


async def _search(api: Api, request: web.Request) -> Reply:
    return reads.search(api, request.query)


async def _me(api: Api, request: web.Request) -> Reply:
    return reads.me(api, tokens.known(api, request.headers.get("Authorization", "")))


async def _unknown(api: Api, request: web.Request) -> Reply:
    raise Refusal(404, "InvalidEndpoint", "Not found")


def _ticket(api: Api, request: web.Request) -> Body:
    found: Body | None = api.store["tickets"].get(request.match_info["id"])
    if found is None:
        raise Refusal(404, "RecordNotFound", "Not found")
    return found


async def _json(request: web.Request) -> Body:
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refusal(400, "InvalidRequest", "The request body is no JSON object.")
    return given
