"""Zendesk and HubSpot of the sandbox behind a real socket, with the faults and the record of `connector_support`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.connectors.hubspot import HubSpotConnector
from bot.connectors.hubspot.client import HubSpotSettings
from bot.connectors.zendesk import ZendeskConnector
from bot.connectors.zendesk.client import ZendeskSettings
from sandbox import hubspot, zendesk
from sandbox.hubspot.seeds import ACCOUNT_PROPERTY, RENEWALS
from sandbox.state import State
from tests.connectors.support import NOW, Exchange, World, split

ZENDESK_SECRET = "zendesk-secret-made-up"
HUBSPOT_KEY = "pat-made-up"


@dataclass
class Crm(World):
    """Faults by method as in World; "TOKEN" is the request for a token. `now` is everybody's time."""

    now: datetime = NOW

    def zendesk(self, secret: str = ZENDESK_SECRET, **options: Any) -> ZendeskConnector:
        settings = ZendeskSettings(client_id="countersign", client_secret=secret, api_url=f"{self.url}/zendesk")
        return ZendeskConnector(settings, clock=lambda: self.now, **options)

    def hubspot(self, key: str = HUBSPOT_KEY, **options: Any) -> HubSpotConnector:
        ours, wiring = split({"account_property": ACCOUNT_PROPERTY, "renewals": RENEWALS, **options})
        settings = HubSpotSettings(access_token=key, api_url=f"{self.url}/hubspot", **ours)
        return HubSpotConnector(settings, clock=lambda: self.now, **wiring)

    async def pass_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.endswith("/oauth/tokens"):
            return await super().pass_on(request, handler)
        meant_for_writes = self.faults.pop("POST", None)
        if (fault := self.faults.pop("TOKEN", None)) is not None:
            self.faults["POST"] = fault
        answer = await super().pass_on(request, handler)
        if meant_for_writes is not None:
            self.faults["POST"] = meant_for_writes
        return answer

    @property
    def api(self) -> list[Exchange]:
        """Without the requests for tokens."""
        return [one for one in self.exchanges if not one.path.endswith("/oauth/tokens")]

    @property
    def changes(self) -> list[Exchange]:
        return [one for one in self.api if one.method != "GET" and not one.path.endswith("/search")]


@asynccontextmanager
async def crm() -> AsyncIterator[Crm]:
    world = Crm(State())
    zendesk.seed(world.state, NOW)
    hubspot.seed(world.state, NOW)

    @web.middleware
    async def passing(request: web.Request, handler: Any) -> web.StreamResponse:
        return await world.pass_on(request, handler)

    app = web.Application(middlewares=[passing])
    app.add_routes(zendesk.routes(world.state, ZENDESK_SECRET, now=lambda: world.now))
    app.add_routes(hubspot.routes(world.state, HUBSPOT_KEY, now=lambda: world.now))
    async with TestServer(app) as server:
        world.url = str(server.make_url("")).rstrip("/")
        yield world
        world.over.set()
