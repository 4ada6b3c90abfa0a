"""Send signed requests as Slack would, for what the sandbox's people never do."""

import json
import time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from slack_sdk.signature import SignatureVerifier

from tests.support.outside import button
from tests.support.world import ANA, SECRETS, World

TEAM = "T0ACME0001"
FORM = "application/x-www-form-urlencoded"


def signed(body: bytes, *, at: float | None = None, secret: str = SECRETS["slack_signing_secret"]) -> dict[str, str]:
    """Return the headers of a request that Slack sent `at` epoch seconds, by default now."""
    timestamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    return {"Content-Type": FORM, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature or ""}


def interaction(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


async def knock(world: World, body: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Return status and body of the answer; the request is signed as Slack does unless `headers` are given."""
    url = world.bot + "/slack/events"
    async with world.http.post(url, data=body, headers=signed(body) if headers is None else headers) as answer:
        return answer.status, await answer.text()


def a_click(world: World, card: dict[str, Any], action_id: str, *, by: str = ANA, **more: Any) -> dict[str, Any]:
    """Return block_actions of a button of this card in #finance-refunds; `more` replaces parts of it."""
    block_id, element = button(card, action_id)
    action = {"type": "button", "action_id": action_id, "block_id": block_id, "value": element["value"]}
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": by, "team_id": TEAM},
        "api_app_id": "A0COUNTER1",
        "container": {"type": "message", "message_ts": card["ts"], "channel_id": "C0REFUNDS1"},
        "channel": {"id": "C0REFUNDS1", "name": "finance-refunds"},
        "trigger_id": uuid4().hex,
        "response_url": a_hook(world, by, card["ts"]),
        "actions": [action],
        **more,
    }


def a_hook(world: World, user: str, ts: str) -> str:
    """Return a new response URL of the sandbox."""
    token = uuid4().hex
    hook = {"user": user, "channel": "C0REFUNDS1", "ts": ts, "at": time.time(), "uses": 0}
    world.sandbox_slack["hooks"][token] = hook
    return f"{world.page}/hooks/actions/{TEAM}/1/{token}"
