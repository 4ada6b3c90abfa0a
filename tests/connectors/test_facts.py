"""Promises of the look-ups: what a card says of a record, and what is a doubt, a gap, or neither."""

from typing import Any

import pytest

from bot.connectors.fidel import FidelConnector
from bot.connectors.stripe import StripeConnector
from sandbox.fidel.seeds import BOSTON, BRAND, BREAKFAST, BRISTOL, REFUND, REFUNDED, VISA
from tests.connectors.support import KEY, NOW, World, action, details

NOBODY = "00000000-0000-4000-8000-000000000000"
TEA = "Juniper & Sage Tea House"
BAKERY = "Harbour Lane Bakery"
REFUND_ALL = action("stripe", "refund", payment_id="pi_SMALL", amount_minor=2400, currency="USD")


async def look(
    asked: FidelConnector | StripeConnector, *wanted: str, money: str | None = None, **fields: str
) -> list[Any]:
    return list(await asked.facts(details(money, **fields), frozenset(wanted), NOW))


async def test_a_transaction_is_described_in_one_sentence(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=BREAKFAST, money="2490 GBP")
    assert fact.sentence == "24.90 GBP at Harbour Lane Bakery on 15 Nov 2026, card ••4305, cleared"
    assert (fact.name, fact.source, fact.observed_at, fact.doubt) == ("transaction", "Fidel API", NOW, None)
    known = {name: fact.values[name] for name in ("amount_minor", "currency", "card_id", "location_id", "cleared")}
    assert known == {"amount_minor": 2490, "currency": "GBP", "card_id": VISA, "location_id": BRISTOL, "cleared": True}


async def test_a_transaction_is_found_by_card_amount_and_date(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-15T08:00:00", money="2490 GBP")
    assert fact.values["transaction_id"] == BREAKFAST


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ("2490 USD", "The call says 24.90 USD, but Fidel API's transaction is 24.90 GBP."),
        ("2491 GBP", "The call says 24.91 GBP, more than Fidel API's transaction of 24.90 GBP."),
    ],
)
async def test_money_that_does_not_fit_the_transaction_is_a_doubt(
    fidel: FidelConnector, money: str, words: str
) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=BREAKFAST, money=money)
    assert fact.doubt == words


async def test_a_transaction_that_is_not_found_is_one_doubt(fidel: FidelConnector) -> None:
    (by_id,) = await look(fidel, "transaction", "refund", transaction_id=NOBODY)
    assert by_id.doubt == by_id.missing == f"Fidel API has no transaction {NOBODY}."
    (by_card,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-16", money="2490 GBP")
    assert by_card.doubt == "Fidel API has no transaction of 24.90 GBP on 16 Nov 2026 with this card."


async def test_two_transactions_that_fit_are_a_doubt(fidel: FidelConnector, world: World) -> None:
    transactions = world.state.fidel["transactions"]
    transactions[REFUNDED]["datetime"] = transactions[BREAKFAST]["datetime"]
    (fact,) = await look(fidel, "transaction", card_id=VISA, transaction_date="2026-11-15", money="2490 GBP")
    assert fact.doubt == "Fidel API has 2 transactions of 24.90 GBP on 15 Nov 2026 with this card."


async def test_another_systems_transaction_id_is_missing_and_no_doubt(fidel: FidelConnector, world: World) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id="TX-2041")
    assert (fact.missing, fact.doubt) == ("TX-2041 is not a transaction id of Fidel API.", None)
    assert world.exchanges == []


async def test_a_matched_refund_is_a_doubt(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "refund", transaction_id=REFUNDED)
    assert fact.doubt == f"The shop refunded this purchase already: 24.90 GBP on 8 Nov 2026 ({REFUND})."
    assert fact.values["matched"] is True
    assert fact.values["amount_minor"] == 2490


async def test_an_unmatched_refund_at_the_same_shop_is_a_doubt(fidel: FidelConnector, world: World) -> None:
    transactions = world.state.fidel["transactions"]
    del transactions[REFUND]["originalTransactionId"]
    transactions[REFUND] |= {"amount": "-10.00", "datetime": "2026-11-17T10:00:00"}
    (fact,) = await look(fidel, "refund", transaction_id=BREAKFAST)
    assert "10.00 GBP on 17 Nov 2026" in fact.doubt
    assert "may be for this purchase" in fact.doubt
    assert fact.values["matched"] is False


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"originalTransactionId": REFUNDED},
        {"datetime": "2026-11-14T10:00:00"},
        {"location": {"id": BOSTON}},
        {"currency": "USD"},
        {"amount": "-24.91"},
        {"amount": "10.00"},
    ],
    ids=str,
)
async def test_what_cannot_be_this_purchases_refund_is_no_doubt(
    fidel: FidelConnector, world: World, elsewhere: dict[str, Any]
) -> None:
    refund = world.state.fidel["transactions"][REFUND]
    del refund["originalTransactionId"]
    refund |= {"amount": "-10.00", "datetime": "2026-11-17T10:00:00", **elsewhere}
    (fact,) = await look(fidel, "refund", transaction_id=BREAKFAST)
    assert (fact.sentence, fact.doubt) == ("No refund by the shop seen", None)


async def test_a_transaction_that_is_itself_a_refund_is_a_doubt(fidel: FidelConnector) -> None:
    (fact,) = await look(fidel, "transaction", transaction_id=REFUND)
    assert "itself a refund" in fact.doubt


async def test_a_brand_is_found_by_id_and_by_its_exact_name_only(fidel: FidelConnector) -> None:
    (by_id,) = await look(fidel, "brand", brand_id=BRAND)
    (by_name,) = await look(fidel, "brand", brand_name=f" {BAKERY} ")
    assert by_id == by_name
    assert by_id.values["brand_id"] == BRAND
    (prefix,) = await look(fidel, "brand", brand_name="Harbour Lane")
    assert prefix.doubt == "Fidel API has no brand named Harbour Lane."


async def test_a_name_for_a_new_brand_is_a_doubt_only_where_it_is_taken(fidel: FidelConnector) -> None:
    (free,) = await look(fidel, "brand_name", brand_name=TEA)
    assert (free.values, free.doubt) == ({"taken": False}, None)
    (taken,) = await look(fidel, "brand_name", brand_name=BAKERY)
    assert taken.doubt == f"A brand named {BAKERY} exists already on Fidel API ({BRAND})."


async def test_a_charge_is_described_with_what_is_left_to_refund(stripe: StripeConnector) -> None:
    (charge,) = await look(stripe, "charge", payment_id="pi_PARTLY", money="5000 USD")
    assert charge.sentence == "200.00 USD paid on 6 Nov 2026, 50.00 USD left to refund"
    assert (charge.source, charge.observed_at, charge.doubt) == ("Stripe", NOW, None)
    assert charge.values == {
        "payment_id": "pi_PARTLY",
        "charge_id": "ch_PARTLY",
        "status": "succeeded",
        "disputed": False,
        "amount_minor": 20000,
        "currency": "USD",
        "left_minor": 5000,
    }


async def test_a_disputed_charge_says_so_without_a_doubt(stripe: StripeConnector) -> None:
    (charge,) = await look(stripe, "charge", payment_id="ch_DISPUTED")
    assert charge.values["disputed"] is True
    assert (charge.sentence, charge.doubt) == (
        "310.00 USD paid on 11 Nov 2026, all of it left to refund, disputed",
        None,
    )


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ("2400 EUR", "The call says 24.00 EUR, but the Stripe payment is 24.00 USD."),
        ("2401 USD", "The call says 24.01 USD, more than the Stripe payment of 24.00 USD."),
    ],
)
async def test_money_that_does_not_fit_the_charge_is_a_doubt(stripe: StripeConnector, money: str, words: str) -> None:
    (charge,) = await look(stripe, "charge", payment_id="pi_SMALL", money=money)
    assert charge.doubt == words


async def test_refunds_so_far_are_a_doubt_where_too_little_is_left(stripe: StripeConnector, world: World) -> None:
    (enough,) = await look(stripe, "refunds", payment_id="pi_PARTLY", money="5000 USD")
    assert enough.sentence == "Already refunded 150.00 USD of 200.00 USD (last on 14 Nov 2026)"
    assert enough.doubt is None
    (much,) = await look(stripe, "refunds", payment_id="pi_PARTLY", money="8000 USD")
    assert much.doubt == f"The call asks for 80.00 USD, but only 50.00 USD is left. {enough.sentence}."
    await stripe.perform(REFUND_ALL, KEY)
    (gone,) = await look(stripe, "refunds", payment_id="pi_SMALL", money="2400 USD")
    assert gone.doubt == "Already refunded 24.00 USD of 24.00 USD (last on 20 Nov 2026): nothing is left."


async def test_a_payment_without_refunds_is_no_doubt(stripe: StripeConnector) -> None:
    charge, so_far = await look(stripe, "charge", "refunds", payment_id="pi_DUPLICATE", money="12950 USD")
    assert (charge.name, charge.doubt) == ("charge", None)
    assert (so_far.sentence, so_far.doubt, so_far.values["count"]) == ("Nothing refunded before", None, 0)


@pytest.mark.parametrize("payment_id", ["pi_NOBODY", "PAY-2041"])
async def test_a_payment_that_is_not_found_is_one_doubt(stripe: StripeConnector, payment_id: str) -> None:
    (charge,) = await look(stripe, "charge", "refunds", payment_id=payment_id)
    assert charge.name == "charge"
    assert payment_id in charge.doubt
    assert charge.missing == charge.doubt


async def test_a_payment_that_was_not_paid_is_missing_and_no_doubt(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["payment_intents"]["pi_SMALL"] |= {"latest_charge": None, "status": "requires_payment_method"}
    (charge,) = await look(stripe, "charge", payment_id="pi_SMALL")
    assert (charge.missing, charge.doubt) == ("Stripe payment pi_SMALL was not paid (requires_payment_method).", None)


async def test_a_currency_in_other_units_is_a_doubt_without_amounts(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["currency"] = "isk"
    charge, so_far = await look(stripe, "charge", "refunds", payment_id="pi_SMALL")
    assert "other units" in charge.doubt
    assert not {"amount_minor", "left_minor"} & (set(charge.values) | set(so_far.values))


async def test_a_charge_that_is_no_object_is_read_by_its_id(stripe: StripeConnector, world: World) -> None:
    world.state.stripe["charges"]["ch_SMALL"]["payment_intent"] = {"id": "pi_SMALL", "object": "payment_intent"}
    (charge,) = await look(stripe, "charge", payment_id="ch_SMALL")
    assert charge.url == "https://dashboard.stripe.com/test/payments/pi_SMALL"
