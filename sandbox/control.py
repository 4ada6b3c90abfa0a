"""Answer the page's API beyond Slack: state, sample calls, faults, the vendors' panels and the request log."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from sandbox import stripe
from sandbox.caller import Caller
from sandbox.faults import SYSTEMS, Faults
from sandbox.slack.delivery import Delivery
from sandbox.slack.page import Given, answering, body_of, workspace_view
from sandbox.slack.workspace import Workspace
from sandbox.traffic import LOG_KEPT, Traffic
from sandbox.vendors import VENDORS, Vendor, seed_vendors

LOG_DEFAULT: Final = 100


class Control:
    """Handle the `/sim/...` routes beyond Slack."""

    def __init__(self, ws: Workspace, delivery: Delivery, caller: Caller, traffic: Traffic) -> None:
        self._ws = ws
        self._delivery = delivery
        self._caller = caller
        self._traffic = traffic

    async def state(self, request: web.Request) -> dict[str, Any]:
        faults = self._ws.faults
        return {
            **workspace_view(self._ws, request.query.get("user", "")),
            "calls": self._caller.listed(),
            "faults": {system: faults.active(system) for system in SYSTEMS},
            "fault_kinds": {system: Faults.kinds(system) for system in SYSTEMS},
            "bot": {"url": self._delivery.bot_url, "reachable": await self._delivery.reachable()},
        }

    async def call(self, request: web.Request) -> dict[str, Any]:
        given = await body_of(request)
        return await self._caller.call(given["name"], fresh=bool(given.get("fresh")))

    async def faults(self, request: web.Request) -> dict[str, Any]:
        given = await body_of(request)
        try:
            self._ws.faults.switch(given["system"], given["fault"])
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        return {"ok": True}

    def _panel(self, vendor: Vendor) -> Callable[[web.Request], Awaitable[dict[str, Any]]]:
        async def panel(_: web.Request) -> dict[str, Any]:
            return vendor.panel(self._ws.state)

        return panel

    async def reset(self, _: web.Request) -> dict[str, Any]:
        """Reset all systems to their seeds."""
        state = self._ws.state
        state.clear()
        self._ws.reset()
        seed_vendors(state)
        self._traffic.forget()
        for what in SYSTEMS:
            state.changed(what)
        state.changed("faults")
        return {"ok": True}

    async def payment(self, request: web.Request) -> dict[str, Any]:
        """Add a paid Stripe payment `pi_<name>`; `amount` is in minor units."""
        given = await body_of(request)
        amount, currency = given["amount"], given["currency"]
        if not isinstance(amount, int):
            raise web.HTTPBadRequest(text="amount must be a whole number of minor units")
        stripe.add_payment(self._ws.state.stripe, given["name"], amount, currency, int(time.time()))
        self._ws.state.changed("stripe")
        return {"ok": True}

    async def requests(self, request: web.Request) -> dict[str, Any]:
        return {"counts": self._traffic.counts(Given(request.query)["system"])}

    async def log(self, request: web.Request) -> dict[str, Any]:
        limit = request.query.get("limit", str(LOG_DEFAULT))
        if not limit.isdigit():
            raise web.HTTPBadRequest(text="limit must be a whole number")
        return {"requests": self._traffic.last(min(int(limit), LOG_KEPT))}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sim/state", answering(self.state)),
            *(web.get(f"/sim/{name}", answering(self._panel(vendor))) for name, vendor in VENDORS.items()),
            web.get("/sim/requests", answering(self.requests)),
            web.get("/sim/log", answering(self.log)),
            web.post("/sim/call", answering(self.call)),
            web.post("/sim/faults", answering(self.faults)),
            web.post("/sim/stripe/payments", answering(self.payment)),
            web.post("/sim/reset", answering(self.reset)),
        ]
