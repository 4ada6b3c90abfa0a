"""Serve as the yardstick: an aiohttp handler that checks the HMAC of a webhook and does nothing else."""

import asyncio
import hashlib
import hmac
import os
import sys

import uvloop
from aiohttp import web


def make_app(secret: bytes) -> web.Application:
    async def receive(request: web.Request) -> web.Response:
        digest = hmac.new(secret, await request.read(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(digest, request.headers.get("x-dialnexa-signature", "")):
            return web.json_response({"error": "bad signature"}, status=401)
        return web.json_response({"status": "ok"})

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    app = web.Application()
    app.add_routes([web.post("/webhooks/dialnexa", receive), web.get("/healthz", healthz)])
    return app


async def serve(port: int) -> None:
    runner = web.AppRunner(make_app(os.environ["SECRET"].encode()), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
