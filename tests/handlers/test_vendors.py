"""Stripe and Fidel API report what happened; the case they concern says so, once."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio

from tests.support.world import OpenWorld, World

STRIPE_SECRET, FIDEL_SECRET, PUBLIC = "whsec_made_up", "whsk_made_up", "https://bot.example.com"


@pytest_asyncio.fixture
async def told(open_world: OpenWorld) -> AsyncIterator[World]:
    secrets: dict[str, Any] = {
        "stripe_webhook_secret": STRIPE_SECRET,
        "fidel_webhook_secrets": FIDEL_SECRET,
        "public_url": PUBLIC,
    }
    async with open_world(**secrets) as world:
        yield world


def from_stripe(event: dict[str, Any] | bytes, secret: str = STRIPE_SECRET) -> tuple[bytes, dict[str, str]]:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    at = int(datetime.now(UTC).timestamp())
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={at},v1={signature}"}


def from_fidel(path: str, content: dict[str, Any], message: str) -> tuple[bytes, dict[str, str]]:
    body, at = json.dumps(content).encode(), str(int(datetime.now(UTC).timestamp() * 1000))
    signed = body + f"{PUBLIC}{path}{at}".encode()
    for _ in range(2):
        signed = base64.b64encode(hmac.new(FIDEL_SECRET.encode(), signed, hashlib.sha256).digest())
    return body, {"x-fidel-signature": signed.decode(), "x-fidel-timestamp": at, "fidel-message-id": message}


async def post(world: World, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    async with world.http.post(world.bot + path, data=body, headers=headers) as answer:
        return answer.status, await answer.json()


def refund(call_id: str, status: str) -> dict[str, Any]:
    thing = {"id": "re_1", "object": "refund", "amount": 2400, "currency": "usd", "status": status}
    thing["metadata"] = {"countersign": f"{call_id}/refund/1"}
    return {"id": f"evt_{status}", "type": "refund.updated", "data": {"object": thing}}


async def test_a_refund_that_fails_later_is_told_to_its_case_once(told: World) -> None:
    case = await told.case_of(await told.call("refund-small"))
    event = from_stripe(refund(case.root, "failed"))
    first = await post(told, "/webhooks/stripe", *event)
    again = await post(told, "/webhooks/stripe", *event)
    assert (first, again[0]) == ((200, {"status": "received", "cases": [case.case_id]}), 200)
    said = [entry.entry.sentence for entry in await told.history(case.case_id)]
    assert said.count("Stripe reports refund re_1 of 24.00 USD: failed.") == 1


async def test_a_refund_that_fidel_saw_is_told_to_the_case_that_names_the_purchase(told: World) -> None:
    case = await told.case_of(await told.call("dispute"))
    assert case.details.fields.transaction_id is not None
    path = "/webhooks/fidel/transaction.refund"
    seen = {"id": "t-2", "amount": -129.5, "currency": "USD"}
    seen["originalTransactionId"] = case.details.fields.transaction_id
    status, answer = await post(told, path, *from_fidel(path, seen, "m-1"))
    assert (status, answer["cases"]) == (200, [case.case_id])
    assert any("refund 129.50 USD" in (entry.entry.sentence or "") for entry in await told.history(case.case_id))


async def test_a_wrong_signature_is_refused_and_tells_nobody(told: World) -> None:
    case = await told.case_of(await told.call("refund-small"))
    before = await told.history(case.case_id)
    body, headers = from_stripe(refund(case.root, "failed"), secret="another")
    assert (await post(told, "/webhooks/stripe", body, headers))[0] == 401
    path = "/webhooks/fidel/transaction.refund"
    body, headers = from_fidel("/another/path", {"id": "t-2"}, "m-2")
    assert (await post(told, path, body, headers))[0] == 401
    assert await told.history(case.case_id) == before


async def test_events_that_concern_nobody_are_acknowledged(told: World) -> None:
    for event in (refund("call_of_nobody", "failed"), {"id": "evt_2", "type": "payout.paid", "data": {"object": {}}}):
        assert (await post(told, "/webhooks/stripe", *from_stripe(event)))[0] == 200


async def test_a_signed_body_that_is_no_json_object_is_answered_400(told: World) -> None:
    for body in (b"[1]", b"not json"):
        assert (await post(told, "/webhooks/stripe", *from_stripe(body)))[0] == 400
