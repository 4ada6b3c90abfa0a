"""For operators: alive, ready, and figures in Prometheus format."""

from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from handlers.doors import Doors


def routes(doors: Doors, *, faults: Callable[[], Mapping[str, str]], registry: CollectorRegistry) -> list[web.RouteDef]:
    """`faults` names what keeps the bot from working, a sentence each; empty means ready."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        found = dict(faults())
        try:
            await doors.db.read(lambda store: store.count_cases())
        except Exception as error:
            found["database"] = f"The database does not answer ({type(error).__name__})."
        return web.json_response({"status": "not ready" if found else "ready", **found}, status=503 if found else 200)

    async def metrics(_: web.Request) -> web.Response:
        doors.cases.update(await doors.db.read(lambda store: store.count_cases()))
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]
