"""Receive what Slack sends: Bolt verifies and routes, and each surface has its own module."""

import logging
import re
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from handlers.context import Context
from handlers.slack import clicks, commands, completing, forms, home, shortcuts, threads, workflows

log = logging.getLogger("countersign.handlers")

TIMESTAMP = re.compile(r"[0-9]{1,16}")  # seconds since 1970


def make_bolt(ctx: Context, *, signing_secret: str, token: str) -> AsyncApp:
    """Make the Bolt app of one workspace: `authorize` needs no network, so a click never waits for `auth.test`.

    Bolt's own client is never used: whatever goes to Slack goes through SlackPort.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None, **_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    bolt_log = logging.getLogger("countersign.bolt")
    bolt_log.setLevel(logging.ERROR)  # it warns at every start that it does not use the token of the environment
    bolt = AsyncApp(
        signing_secret=signing_secret,
        authorize=authorize,
        logger=bolt_log,
        ignoring_self_events_enabled=False,  # it would ask who we are; our own messages are told by their bot id
    )
    # the first listener that fits is taken, and what no other took is answered by clicks and forms
    for module in (home, shortcuts, workflows, threads, commands, completing, clicks, forms):
        module.register(bolt, ctx)
    return bolt


async def _asked(request: web.Request) -> AsyncBoltRequest | None:
    """Return the request, or None for what Slack cannot have sent: Bolt fails on it before it checks the signature."""
    sent_at = request.headers.get("X-Slack-Request-Timestamp")
    if sent_at is not None and not TIMESTAMP.fullmatch(sent_at):
        return None
    if not request.headers.get("X-Slack-Signature", "").isascii():
        return None
    await request.read()  # too large is another answer
    try:
        return await to_bolt_request(request)
    except Exception:  # bytes that are no text, text that is no form or JSON, JSON that is no object
        return None


def routes(bolt: AsyncApp, ctx: Context) -> list[web.RouteDef]:
    async def events(request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        if asked is None:
            ctx.count("slack", "not_from_slack")
            return web.json_response({"error": "invalid request"}, status=401)
        answer = await bolt.async_dispatch(asked)
        ctx.count("slack", str(answer.status))
        response: web.StreamResponse = await to_aiohttp_response(answer)
        return response

    return [web.post("/slack/events", events)]
