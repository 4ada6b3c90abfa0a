"""Put the parts together: the composition root. Tests build the same application with other settings."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.config import Settings
from bot.connectors.base import Connector
from bot.core.policy import Policy
from bot.jobs import Base, Jobs, Outside
from bot.metrics import Figure, make_registry
from bot.slack import Pace, Slack, SlackPort
from bot.systems import make_connectors
from bot.worker import Lane, Worker
from handlers import cases, health
from handlers.context import Context
from handlers.dialnexa import DialNexaHandler
from handlers.slack import app as slack_handlers
from handlers.vendors import FidelHandler, StripeHandler
from storage import Database, open_database

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

log = logging.getLogger("countersign")

CONCURRENCY = 32  # pieces that a lane runs at once
LARGEST_BODY = 1024**2  # bytes; a call summary with its transcript stays far below


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Application:
    """Hold the parts of a running process. `port` is the real one, also where the settings say 0."""

    db: Database
    slack: Slack
    slack_port: SlackPort
    connectors: Mapping[str, Connector]
    worker: Worker
    jobs: Jobs
    web: web.AppRunner
    bolt: AsyncApp
    settings: Settings
    port: int = 0
    socket_mode: "AsyncSocketModeHandler | None" = None

    async def start(self) -> None:
        if self.db.engine == "sqlite":  # no other process can hold a lease on this file
            await self.db.write(lambda store: store.release_leases())
        jobs = self.jobs
        lanes = [Lane(*lane, concurrency=CONCURRENCY) for lane in jobs.lanes]
        # A restart may have brought new credentials.
        self.worker.start(lanes, jobs.chores, at_start=[jobs.credentials.try_locked])
        await self.web.setup()
        site = web.TCPSite(self.web, self.settings.host, self.settings.port, reuse_address=True)
        await site.start()
        self.port = self.web.addresses[0][1]
        self._introduction = asyncio.create_task(self.slack_port.introduce())
        if self.settings.slack_app_token is not None:
            # here, since it brings all of Bolt's synchronous half along: a tenth of a second that few need
            from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

            token = self.settings.slack_app_token.get_secret_value()
            self.socket_mode = AsyncSocketModeHandler(self.bolt, token)
            await self.socket_mode.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here

    async def stop(self) -> None:
        """Stop handlers first, then jobs, then connections; what is cut short is found again by its lease."""
        if self.socket_mode is not None:
            await self.socket_mode.close_async()  # type: ignore[no-untyped-call]
        self._introduction.cancel()
        await self.web.cleanup()
        await self.worker.stop()
        for connector in self.connectors.values():
            await connector.close()
        await self.slack.close()
        await self.db.close()


async def build(settings: Settings, policy: Policy, *, clock: Callable[[], datetime] = utc_now) -> Application:
    """Open the database (and migrate it) and put the parts together; `start` begins to listen."""
    db = await open_database(settings.database_url)
    token = settings.slack_bot_token.get_secret_value()
    slack = Slack(token=token, api_url=settings.slack_api_url, clock=clock)
    connectors = make_connectors(settings, db, clock)
    worker = Worker(clock)
    db.on_due = worker.on_due
    base = Base(
        db=db,
        outside=Outside(slack, Pace(settings.slack_channel_pace), connectors),
        policy=policy,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        clock=clock,
        public_url=str(settings.public_url) if settings.public_url else None,
        facts_deadline_s=settings.facts_deadline_s,
    )
    jobs = Jobs(base)
    slack_port = SlackPort(slack)
    ctx = Context(
        db=db,
        slack_port=slack_port,
        policy=policy,
        clock=clock,
        available_operations=base.outside.available_operations,
        public_url=base.public_url,
    )
    signing_secret = settings.slack_signing_secret.get_secret_value()
    bolt = slack_handlers.make_bolt(ctx, signing_secret=signing_secret, token=token)
    site = web.Application(client_max_size=LARGEST_BODY)
    site.add_routes(DialNexaHandler(ctx, _open(settings.dialnexa_webhook_secret)).routes())
    if settings.stripe_webhook_secret:
        site.add_routes(StripeHandler(ctx, _open(settings.stripe_webhook_secret)).routes())
    if settings.fidel_webhook_secrets and settings.public_url is not None:
        site.add_routes(FidelHandler(ctx, _open(settings.fidel_webhook_secrets), str(settings.public_url)).routes())
    site.add_routes(slack_handlers.routes(bolt, ctx))
    site.add_routes(cases.routes(ctx))
    registry = make_registry(_figures(ctx, slack, worker))
    site.add_routes(health.routes(ctx, faults=lambda: _faults(slack), registry=registry))
    runner = web.AppRunner(site, access_log=None, handle_signals=False)
    return Application(db, slack, slack_port, connectors, worker, jobs, runner, bolt, settings)


def _open(secrets: Sequence[SecretStr]) -> list[str]:
    return [secret.get_secret_value() for secret in secrets]


def _faults(slack: Slack) -> Mapping[str, str]:
    return {"slack": slack.locked} if slack.locked else {}


def _figures(ctx: Context, slack: Slack, worker: Worker) -> Iterator[Figure]:
    def jobs() -> Iterator[tuple[tuple[str, str], int]]:
        for lane in worker.lanes.values():
            yield (lane.name, "done"), lane.done
            yield (lane.name, "failed"), lane.failed

    def cases() -> Iterator[tuple[tuple[str], int]]:
        yield from (((state,), count) for state, count in ctx.cases.items())

    def paused() -> Iterator[tuple[tuple[str], int]]:
        yield from (((scope,), 1) for scope in ctx.paused)

    yield Figure("countersign_received", "What came to the doors", ("door", "what"), ctx.counts.items)
    yield Figure("countersign_slack_requests", "Requests to Slack", ("method", "outcome"), slack.calls.items)
    yield Figure("countersign_jobs", "Jobs by lane and end", ("lane", "end"), jobs)
    yield Figure("countersign_cases", "Cases by state", ("state",), cases, gauge=True)
    yield Figure("countersign_paused", "Systems that are paused just now", ("scope",), paused, gauge=True)


async def serve(settings: Settings, policy: Policy, *, started: Callable[[Application], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT."""
    app = await build(settings, policy)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    try:
        await app.start()
        if started is not None:
            started(app)
        await stop.wait()
        log.info("stopping")
    finally:
        await app.stop()
