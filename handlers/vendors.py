"""The doors for Stripe and Fidel API: what they report closes the loop of a case. They never move money."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from aiohttp import web

from bot.cases import vendor_events
from bot.core.signature import fidel_signed, stripe_signed
from bot.core.vendor_events import Report, read_fidel, read_stripe
from handlers.context import Context

log = logging.getLogger("countersign.doors")


@dataclass(frozen=True)
class StripeHandler:
    ctx: Context
    secrets: Sequence[str]  # several while one is rolled

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhooks/stripe", self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not stripe_signed(request.headers, body, self.secrets, self.ctx.clock()):
            return _bad_signature(self.ctx, "stripe")
        event = _read(body)
        if event is None:
            return _not_json(self.ctx, "stripe")
        return await _tell(self.ctx, "stripe", read_stripe(event), f"stripe:{event.get('id')}")


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
        if not fidel_signed(request.headers, body, url, self.secrets, self.ctx.clock()):
            return _bad_signature(self.ctx, "fidel")
        said = _read(body)
        if said is None:
            return _not_json(self.ctx, "fidel")
        event = request.match_info["event"]
        message = request.headers.get("fidel-message-id") or f"{event}:{said.get('id')}:{said.get('updated')}"
        return await _tell(self.ctx, "fidel", read_fidel(event, said), f"fidel:{message}")


async def _tell(ctx: Context, system: str, report: Report | None, identity: str) -> web.Response:
    """200 after the commit; 503 where it could not be kept, so that the vendor sends it again."""
    if report is None:
        ctx.count(system, "ignored")
        return web.json_response({"status": "ignored"})
    now = ctx.clock()
    try:
        cases = await ctx.db.read(lambda store: vendor_events.concerned(store, report))
        record = partial(vendor_events.record_event, report=report, case_ids=cases, identity=identity, now=now)
        told = await ctx.db.write(record)
    except Exception:
        log.exception("a report of %s could not be stored; it is asked to send it again", system)
        ctx.count(system, "not_stored")
        return web.json_response({"error": "Not stored; please send it again."}, status=503)
    ctx.count(system, "told" if told else "no_case")
    return web.json_response({"status": "received", "cases": told})


def _read(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _bad_signature(ctx: Context, system: str) -> web.Response:
    ctx.count(system, "bad_signature")
    return web.json_response({"error": "The signature does not fit."}, status=401)


def _not_json(ctx: Context, system: str) -> web.Response:
    ctx.count(system, "not_json")
    return web.json_response({"error": "The body is not a JSON object."}, status=400)
