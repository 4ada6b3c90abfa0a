"""Tell operators whether the process is alive and ready, and its figures in Prometheus format."""

import logging
from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.core.model import CaseState
from handlers.context import Context

log = logging.getLogger("countersign.handlers")


def routes(ctx: Context, *, faults: Callable[[], Mapping[str, str]], registry: CollectorRegistry) -> list[web.RouteDef]:
    """Return the routes; `faults` names what keeps the bot from working, a sentence each, and empty means ready.

    What is paused is named beside it: one vendor's trouble takes nothing out of a load balancer.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        found = dict(faults())
        try:
            paused = await ctx.db.read(lambda store: {pause.scope: pause.reason for pause in store.pauses()})
        except Exception as error:
            paused = {}
            found["database"] = f"The database does not answer ({type(error).__name__})."
        answer = {"status": "not ready" if found else "ready", **found, **({"paused": paused} if paused else {})}
        return web.json_response(answer, status=503 if found else 200)

    async def metrics(_: web.Request) -> web.Response:
        try:
            counts, pauses = await ctx.db.read(lambda store: (store.count_cases(), store.pauses()))
            ctx.cases.update({state.value: counts.get(state.value, 0) for state in CaseState})
            ctx.paused.clear()
            ctx.paused.update(pause.scope for pause in pauses)
        except Exception:  # the figures of the handlers and of Slack count most when something is wrong
            log.exception("the cases could not be counted; /metrics shows the last known figures")
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
