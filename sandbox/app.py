"""Assemble the outside world: state, faults, Slack, the vendors and the page on one port."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox import fidel, google, hubspot, quickbooks, stripe, zendesk
from sandbox.caller import Caller
from sandbox.control import Control
from sandbox.slack import files, page, web_api
from sandbox.slack.delivery import ACK_S, Delivery
from sandbox.slack.workspace import Workspace
from sandbox.state import State
from sandbox.traffic import SLOW_S, Traffic, faulty
from sandbox.vendors import seed_vendors

WEB: Final = Path(__file__).with_name("web")
BODY_MOST: Final = 4 * 1024 * 1024  # bytes; above the limits of Slack and the vendors

STATE: Final = web.AppKey("state", State)
WORKSPACE: Final = web.AppKey("workspace", Workspace)


@dataclass(frozen=True)
class Config:
    """Hold the settings of the outside world; times are seconds and `clock` returns epoch seconds."""

    bot_url: str = "http://127.0.0.1:3000"
    public_url: str = ""  # this server as the bot reaches it; taken from the first request if empty
    state_path: Path | None = None  # None: memory only
    limited: bool = True  # False: no rate limits, for benchmarks
    slack_signing_secret: str = "sandbox-signing-secret"  # noqa: S105 - made up for the demo
    slack_token: str = "xoxb-sandbox"  # noqa: S105 - made up for the demo
    dialnexa_secret: str = "sandbox-dialnexa-secret"  # noqa: S105 - made up for the demo
    fidel_key: str = "sk_test_sandbox"
    stripe_key: str = "rk_test_sandbox"
    zendesk_secret: str = "sandbox-zendesk-secret"  # noqa: S105 - made up for the demo
    quickbooks_secret: str = "sandbox-quickbooks-secret"  # noqa: S105 - made up for the demo
    hubspot_token: str = "pat-sandbox"  # noqa: S105 - made up for the demo
    clock: Callable[[], float] = time.time
    slow_s: float = SLOW_S
    ack_s: float = ACK_S


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(WEB / "index.html", headers={"Cache-Control": "no-cache"})


def make_app(config: Config) -> web.Application:
    """Return the whole server; it loads the state at once and saves it when it stops."""
    state = State(config.state_path)
    ws = Workspace(state, config.clock, limited=config.limited, origin=config.public_url.rstrip("/"))
    seed_vendors(state)
    delivery = Delivery(config.bot_url, config.slack_signing_secret, config.clock, ack_s=config.ack_s)
    caller = Caller(delivery, config.dialnexa_secret, config.clock)
    traffic = Traffic(config.clock)

    app = web.Application(middlewares=[faulty(ws.faults, traffic, config.slow_s)], client_max_size=BODY_MOST)
    app[STATE] = state
    app[WORKSPACE] = ws
    app.add_routes(web_api.routes(ws, config.slack_token))
    app.add_routes(page.routes(ws, delivery))
    app.add_routes(files.routes(ws))
    app.add_routes(Control(ws, delivery, caller, traffic).routes())
    app.add_routes(fidel.routes(state, config.fidel_key))
    app.add_routes(stripe.routes(state, config.stripe_key))
    app.add_routes(zendesk.routes(state, config.zendesk_secret))
    app.add_routes(quickbooks.routes(state, config.quickbooks_secret))
    app.add_routes(hubspot.routes(state, config.hubspot_token))
    app.add_routes(google.routes(state))
    app.add_routes([web.get("/", _index), web.get("/archives/{tail:.*}", _index), web.static("/web", WEB)])
    _attach_life(app, state, delivery)
    return app


def _attach_life(app: web.Application, state: State, delivery: Delivery) -> None:
    async def live(_: web.Application) -> AsyncIterator[None]:
        delivery.start()
        yield
        await delivery.stop()
        state.save()

    async def close_streams(_: web.Application) -> None:
        for listener in state.listeners:  # the server would wait for open pages otherwise
            listener.put({"what": "closing"})

    app.cleanup_ctx.append(live)
    app.on_shutdown.append(close_streams)
