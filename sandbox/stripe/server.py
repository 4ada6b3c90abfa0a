"""Route requests to the operations, with key, version and request id headers, and parameters."""

import base64
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from types import MappingProxyType

from aiohttp import web

from sandbox.state import State
from sandbox.stripe import credit_notes, customers, idempotency, invoices, writes
from sandbox.stripe.idempotency import Post, Reply
from sandbox.stripe.reads import Read, by_id, listing, search_invoices, subscriptions
from sandbox.stripe.wire import Api, Ask, Refusal, nested
from sandbox.stripe.writes import Write

PREFIX = "/stripe"
VERSION = "2026-10-28.endive"
FORM = "application/x-www-form-urlencoded"

READS: Mapping[str, Read] = MappingProxyType(
    {
        "/v1/customers": listing("cus", "email"),
        "/v1/customers/{customer}": by_id("cus", "customer"),
        "/v1/payment_intents": listing("pi", "customer"),
        "/v1/payment_intents/{intent}": by_id("pi", "intent"),
        "/v1/charges": listing("ch", "customer", "payment_intent"),
        "/v1/charges/{charge}": by_id("ch", "charge"),
        "/v1/refunds": listing("re", "payment_intent", "charge"),
        "/v1/refunds/{refund}": by_id("re", "refund"),
        "/v1/disputes": listing("dp", "payment_intent", "charge"),
        "/v1/disputes/{dispute}": by_id("dp", "dispute"),
        "/v1/invoices": listing("in", "customer", "status", "collection_method"),
        "/v1/invoices/search": search_invoices,
        "/v1/invoices/{invoice}": by_id("in", "invoice"),
        "/v1/invoice_payments": listing("inpay", "invoice", "status"),
        "/v1/credit_notes": listing("cn", "invoice", "customer"),
        "/v1/credit_notes/{id}": by_id("cn", "id"),
        "/v1/subscriptions": subscriptions,
        "/v1/subscriptions/{subscription_exposed_id}": by_id("sub", "subscription_exposed_id"),
        "/v1/events": listing("evt", "type"),
    }
)
WRITES: Mapping[str, Write] = MappingProxyType(
    {
        "/v1/refunds": writes.create_refund,
        "/v1/disputes/{dispute}": writes.update_dispute,
        "/v1/invoices/{invoice}/send": invoices.send,
        "/v1/invoices/{invoice}/pay": invoices.pay,
        "/v1/credit_notes": credit_notes.create_credit_note,
        "/v1/charges/{charge}": customers.update_charge,
        "/v1/customers/{customer}": customers.update_customer,
        "/v1/billing_portal/sessions": customers.create_portal_session,
    }
)


def routes(
    state: State,
    key: str,
    *,
    new_id: Callable[[str], str] = lambda prefix: f"{prefix}_{secrets.token_hex(12)}",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    pause: Callable[[], Awaitable[None]] | None = None,
) -> list[web.RouteDef]:
    """Return every route below `/stripe/v1`; `key` is the only API key accepted.

    `pause` is awaited while a POST with an idempotency key is under way, so that a second one can meet it.
    """
    api = Api(state, key, new_id, now, pause)
    table = [web.get(PREFIX + path, _door(api, _reading(read))) for path, read in READS.items()]
    table += [web.post(PREFIX + path, _door(api, _writing(write))) for path, write in WRITES.items()]
    return [*table, web.route("*", PREFIX + "/v1{tail:.*}", _door(api, _unknown))]


Handle = Callable[[Api, web.Request, str], Awaitable[Reply]]


def _door(api: Api, handle: Handle) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        request_id = api.new_id("req")
        try:
            _refuse_stranger(api, request)
            reply = await handle(api, request, request_id)
        except Refusal as refusal:
            refusal.body["error"]["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
            reply = Reply(refusal.status, json.dumps(refusal.body))
        return _sent(request, request_id, reply)

    return answer


def _reading(read: Read) -> Handle:
    async def handle(api: Api, request: web.Request, request_id: str) -> Reply:
        return Reply(200, json.dumps(read(api, Ask(request.match_info, nested(request.query.items())))))

    return handle


def _writing(write: Write) -> Handle:
    async def handle(api: Api, request: web.Request, request_id: str) -> Reply:
        if request.can_read_body and request.content_type != FORM:
            raise Refusal(400, f"Invalid request (check that your POST content type is {FORM}).")
        form = await request.post()
        params = nested((name, value) for name, value in form.items() if isinstance(value, str))
        endpoint, key = f"{request.method} {request.path}", request.headers.get("Idempotency-Key")
        post = Post(endpoint, Ask(request.match_info, params, request_id, key), request_id, key)
        return await idempotency.answer(api, write, post)

    return handle


async def _unknown(api: Api, request: web.Request, request_id: str) -> Reply:
    path = request.path.removeprefix(PREFIX)
    raise Refusal(404, f"Unrecognized request URL ({request.method}: {path}).")


def _refuse_stranger(api: Api, request: web.Request) -> None:
    stated = request.headers.get("Authorization", "")
    scheme, _, token = stated.partition(" ")
    if scheme.lower() == "basic":
        token = _user_name(token)
    if not token:
        raise Refusal(401, "You did not provide an API key. Use HTTP Basic or Bearer auth to provide one.")
    if scheme.lower() not in ("basic", "bearer") or not compare_digest(token.encode(), api.key.encode()):
        raise Refusal(401, "Invalid API Key provided.")


def _user_name(token: str) -> str:
    """Return the user name of HTTP Basic, which is the key; the password is empty."""
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def _sent(request: web.Request, request_id: str, reply: Reply) -> web.Response:
    headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("Stripe-Version", VERSION)}
    if "Idempotency-Key" in request.headers:
        headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
    if reply.original_request is not None:
        headers |= {"Original-Request": reply.original_request, "Idempotent-Replayed": "true"}
    return web.json_response(text=reply.text, status=reply.status, headers=headers)
