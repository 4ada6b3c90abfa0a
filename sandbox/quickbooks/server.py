"""Route requests to the operations, with tokens, the company's paths, and answers replayed by `requestid`."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from sandbox.quickbooks import query, tokens, writes
from sandbox.quickbooks.books import Body, Books, GatewayRefusal, Refusal, parsed
from sandbox.state import State

PREFIX = "/quickbooks"
TOKEN_PATH = f"{PREFIX}/oauth2/v1/tokens/bearer"
COMPANY = PREFIX + "/v3/company/{realm}"
REQUEST_ID_MOST = 50  # characters
READABLE = ("Invoice", "Customer", "CreditMemo", "RefundReceipt", "Payment", "Item")

Handle = Callable[[Books, web.Request], Awaitable[Body]]


def routes(
    state: State,
    key: str,
    *,
    new_id: Callable[[str], str] = lambda prefix: f"{prefix}-{secrets.token_hex(12)}",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[web.RouteDef]:
    """Return every route below `/quickbooks`; `key` is the secret of the client that `seeds` names."""
    books = Books(state, key, new_id, now)
    reads = [web.get(f"{COMPANY}/{kind.lower()}/{{id}}", _door(books, _reading(kind))) for kind in READABLE]
    return [
        web.post(TOKEN_PATH, _tokens(books)),
        web.get(f"{COMPANY}/query", _door(books, _query)),
        web.get(f"{COMPANY}/companyinfo/{{id}}", _door(books, _company)),
        *reads,
        web.post(f"{COMPANY}/invoice/{{id}}/send", _door(books, _once(_send))),
        web.post(f"{COMPANY}/refundreceipt", _door(books, _once(_refund))),
        web.post(f"{COMPANY}/creditmemo", _door(books, _once(_credit))),
        web.post(f"{COMPANY}/customer", _door(books, _once(_customer))),
        web.route("*", PREFIX + "/v3/{tail:.*}", _door(books, _unknown)),
    ]


def _door(books: Books, handle: Handle) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        headers = {"intuit_tid": books.new_id("1")}
        try:
            tokens.refuse_stranger(books, request)
            return web.json_response(await handle(books, request), headers=headers)
        except GatewayRefusal as refusal:
            body = refusal.body | {"time": str(int(books.now().timestamp() * 1000))}
            return web.json_response(body, status=refusal.status, headers=headers)
        except Refusal as refusal:
            return web.json_response(refusal.body | {"time": books.stamp()}, status=refusal.status, headers=headers)

    return answer


def _tokens(books: Books) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        headers = {"intuit_tid": books.new_id("1"), "Cache-Control": "no-store"}
        try:
            return web.json_response(tokens.grant(books, request, dict(await request.post())), headers=headers)
        except tokens.NoToken as no:
            return web.json_response({"error": no.error}, status=no.status, headers=headers)

    return answer


def _once(handle: Handle) -> Handle:
    """Return a handler that replays the first answer to a `requestid`, a refusal included."""

    async def first(books: Books, request: web.Request) -> Body:
        request_id = request.query.get("requestid", "")
        if len(request_id) > REQUEST_ID_MOST:
            detail = "Request Id should not be greater than 50 characters."
            raise Refusal(400, "2010", "Request has invalid or unsupported property", detail)
        kept = books.store["answers"].get(request_id)
        if kept is None:
            kept = await _kept(books, request, handle)
            if request_id:
                books.store["answers"][request_id] = kept
            books.state.changed("quickbooks")
        body: Body = json.loads(kept["text"])
        if kept["status"] != 200:
            again = Refusal(kept["status"], "", "")
            again.body = body
            raise again
        return body

    return first


async def _kept(books: Books, request: web.Request, handle: Handle) -> Body:
    try:
        return {"status": 200, "text": json.dumps(await handle(books, request))}
    except Refusal as refusal:
        return {"status": refusal.status, "text": json.dumps(refusal.body)}


def _reading(kind: str) -> Handle:
    async def read(books: Books, request: web.Request) -> Body:
        return {kind: books.find(kind, request.match_info["id"]), "time": books.stamp()}

    return read


async def _query(books: Books, request: web.Request) -> Body:
    return query.answer(books, request.query.get("query", ""))


async def _company(books: Books, request: web.Request) -> Body:
    return {"CompanyInfo": books.store["CompanyInfo"], "time": books.stamp()}


async def _send(books: Books, request: web.Request) -> Body:
    if request.content_type != "application/octet-stream" or await request.read():
        raise Refusal(400, "2010", "Request has invalid or unsupported property", "The body has to be empty.")
    return writes.send_invoice(books, request.match_info["id"], request.query.get("sendTo"))


async def _refund(books: Books, request: web.Request) -> Body:
    return writes.create_refund_receipt(books, parsed(await request.read()))


async def _credit(books: Books, request: web.Request) -> Body:
    return writes.create_credit_memo(books, parsed(await request.read()))


async def _customer(books: Books, request: web.Request) -> Body:
    return writes.update_customer(books, parsed(await request.read()))


async def _unknown(books: Books, request: web.Request) -> Body:
    raise Refusal(404, "4", "Unsupported Operation", f"{request.method} is not supported here.", kind="SystemFault")
