"""The composition root: the only place that knows every part. Tests build the same application with other settings."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.config import Settings
from bot.connectors.base import Connector
from bot.core.accounts import Account, account_of
from bot.core.policy import Policy
from bot.jobs import Jobs, Outside
from bot.metrics import make_registry
from bot.slack import Pace, Slack, SlackError
from bot.systems import make_connectors
from bot.worker import Worker
from handlers import cases, health
from handlers.context import Context, SlackUnavailable
from handlers.dialnexa import DialNexaHandler
from handlers.slack import app as slack_handlers
from handlers.vendors import FidelHandler, StripeHandler
from storage import Database, open_database

if TYPE_CHECKING:
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

log = logging.getLogger("countersign")

ASK_AGAIN_S = 30.0
LARGEST_BODY = 1024**2  # bytes; a call summary with its transcript stays far below


WHO = "Slack could not tell your user groups or your account just now."


def utc_now() -> datetime:
    return datetime.now(UTC)


class SlackPort:
    """What doors may ask of Slack, with Slack's faults as sentences for the person who clicked."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self.team_id: str | None = None
        self.url: str | None = None

    async def introduce(self) -> None:
        """Learns our workspace; until then clicks are judged by their own team fields alone."""
        while self.team_id is None:
            try:
                we = await self._slack.who_am_i()
                self.team_id, self.url = str(we["team_id"]), str(we.get("url") or "") or None
            except SlackError as error:
                log.warning("Slack did not tell who we are: %s", error.sentence)
                await asyncio.sleep(ASK_AGAIN_S)

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        try:
            return await self._slack.groups_of(user_id, groups)
        except (SlackError, TimeoutError):
            raise SlackUnavailable(WHO) from None

    async def account(self, user_id: str) -> Account:
        try:
            return account_of(user_id, await self._slack.user(user_id), self.team_id)
        except (SlackError, TimeoutError):
            raise SlackUnavailable(WHO) from None

    async def person_by_email(self, email: str) -> str | None:
        return await self._slack.user_by_email(email)

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.open_form(trigger_id, view)
        except SlackError:
            raise SlackUnavailable("Slack did not open the form.") from None

    async def update_form(self, view_id: str, view_hash: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.update_form(view_id, view_hash, view)
        except SlackError as error:
            raise SlackUnavailable(error.sentence) from None

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None:
        try:
            await self._slack.publish_home(user_id, view)
        except SlackError as error:
            raise SlackUnavailable(error.sentence) from None

    async def answer(self, response_url: str, text: str) -> None:
        await self._slack.answer(response_url, text)

    async def whisper(self, channel_id: str, user_id: str, text: str, *, thread_ts: str) -> None:
        try:
            await self._slack.whisper(channel_id, user_id, text, thread_ts=thread_ts)
        except SlackError as error:
            log.warning("an answer in a thread did not reach Slack: %s", error.sentence)


@dataclass
class Application:
    """One running process. `port` is the real one, also where the settings say 0."""

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
        self.worker.start(self.jobs)
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
        """Doors first, then jobs, then connections; what is cut short is found again by its lease."""
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
    """Opens the database (and migrates it) and puts the parts together; `start` opens the doors."""
    db = await open_database(settings.database_url)
    token = settings.slack_bot_token.get_secret_value()
    slack = Slack(token=token, api_url=settings.slack_api_url, clock=clock)
    connectors = make_connectors(settings, db, clock)
    worker = Worker()
    db.on_due = lambda due: worker.wake(*(lane for lane, at in due.items() if at <= clock()))
    jobs = Jobs(
        db=db,
        outside=Outside(slack, Pace(settings.slack_channel_pace), connectors),
        policy=policy,
        owner=f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}",
        clock=clock,
        public_url=str(settings.public_url) if settings.public_url else None,
        facts_deadline_s=settings.facts_deadline_s,
    )
    slack_port = SlackPort(slack)
    ctx = Context(
        db=db,
        slack_port=slack_port,
        policy=policy,
        clock=clock,
        available_operations=jobs.outside.available_operations,
        public_url=jobs.public_url,
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
    registry = make_registry(ctx, slack, worker)
    site.add_routes(health.routes(ctx, faults=lambda: _faults(slack), registry=registry))
    runner = web.AppRunner(site, access_log=None, handle_signals=False)
    return Application(db, slack, slack_port, connectors, worker, jobs, runner, bolt, settings)


def _open(secrets: Sequence[SecretStr]) -> list[str]:
    return [secret.get_secret_value() for secret in secrets]


def _faults(slack: Slack) -> Mapping[str, str]:
    return {"slack": slack.locked} if slack.locked else {}


async def serve(settings: Settings, policy: Policy, *, started: Callable[[Application], None] | None = None) -> None:
    """Runs until SIGTERM or SIGINT."""
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
