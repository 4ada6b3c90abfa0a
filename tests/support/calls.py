"""Make calls as DialNexa would send them."""

import json
from typing import Any

from pydantic import JsonValue

from bot.core.intake import read_call
from bot.core.model import Call, Details
from tests.support.places import DIALNEXA_SAMPLES

SAMPLES = DIALNEXA_SAMPLES
MAPPING = {"refund_amount": "amount", "refund_currency": "currency", "customer_email": "email", "intent": "call_intent"}


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return body


def received(body: JsonValue, route_event: str | None = None) -> Call:
    call = read_call(body, route_event, MAPPING)
    assert isinstance(call, Call), call
    return call


def details_of(summary: str = "", /, **analysis: JsonValue) -> Details:
    return received(
        {"call_id": "call_1", "status": "completed", "summary": summary, "extracted_data": analysis}
    ).details
