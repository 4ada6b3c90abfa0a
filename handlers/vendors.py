"""Receive events from Stripe and Fidel API: what they report closes the loop of a case and never moves money."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web

from bot.cases import vendor_events
from bot.core.signature import fidel_signed, stripe_signed
from bot.core.vendor_events import Report, read_fidel, read_stripe
from handlers.context import Context

log = logging.getLogger("countersign.handlers")


@dataclass(frozen=True)
class StripeHandler:
    ctx: Context
    secrets: Sequence[str]  # several while one is rolled

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhooks/stripe", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = stripe_signed(request.headers, body, self.secrets, self.ctx.clock())
        event = _read(self.ctx, "stripe", body, signed=signed)
        if isinstance(event, web.Response):
            return event
        return await _record(self.ctx, "stripe", read_stripe(event), f"stripe:{event.get('id')}")


@dataclass(frozen=True)
class FidelHandler:
    ctx: Context
    secrets: Sequence[str]  # each hook has its own
    public_url: str  # as registered: Fidel signs the address too, and a proxy may show us another one

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhooks/fidel/{event}", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        url = self.public_url.rstrip("/") + request.path_qs
        signed = fidel_signed(request.headers, body, url, self.secrets, self.ctx.clock())
        event = _read(self.ctx, "fidel", body, signed=signed)
        if isinstance(event, web.Response):
            return event
        name = request.match_info["event"]
        message = request.headers.get("fidel-message-id") or f"{name}:{event.get('id')}:{event.get('updated')}"
        return await _record(self.ctx, "fidel", read_fidel(name, event), f"fidel:{message}")


async def _record(ctx: Context, system: str, report: Report | None, identity: str) -> web.Response:
    """Answer 200 after the commit, or 503 if it could not be kept, so that the vendor sends it again."""
    if report is None:
        ctx.count(system, "ignored")
        return web.json_response({"status": "ignored"})
    try:
        cases = await ctx.db.read(lambda store: vendor_events.concerned(store, report))
        case_ids = await ctx.write(vendor_events.record_event, report, cases, identity=identity)
    except Exception:
        log.exception("a report of %s could not be stored; it is asked to send it again", system)
        return _refused(ctx, system, "not_stored", "Not stored; please send it again.", 503)
    ctx.count(system, "told" if case_ids else "no_case")
    return web.json_response({"status": "received", "cases": case_ids})


def _read(ctx: Context, system: str, body: bytes, *, signed: bool) -> Mapping[str, Any] | web.Response:
    """Return the event, or the answer to a body that is not the vendor's or is no JSON object."""
    if not signed:
        return _refused(ctx, system, "bad_signature", "The signature does not fit.", 401)
    try:
        event = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return _refused(ctx, system, "not_json", "The body is not a JSON object.", 400)
    return event


def _refused(ctx: Context, system: str, what: str, sentence: str, status: int) -> web.Response:
    ctx.count(system, what)
    return web.json_response({"error": sentence}, status=status)
