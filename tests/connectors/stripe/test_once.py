"""Check that each of Stripe's operations happens once: what breaks after sending is found again, never repeated."""

from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import pytest

from bot.connectors.stripe import StripeConnector
from bot.connectors.stripe.operations import OPERATIONS
from bot.core.model import Action
from bot.http.errors import CredentialsRefused, Refused, Unavailable, Unsure
from tests.connectors.support import KEY, REFERENCE, World, action, vendors

OURS = dict(REFERENCE)
Store = dict[str, Any]


class Once(NamedTuple):
    """Hold an operation, and how often its effect is seen in Stripe's state."""

    todo: Action
    effects: Callable[[Store], int]

    def __str__(self) -> str:
        return self.todo.operation


def _staged(store: Store) -> int:
    return str(store["disputes"]["dp_DISPUTED"]["evidence"].get("uncategorized_text", "")).count("Signed for")


KEYED = (
    Once(
        action("stripe", "refund", payment_id="pi_SMALL", amount_minor=1200, currency="USD", reference=OURS),
        lambda store: sum(one["payment_intent"] == "pi_SMALL" for one in store["refunds"].values()),
    ),
    Once(
        action("stripe", "credit_note", invoice_number="INV-20418", amount_minor=5000, currency="USD", reference=OURS),
        lambda store: len(store["credit_notes"]) + len(store["refunds"]) - 1 >> 1,  # the note and its refund
    ),
    Once(
        action("stripe", "pay_invoice", invoice_number="INV-20431"),
        lambda store: sum(one["payment_intent"] == "pi_INV20431" for one in store["charges"].values()),
    ),
    Once(
        action("stripe", "pay_invoice", subscription_id="sub_LARKSPUR"),
        lambda store: sum(one["payment_intent"] == "pi_INV20462" for one in store["charges"].values()),
    ),
    Once(
        action("stripe", "send_invoice", invoice_number="INV-20431", email="ap@northwind.example"),
        lambda store: int(store["times_sent"].get("in_20431", 0)),
    ),
    Once(
        action("stripe", "send_receipt", payment_id="pi_SMALL", email="ap@northwind.example"),
        lambda store: int(store["receipts_sent"].get("ch_SMALL", 0)),
    ),
    Once(
        action("stripe", "submit_evidence", payment_id="pi_DISPUTED", reference=OURS),
        lambda store: int(store["disputes"]["dp_DISPUTED"]["evidence_details"]["submission_count"]),
    ),
)
SAME_END = (
    Once(
        action("stripe", "stage_evidence", payment_id="pi_DISPUTED", text="Signed for by Dana.", reference=OURS),
        _staged,
    ),
    Once(
        action("stripe", "update_address", account_id="cus_KESTREL", address={"city": "Bath"}),
        lambda store: int((store["customers"]["cus_KESTREL"]["address"] or {}).get("city") == "Bath"),
    ),
)
EVERY = (*KEYED, *SAME_END)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with vendors() as running:
        evidence = running.state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]
        evidence["has_evidence"] = True
        yield running


def test_every_operation_but_the_link_is_tried_here() -> None:
    assert {one.todo.operation for one in EVERY} == OPERATIONS.keys() - {"portal_link"}


@pytest.mark.parametrize("once", EVERY, ids=str)
async def test_the_same_key_has_one_effect_however_often_it_is_sent(
    stripe: StripeConnector, world: World, once: Once
) -> None:
    assert await stripe.find(once.todo, KEY) is None
    first = await stripe.perform(once.todo, KEY)
    again = await stripe.perform(once.todo, KEY)
    found = await stripe.find(once.todo, KEY)
    assert found is not None
    assert {first.vendor_id, again.vendor_id, found.vendor_id} == {first.vendor_id}
    assert first.request_id is not None
    assert first.url is not None
    assert first.url.startswith("https://dashboard.stripe.com/test/")
    assert once.effects(world.state.stripe) == 1


@pytest.mark.parametrize("once", EVERY, ids=str)
@pytest.mark.parametrize("fault", ["lost_reply", "garbage", "drop", "500"])
async def test_an_answer_that_is_lost_is_unsure_and_then_found_or_sent_once(
    stripe: StripeConnector, world: World, once: Once, fault: str
) -> None:
    world.fail("POST", fault)
    with pytest.raises(Unsure):
        await stripe.perform(once.todo, KEY)
    happened = fault in {"lost_reply", "garbage"}
    assert once.effects(world.state.stripe) == happened
    assert (await stripe.find(once.todo, KEY) is not None) == happened
    await stripe.perform(once.todo, KEY)
    assert await stripe.find(once.todo, KEY) is not None
    assert once.effects(world.state.stripe) == 1


@pytest.mark.parametrize("once", EVERY, ids=str)
async def test_an_effect_is_seen_when_stripe_has_forgotten_the_key(
    stripe: StripeConnector, world: World, once: Once
) -> None:
    world.fail("POST", "lost_reply")
    with pytest.raises(Unsure):
        await stripe.perform(once.todo, KEY)
    world.state.stripe["idempotency"].clear()  # as after 24 hours
    await stripe.perform(once.todo, KEY)
    assert once.effects(world.state.stripe) == 1


@pytest.mark.parametrize("once", KEYED, ids=str)
async def test_a_crash_that_stripe_keeps_under_the_key_is_looked_up(
    stripe: StripeConnector, world: World, once: Once
) -> None:
    world.state.stripe["break_next"] = "after_effect"
    with pytest.raises(Unsure):
        await stripe.perform(once.todo, KEY)
    assert await stripe.find(once.todo, KEY) is not None
    assert once.effects(world.state.stripe) == 1


@pytest.mark.parametrize("once", KEYED, ids=str)
async def test_what_moves_money_mails_or_is_final_carries_our_key(
    stripe: StripeConnector, world: World, once: Once
) -> None:
    await stripe.perform(once.todo, KEY)
    assert [one.headers["Idempotency-Key"] for one in world.writes] == [KEY]


@pytest.mark.parametrize("once", EVERY, ids=str)
async def test_a_wrong_key_locks_out_and_changes_nothing(world: World, once: Once) -> None:
    stranger = world.stripe("rk_test_wrong")
    for ask in (stranger.perform, stranger.find):
        with pytest.raises(CredentialsRefused, match="STRIPE_API_KEY"):
            await ask(once.todo, KEY)
    await stranger.close()
    assert once.effects(world.state.stripe) == 0


@pytest.mark.parametrize("once", EVERY, ids=str)
async def test_a_busy_stripe_has_surely_done_nothing(stripe: StripeConnector, world: World, once: Once) -> None:
    world.fail("POST", "429")
    with pytest.raises(Unavailable):
        await stripe.perform(once.todo, KEY)
    assert once.effects(world.state.stripe) == 0


async def test_every_link_to_the_portal_is_a_new_one(stripe: StripeConnector) -> None:
    todo = action("stripe", "portal_link", account_id="cus_KESTREL")
    first, second = await stripe.perform(todo, KEY), await stripe.perform(todo, KEY)
    assert first.url != second.url
    assert await stripe.find(todo, KEY) is None


async def test_a_step_goes_on_after_its_cause_is_mended_although_stripe_repeats_the_refusal(
    stripe: StripeConnector, world: World
) -> None:
    todo = action("stripe", "pay_invoice", invoice_number="INV-20455")
    for _ in range(2):
        with pytest.raises(Refused, match="declined"):
            await stripe.perform(todo, KEY)
    world.state.stripe["cards"]["cus_KESTREL"] = ""
    receipt = await stripe.perform(todo, KEY)
    assert receipt.note == "Invoice INV-20455 is paid."
    used = [one.headers["Idempotency-Key"] for one in world.writes if one.status == 200]
    assert used == [f"{KEY}:3"]


async def test_a_lost_answer_under_a_later_key_is_not_paid_again(stripe: StripeConnector, world: World) -> None:
    todo = action("stripe", "send_invoice", invoice_number="INV-20431")
    world.state.stripe["idempotency"][KEY] = {
        "endpoint": "POST /stripe/v1/invoices/in_20431/send",
        "fingerprint": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",  # of no parameters
        "status": 400,
        "text": '{"error": {"type": "invalid_request_error", "message": "Not yet"}}',
        "request_id": "req_1",
        "at": 4_000_000_000,
    }
    await stripe.perform(todo, KEY)
    world.state.stripe["idempotency"].clear()
    await stripe.perform(todo, KEY)
    assert world.state.stripe["times_sent"] == {"in_20431": 1}
