"""Put Zendesk and HubSpot of the sandbox behind a real socket, with the faults and the record of `support`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

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
    """Hold Zendesk and HubSpot; faults by method, "TOKEN" for the request for a token. `now` is everybody's time."""

    now: datetime = NOW
    prefixes: tuple[str, ...] = ()

    def zendesk(self, secret: str = ZENDESK_SECRET, **options: Any) -> ZendeskConnector:
        settings = ZendeskSettings(client_id="countersign", client_secret=secret, api_url=f"{self.url}/zendesk")
        return ZendeskConnector(settings, clock=lambda: self.now, **options)

    def hubspot(self, key: str = HUBSPOT_KEY, **options: Any) -> HubSpotConnector:
        ours, wiring = split({"account_property": ACCOUNT_PROPERTY, "renewals": RENEWALS, **options})
        settings = HubSpotSettings(access_token=key, api_url=f"{self.url}/hubspot", **ours)
        return HubSpotConnector(settings, clock=lambda: self.now, **wiring)

    def fault_of(self, request: web.Request) -> str:
        return self.faults.pop("TOKEN" if request.path.endswith("/oauth/tokens") else request.method, "")

    @property
    def api(self) -> list[Exchange]:
        """Return the exchanges without the requests for tokens."""
        return [one for one in self.exchanges if not one.path.endswith("/oauth/tokens")]

    @property
    def changes(self) -> list[Exchange]:
        return [one for one in self.api if one.method != "GET" and not one.path.endswith("/search")]


@asynccontextmanager
async def crm() -> AsyncIterator[Crm]:
    world = Crm(State())
    zendesk.seed(world.state, NOW)
    hubspot.seed(world.state, NOW)

    routes = zendesk.routes(world.state, ZENDESK_SECRET, now=lambda: world.now)
    async with world.serve([*routes, *hubspot.routes(world.state, HUBSPOT_KEY, now=lambda: world.now)]):
        yield world
