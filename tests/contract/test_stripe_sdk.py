"""Stripe's own Python package against the same sandbox: it sends what we send, and reads what we wrote."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
import stripe
from stripe import StripeClient

from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.client import VERSION
from bot.connectors.stripe.operations import OPERATIONS
from bot.core.model import Action
from bot.core.signature import stripe_signed
from tests.connectors.support import KEY, REFERENCE, STRIPE_KEY, World, action, vendors

# the package hands its forms to httpx in a way that httpx deprecates
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

OURS = dict(REFERENCE)
NOTED: Any = {"countersign": KEY, "call": "call-7f3a", "case": "case-12"}
ONCE: Any = {"idempotency_key": KEY}
MARK = f"countersign_receipt_{hashlib.sha256(KEY.encode()).hexdigest()[:12]}"
STREET: dict[str, Any] = {"line1": "9 High St", "city": "Bath", "postcode": "BA1 1AA", "country": "GB"}


class Twice(NamedTuple):
    """Hold one step of ours, and the same asked for by Stripe's own package."""

    ours: Action
    theirs: Callable[[StripeClient], Awaitable[Any]]

    def __str__(self) -> str:
        return self.ours.operation


TWICE = (
    Twice(
        action(
            "stripe",
            "refund",
            payment_id="pi_SMALL",
            amount_minor=2400,
            currency="USD",
            reason="duplicate",
            reference=OURS,
        ),
        lambda client: client.v1.refunds.create_async(
            {"payment_intent": "pi_SMALL", "amount": 2400, "reason": "duplicate", "metadata": NOTED}, ONCE
        ),
    ),
    Twice(
        action("stripe", "credit_note", invoice_number="INV-20418", amount_minor=5000, currency="USD", reference=OURS),
        lambda client: client.v1.credit_notes.create_async(
            {"invoice": "in_20418", "amount": 5000, "refund_amount": 5000, "metadata": NOTED}, ONCE
        ),
    ),
    Twice(
        action("stripe", "send_invoice", invoice_number="INV-20431"),
        lambda client: client.v1.invoices.send_invoice_async("in_20431", None, ONCE),
    ),
    Twice(
        action("stripe", "pay_invoice", subscription_id="sub_LARKSPUR"),
        lambda client: client.v1.invoices.pay_async("in_20462", None, ONCE),
    ),
    Twice(
        action("stripe", "send_receipt", payment_id="ch_SMALL", email="ap@northwind.example"),
        lambda client: client.v1.charges.update_async(
            "ch_SMALL", {"receipt_email": "ap@northwind.example", "metadata": {MARK: KEY}}, ONCE
        ),
    ),
    Twice(
        action("stripe", "stage_evidence", payment_id="pi_DISPUTED", text="Signed for.", reference=OURS),
        lambda client: client.v1.disputes.update_async(
            "dp_DISPUTED",
            {
                "evidence": {"uncategorized_text": "Signed for."},
                "submit": False,
                "metadata": {"call": "call-7f3a", "case": "case-12"},
            },
        ),
    ),
    Twice(
        action("stripe", "submit_evidence", payment_id="pi_DISPUTED", reference=OURS),
        lambda client: client.v1.disputes.update_async(
            "dp_DISPUTED",
            {"submit": True, "metadata": {"countersign_submitted": KEY, "call": "call-7f3a", "case": "case-12"}},
            ONCE,
        ),
    ),
    Twice(
        action("stripe", "update_address", account_id="cus_KESTREL", address=STREET),
        lambda client: client.v1.customers.update_async(
            "cus_KESTREL",
            {
                "address": {
                    "line1": "9 High St",
                    "line2": "",
                    "city": "Bath",
                    "state": "",
                    "postal_code": "BA1 1AA",
                    "country": "GB",
                }
            },
        ),
    ),
    Twice(
        action("stripe", "portal_link", account_id="cus_KESTREL"),
        lambda client: client.v1.billing_portal.sessions.create_async({"customer": "cus_KESTREL"}),
    ),
)


@asynccontextmanager
async def another_world() -> AsyncIterator[World]:
    async with vendors() as running:
        running.state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]["has_evidence"] = True
        yield running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with another_world() as running:
        yield running


@asynccontextmanager
async def package(world: World, key: str = STRIPE_KEY) -> AsyncIterator[StripeClient]:
    http = stripe.HTTPXClient()
    addresses: Any = {"api": f"{world.url}/stripe"}
    yield StripeClient(key, base_addresses=addresses, http_client=http, max_network_retries=0)
    await http.close_async()  # type: ignore[no-untyped-call]  # the package leaves it so


@pytest.fixture
async def client(world: World) -> AsyncIterator[StripeClient]:
    async with package(world) as made:
        yield made


@pytest.fixture
async def connector(world: World) -> AsyncIterator[StripeConnector]:
    made = world.stripe()
    yield made
    await made.close()


def sent(world: World) -> tuple[str, str, list[tuple[str, str]], str, str]:
    (write,) = world.writes
    form = sorted(parse_qsl(write.body.decode(), keep_blank_values=True))
    return write.method, write.path, form, write.headers["Stripe-Version"], write.content_type


def settled(world: World) -> Any:
    """Stripe's state as plain values, without what is new with every request."""
    store = {name: part for name, part in world.state.stripe.items() if name not in {"idempotency", "refunds_of"}}
    text = json.dumps(store, sort_keys=True)
    made = {one["id"] for part in store.values() for one in part.values() if isinstance(one, dict)}
    for one in sorted(made, key=len, reverse=True):
        if one.partition("_")[0] in {"re", "ch", "cn", "evt", "bps"} and len(one) > 20:
            text = text.replace(one.partition("_")[2], "NEW")
    return {name: sorted(map(str, part.values())) for name, part in json.loads(text).items() if name != "events"}


def test_the_version_we_pin_is_the_packages_own() -> None:
    assert stripe.api_version == VERSION


def test_every_operation_is_compared() -> None:
    assert {one.ours.operation for one in TWICE} == set(OPERATIONS)


@pytest.mark.parametrize("twice", TWICE, ids=str)
async def test_the_package_sends_what_we_send_and_it_has_the_same_effect(
    world: World, connector: StripeConnector, twice: Twice
) -> None:
    await connector.perform(twice.ours, KEY)
    async with another_world() as theirs:
        async with package(theirs) as client:
            await twice.theirs(client)
        assert sent(world) == sent(theirs)
        assert settled(world) == settled(theirs)
        if "Idempotency-Key" in world.writes[0].headers:  # the package makes a random one where none is given
            assert theirs.writes[0].headers["Idempotency-Key"] == KEY


async def test_the_package_reads_what_we_wrote(connector: StripeConnector, client: StripeClient) -> None:
    made = {one.ours.operation: await connector.perform(one.ours, f"{KEY}/{one}") for one in TWICE}
    refund = (await client.v1.refunds.list_async({"payment_intent": "pi_SMALL"})).data[0]
    assert (refund.id, refund.metadata and refund.metadata["case"]) == (made["refund"].vendor_id, "case-12")
    note = await client.v1.credit_notes.retrieve_async(made["credit_note"].vendor_id)
    assert (note.amount, note.metadata and note.metadata["countersign"]) == (5000, f"{KEY}/credit_note")
    (event,) = (await client.v1.events.list_async({"type": "invoice.sent"})).data
    assert event.request
    assert event.request.idempotency_key == f"{KEY}/send_invoice"
    renewed = await client.v1.subscriptions.retrieve_async("sub_LARKSPUR", {"expand": ["latest_invoice"]})
    assert (renewed.status, getattr(renewed.latest_invoice, "status", None)) == ("active", "paid")
    charge = await client.v1.charges.retrieve_async("ch_SMALL")
    assert charge.receipt_email == "ap@northwind.example"
    dispute = await client.v1.disputes.retrieve_async("dp_DISPUTED")
    assert (dispute.status, dispute.evidence.uncategorized_text) == ("under_review", "Signed for.")
    customer = await client.v1.customers.retrieve_async("cus_KESTREL")
    assert customer.address
    assert (customer.address.line1, customer.address.line2, customer.address.city) == ("9 High St", None, "Bath")


async def test_the_package_and_we_share_one_key_memory(connector: StripeConnector, client: StripeClient) -> None:
    refund = TWICE[0]
    receipt = await connector.perform(refund.ours, KEY)
    assert (await refund.theirs(client)).id == receipt.vendor_id


async def test_the_package_reads_refusals_as_we_do(world: World, client: StripeClient) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await client.v1.invoices.pay_async("in_20455")
    assert declined.value.code == "card_declined"
    with pytest.raises(stripe.InvalidRequestError) as disputed:
        await client.v1.refunds.create_async({"payment_intent": "pi_DISPUTED"})
    assert disputed.value.code == "charge_disputed"
    async with package(world, "rk_test_wrong") as stranger:
        with pytest.raises(stripe.AuthenticationError):
            await stranger.v1.refunds.list_async()


SECRET = "whsec_test"
SIGNED_AT = 1795170000
BODY = b'{"id":"evt_1","object":"event","type":"invoice.payment_failed"}'
V1 = "4ef7d8c2871fef608815dc2951a8d1da2ff77bce3585ca007ce190c1a9f168ed"


def signed(at: int, secret: str = SECRET, body: bytes = BODY) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def packages_verdict(header: str, body: bytes, secret: str = SECRET, tolerance: int | None = None) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance))
    except stripe.SignatureVerificationError:
        return False


@pytest.mark.parametrize(
    ("header", "body", "accepted"),
    [
        (f"t={SIGNED_AT},v1={V1}", BODY, True),
        (f"t={SIGNED_AT},v1={'0' * 64},v1={V1}", BODY, True),
        (f"t={SIGNED_AT},v1={V1},v0={'0' * 64}", BODY, True),
        (f"t={SIGNED_AT},v1={signed(SIGNED_AT, 'whsec_old')}", BODY, False),
        (f"t={SIGNED_AT + 1},v1={V1}", BODY, False),
        (f"t={SIGNED_AT},v0={V1}", BODY, False),
        (f"t={SIGNED_AT},v1={V1}", BODY + b" ", False),
        (f"v1={V1}", BODY, False),
        ("", BODY, False),
    ],
)
def test_our_door_and_the_package_agree_on_a_signature(header: str, body: bytes, accepted: bool) -> None:
    now = datetime.fromtimestamp(SIGNED_AT, UTC)
    assert stripe_signed({"Stripe-Signature": header}, body, [SECRET], now) is accepted
    assert packages_verdict(header, body) is accepted


@pytest.mark.parametrize(("age_s", "accepted"), [(0, True), (290, True), (310, False)])
def test_our_door_and_the_package_agree_on_how_old_a_signature_may_be(age_s: int, accepted: bool) -> None:
    at = int(time.time()) - age_s
    header = f"t={at},v1={signed(at)}"
    assert stripe_signed({"Stripe-Signature": header}, BODY, [SECRET], datetime.now(UTC)) is accepted
    assert packages_verdict(header, BODY, tolerance=300) is accepted
