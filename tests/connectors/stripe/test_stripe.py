"""Promises of the Stripe connector: what is sent, what is refused before and by Stripe, and what is found again."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import JsonValue

from bot.connectors.stripe import StripeConnector
from bot.core.model import Action
from bot.http.errors import Unavailable, Unsure
from tests.connectors.support import KEY, REFERENCE, World, action, refusal


def refund(payment_id: str = "pi_SMALL", amount_minor: int = 2400, currency: str = "USD", **more: JsonValue) -> Action:
    params: dict[str, JsonValue] = {"payment_id": payment_id, "amount_minor": amount_minor, "currency": currency}
    return action("stripe", "refund", **{**params, **more})


def refunds(world: World, payment_id: str = "pi_SMALL") -> list[Any]:
    return [one for one in world.state.stripe["refunds"].values() if one["payment_intent"] == payment_id]


async def test_a_refund_is_sent_with_our_key_the_version_and_the_reference(
    stripe: StripeConnector, world: World
) -> None:
    receipt = await stripe.perform(refund(reason="duplicate", reference=dict(REFERENCE)), KEY)
    (sent,) = world.writes
    assert sent.headers["Idempotency-Key"] == KEY
    assert {one.headers["Stripe-Version"] for one in world.exchanges} == {"2026-10-28.endive"}
    assert parse_qs(sent.body.decode()) == {
        "payment_intent": ["pi_SMALL"],
        "amount": ["2400"],
        "reason": ["duplicate"],
        "metadata[countersign]": [KEY],
        "metadata[call]": ["call-7f3a"],
        "metadata[case]": ["case-12"],
    }
    (made,) = refunds(world)
    assert receipt.vendor_id == made["id"]
    assert receipt.request_id is not None
    assert receipt.request_id.startswith("req_")
    assert receipt.url == "https://dashboard.stripe.com/test/payments/pi_SMALL"


async def test_a_payment_may_be_named_by_its_charge(stripe: StripeConnector, world: World) -> None:
    receipt = await stripe.perform(refund("ch_SMALL", 100), KEY)
    assert parse_qs(world.writes[0].body.decode())["charge"] == ["ch_SMALL"]
    assert await stripe.find(refund("ch_SMALL", 100), KEY) == receipt.model_copy(update={"request_id": None})


async def test_the_same_key_refunds_once_however_often_it_is_sent(stripe: StripeConnector, world: World) -> None:
    part = refund(amount_minor=1000)
    assert await stripe.perform(part, KEY) is not None
    again = await stripe.perform(part, KEY)
    assert [one["id"] for one in refunds(world)] == [again.vendor_id]


async def test_a_refund_whose_answer_was_lost_is_found_and_not_made_again(
    stripe: StripeConnector, world: World
) -> None:
    world.fail("POST", "lost_reply")
    await refusal(stripe, refund(), Unsure)
    found = await stripe.find(refund(), KEY)
    assert found is not None
    # nothing is left now, and the reason is our own refund
    assert (await stripe.perform(refund(), KEY)).vendor_id == found.vendor_id
    assert len(refunds(world)) == 1


async def test_a_refund_that_never_arrived_is_not_found(stripe: StripeConnector, world: World) -> None:
    world.fail("POST", "500")
    await refusal(stripe, refund(), Unsure)
    assert await stripe.find(refund(), KEY) is None


async def test_a_refund_of_another_key_is_not_taken_for_ours(stripe: StripeConnector) -> None:
    await stripe.perform(refund(amount_minor=1000), "call-0000/step/1")
    assert await stripe.find(refund(amount_minor=1000), KEY) is None


async def test_our_refund_is_found_behind_a_page_of_others(stripe: StripeConnector, world: World) -> None:
    await stripe.perform(refund(amount_minor=1), KEY)
    for n in range(100):
        await stripe.perform(refund(amount_minor=1), f"call-{n}/step/1")
    world.exchanges.clear()
    assert await stripe.find(refund(amount_minor=1), KEY) is not None
    assert sum("starting_after" in one.query for one in world.exchanges) == 1


async def test_a_key_that_no_header_can_carry_is_sent_as_its_digest(stripe: StripeConnector, world: World) -> None:
    for key in ("call-é/step/1", "c" * 300):
        await stripe.perform(refund(amount_minor=100), key)
        assert await stripe.find(refund(amount_minor=100), key) is not None
    assert all(len(one.headers["Idempotency-Key"]) == 64 for one in world.writes)


def test_the_key_is_trusted_for_less_than_the_24_hours_that_stripe_keeps_it() -> None:
    assert StripeConnector.table["refund"].key_lasts == timedelta(hours=23)


@pytest.mark.parametrize(
    ("todo", "sentence"),
    [
        (refund("pi_DISPUTED", 31000), "The payment is disputed: a refund beside the dispute could pay twice."),
        (refund("pi_PARTLY", 8000), "80.00 USD is more than the 50.00 USD left of 200.00 USD."),
        (refund("pi_SMALL", 2400, "EUR"), "The payment is in USD, not in EUR."),
        (refund("pi_YEN", 12001, "JPY"), "12,001 JPY is more than the 12,000 JPY left of 12,000 JPY."),
        (refund("pi_NOBODY"), "Stripe has no payment pi_NOBODY."),
        (refund("ch_NOBODY"), "Stripe has no payment ch_NOBODY."),
    ],
)
async def test_what_cannot_be_refunded_is_refused_before_anything_is_sent(
    stripe: StripeConnector, world: World, todo: Action, sentence: str
) -> None:
    assert await refusal(stripe, todo) == sentence
    assert world.writes == []


async def test_a_payment_that_is_refunded_already_is_refused_with_its_amount(
    stripe: StripeConnector, world: World
) -> None:
    await stripe.perform(refund(), "call-0000/step/1")
    assert await refusal(stripe, refund(amount_minor=100)) == "The payment of 24.00 USD is refunded already."
    assert len(refunds(world)) == 1


async def test_a_payment_that_did_not_succeed_is_refused(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["status"] = "pending"
    assert "did not succeed (pending)" in await refusal(stripe, refund())
    world.state.stripe["payment_intents"]["pi_SMALL"] |= {"latest_charge": None, "status": "requires_action"}
    assert await refusal(stripe, refund()) == "Stripe payment pi_SMALL was not paid (requires_action)."


@pytest.mark.parametrize("currency", ["MGA", "ISK", "UGX"])
async def test_a_currency_that_stripe_counts_in_other_units_is_left_to_a_person(
    stripe: StripeConnector, world: World, currency: str
) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["currency"] = currency.lower()
    assert "other units" in await refusal(stripe, refund(currency=currency))
    assert world.writes == []


async def test_three_decimals_are_refunded_in_tens_only(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["currency"] = "kwd"
    assert "not 1.001 KWD" in await refusal(stripe, refund(amount_minor=1001, currency="KWD"))
    await stripe.perform(refund(amount_minor=1010, currency="KWD"), KEY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "fraudulent"},
        {"reason": "the caller is upset"},
        {"amount_minor": 0},
        {"amount_minor": -100},
        {"currency": "usd"},
        {"currency": "ZZZ"},
        {"currency": "XAU"},
        {"payment_id": "in_20418"},
        {"payment_id": "pi_1/../../refunds"},
    ],
)
async def test_parameters_that_stripe_should_never_see_are_refused(
    stripe: StripeConnector, world: World, wrong: dict[str, JsonValue]
) -> None:
    todo = refund()
    await refusal(stripe, todo.model_copy(update={"params": {**todo.params, **wrong}}))
    assert world.exchanges == []


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        ("400", "charge_already_refunded", "refunded already"),
        ("400", "charge_disputed", "disputed"),
        ("400", "balance_insufficient", "does not cover the refund"),
        ("403", "", "give it the right"),
        ("402", "something_new", "Stripe refused it: No way"),
    ],
)
async def test_a_refusal_of_stripes_is_a_sentence(
    stripe: StripeConnector, world: World, status: str, code: str, words: str
) -> None:
    world.error = {"type": "invalid_request_error", "code": code, "message": "No \n way"}
    world.fail("POST", status)
    assert words in await refusal(stripe, refund())


async def test_a_key_that_was_used_for_another_amount_is_refused(stripe: StripeConnector) -> None:
    await stripe.perform(refund(amount_minor=1000), KEY)
    assert "with another amount" in await refusal(stripe, refund(amount_minor=1001))


@pytest.mark.parametrize("status", ["409", "424"])
async def test_a_conflict_leaves_a_write_unsure_and_a_read_unavailable(
    stripe: StripeConnector, world: World, status: str
) -> None:
    world.error = {"type": "invalid_request_error", "code": "idempotency_key_in_use"}
    world.fail("POST", status)
    await refusal(stripe, refund(), Unsure)
    world.fail("GET", status)
    await refusal(stripe, refund(), Unavailable)


async def test_a_refund_that_failed_at_the_bank_is_not_found_as_done_and_its_replay_is_not_believed(
    stripe: StripeConnector, world: World
) -> None:
    await stripe.perform(refund(), KEY)
    (made,) = refunds(world)
    made |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    world.state.stripe["charges"]["ch_SMALL"] |= {"amount_refunded": 0, "refunded": False}
    assert await stripe.find(refund(), KEY) is None
    assert await refusal(stripe, refund()) == (
        f"Stripe made the refund {made['id']}, but it failed (expired_or_canceled_card)."
    )
    assert len(refunds(world)) == 1


async def test_a_replay_that_cannot_be_looked_at_is_unsure(world: World) -> None:
    answer = {"id": "re_1", "amount": 2400, "currency": "usd", "created": 1, "status": "succeeded"}
    charge = {"id": "ch_SMALL", "amount": 2400, "currency": "usd", "created": 1, "status": "succeeded"}

    def vendor(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json=answer, headers={"Idempotent-Replayed": "true"})
        return httpx.Response(200, json=charge) if "charges" in request.url.path else httpx.Response(503)

    connector = world.stripe(transport=httpx.MockTransport(vendor))
    assert "re_1 exists" in await refusal(connector, refund("ch_SMALL"), Unsure)
    await connector.close()


async def test_an_answer_about_another_amount_is_unsure(stripe: StripeConnector, world: World) -> None:
    world.body = {
        "id": "re_1",
        "object": "refund",
        "amount": 2300,
        "currency": "usd",
        "created": 1,
        "status": "succeeded",
    }
    world.fail("POST", "200")
    assert "could not be read" in await refusal(stripe, refund(), Unsure)


async def test_a_refund_that_is_pending_says_so(stripe: StripeConnector, world: World) -> None:
    await stripe.perform(refund(), KEY)
    refunds(world)[0]["status"] = "pending"
    found = await stripe.find(refund(), KEY)
    assert found is not None
    assert found.note == "The refund is pending at Stripe."
