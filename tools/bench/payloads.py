"""Build what outsiders send to the bot, signed as they sign it: calls by DialNexa, clicks and forms by Slack."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from sandbox.caller import load_calls
from tests.support.world import SECRETS, sign
from tools.bench.http import request

TEAM = {"id": "T0ACME0001", "domain": "acme"}
FORM = "application/x-www-form-urlencoded"
SLACK = SignatureVerifier(SECRETS["slack_signing_secret"])

EXAMPLES = {name: load_calls()[name]["body"]["payload"]["call"] for name in ("brand-create", "refund-small")}
TURNS = json.loads(EXAMPLES["brand-create"]["transcript"])


def brand_call(call_id: str, brand: str) -> dict[str, Any]:
    """Return a finished call of system A that asks for a brand."""
    page = f"https://{brand.lower().replace(' ', '-')}.example.com/"
    summary = f"Imogen Hart asks to set up {brand} as a brand. Website and logo were given."
    stated = {"brand_name": brand, "website": page, "logo_url": f"{page}logo.png"}
    return _call_ended("brand-create", call_id, summary, stated)


def refund_call(call_id: str, payment: str, amount: str) -> dict[str, Any]:
    summary = f"Dana Ortiz asks for USD {amount} back: a seat was cancelled."
    stated = {"customer_email": "ap@example.com", "refund_amount": amount, "payment_id": payment}
    return _call_ended("refund-small", call_id, summary, stated)


def _call_ended(example: str, call_id: str, summary: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sandbox's example with an id and a subject of its own; its transcript names no amount."""
    call = EXAMPLES[example]
    own = {"id": call_id, "summary": summary, "transcript": json.dumps(TURNS)}
    analysis = {**call["post_call_analysis"], **stated}
    return {"event_type": "call_ended", "payload": {"call": {**call, **own, "post_call_analysis": analysis}}}


def transcript_ready(call_id: str) -> dict[str, Any]:
    """Return a call of system C without its analysis: it is stored, and nothing follows for two minutes."""
    return {"event": "call.transcript_ready", "session_id": call_id, "transcript": TURNS}


def webhook(content: Mapping[str, Any]) -> bytes:
    body = json.dumps(content).encode()
    headers = {"Content-Type": "application/json", "x-dialnexa-signature": sign(body)}
    return request("POST", "/webhooks/dialnexa", body, headers)


def click(user: str, card: Mapping[str, Any], action_id: str, trigger: str, hooks: str) -> bytes:
    """Return block_actions of the button as it hangs in Slack; `hooks` is where answers to the person go."""
    button = next(one for one in card["buttons"] if one["action_id"] == action_id)
    payload = {
        **_common("block_actions", user, trigger),
        "container": {
            "type": "message",
            "message_ts": card["ts"],
            "channel_id": card["channel"],
            "is_ephemeral": False,
        },
        "channel": {"id": card["channel"], "name": "finance"},
        "message": {"type": "message", "ts": card["ts"], "text": card["text"]},
        "state": {"values": {}},
        "response_url": hooks,
        "actions": [{"type": "button", **button, "action_ts": "1.000000"}],
    }
    return _from_slack(payload)


def rejection(user: str, ref: str, reason: str, trigger: str) -> bytes:
    """Return the view_submission of the form that asks why."""
    view = {
        "id": f"V{trigger}",
        "hash": trigger,
        "type": "modal",
        "callback_id": "case.reject.form",
        "private_metadata": ref,
        "state": {"values": {"reason": {"value": {"type": "plain_text_input", "value": reason}}}},
    }
    return _from_slack({**_common("view_submission", user, trigger), "view": view, "response_urls": []})


def _common(kind: str, user: str, trigger: str) -> dict[str, Any]:
    return {
        "type": kind,
        "team": TEAM,
        "user": {"id": user, "username": "ana", "name": "ana", "team_id": TEAM["id"]},
        "api_app_id": "A0COUNTER1",
        "token": "deprecated",
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger,
    }


def _from_slack(payload: Mapping[str, Any]) -> bytes:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    timestamp = str(int(time.time()))
    signature = SLACK.generate_signature(timestamp=timestamp, body=body) or ""
    headers = {"Content-Type": FORM, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
    return request("POST", "/slack/events", body, headers)
