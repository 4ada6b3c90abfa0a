"""Promises of Stripe's look-ups beside the payment: customer, dispute, invoice and subscription."""

from typing import Any

import pytest

from bot.connectors.stripe import StripeConnector
from bot.core.model import Fact
from tests.connectors.support import NOW, World, details


async def look(stripe: StripeConnector, *wanted: str, money: str | None = None, **fields: Any) -> list[Fact]:
    return list(await stripe.facts(details(money, **fields), frozenset(wanted), NOW))


@pytest.mark.parametrize(
    ("fields", "customer"),
    [
        ({"account_id": "cus_KESTREL", "email": "ap@northwind.example"}, "cus_KESTREL"),
        ({"account_id": "KESTREL-001", "email": "Marcus@kestrel.example.com"}, "cus_KESTREL"),
        ({"payment_id": "pi_YEN", "email": "boss@example.com"}, "cus_HARUKA"),
        ({"invoice_number": "inv-20462"}, "cus_LARKSPUR"),
    ],
)
async def test_a_customer_is_found_by_id_payment_invoice_or_address(
    stripe: StripeConnector, fields: dict[str, str], customer: str
) -> None:
    (fact,) = await look(stripe, "customer", **fields)
    assert fact.values["customer_id"] == customer
    assert fact.values.keys() == {"customer_id", "email", "name"}
    assert (fact.source, fact.observed_at, fact.doubt, fact.missing) == ("Stripe", NOW, None, None)


async def test_stripes_own_id_that_is_not_there_is_a_doubt_and_an_address_only_missing(stripe: StripeConnector) -> None:
    (own,) = await look(stripe, "customer", account_id="cus_NOBODY")
    assert own.doubt == own.missing == "Stripe has no customer cus_NOBODY."
    (renewal,) = await look(stripe, "subscription", subscription_id="sub_NOBODY")
    assert renewal.doubt == "Stripe has no subscription sub_NOBODY."
    (elsewhere,) = await look(stripe, "customer", account_id="QB-1", email="nobody@example.com")
    assert (elsewhere.missing, elsewhere.doubt) == ("Stripe has no customer with this e-mail address.", None)


async def test_a_dispute_says_until_when_evidence_is_due(stripe: StripeConnector) -> None:
    (fact,) = await look(stripe, "dispute", payment_id="ch_DISPUTED")
    assert fact.values == {
        "dispute_id": "dp_DISPUTED",
        "status": "needs_response",
        "due_by": "2026-12-02T09:15:00+00:00",
    }
    assert fact.sentence == "Dispute needs response, evidence due by 2 Dec 2026"
    (none,) = await look(stripe, "dispute", payment_id="pi_SMALL")
    assert (none.missing, none.doubt) == ("Stripe has no dispute about this payment.", None)


async def test_an_invoice_is_described_with_what_is_left_and_the_address_on_record(
    stripe: StripeConnector, world: World
) -> None:
    world.state.stripe["invoices"]["in_20455"] |= {"amount_paid": 18_000, "amount_remaining": 400_000}
    (fact,) = await look(stripe, "invoice", invoice_number="INV-20455", money="418000 USD")
    assert fact.values == {
        "invoice_id": "in_20455",
        "number": "INV-20455",
        "status": "open",
        "amount_minor": 418_000,
        "left_minor": 400_000,
        "currency": "USD",
        "email": "marcus@kestrel.example.com",
        "url": "https://dashboard.stripe.com/test/invoices/in_20455",
    }
    assert (fact.sentence, fact.doubt) == ("Invoice INV-20455, open, 4,180.00 USD, 4,000.00 USD left to pay", None)


@pytest.mark.parametrize(
    ("money", "words"),
    [
        ("12950 EUR", "The call says 129.50 EUR, but the Stripe invoice is 129.50 USD."),
        ("12951 USD", "The call says 129.51 USD, more than the Stripe invoice of 129.50 USD."),
    ],
)
async def test_money_that_does_not_fit_the_invoice_is_a_doubt(stripe: StripeConnector, money: str, words: str) -> None:
    (fact,) = await look(stripe, "invoice", invoice_number="INV-20418", money=money)
    assert fact.doubt == words


async def test_an_invoice_of_another_system_is_missing_and_no_doubt(stripe: StripeConnector, world: World) -> None:
    (fact,) = await look(stripe, "invoice", invoice_number="QB-1")
    assert (fact.missing, fact.doubt) == ("Stripe has no invoice QB-1.", None)
    world.exchanges.clear()
    assert await look(stripe, "invoice", invoice_number="1' OR total>0 OR number:'2") == []
    assert world.exchanges == []


@pytest.mark.parametrize("fields", [{"subscription_id": "sub_LARKSPUR"}, {"email": "ines@larkspur.example.com"}])
async def test_a_renewal_that_failed_says_why(stripe: StripeConnector, fields: dict[str, str]) -> None:
    (fact,) = await look(stripe, "subscription", **fields)
    assert fact.values == {
        "subscription_id": "sub_LARKSPUR",
        "status": "past_due",
        "invoice_number": "INV-20462",
        "failure": "expired_card",
    }
    assert fact.sentence == "Subscription past due, invoice INV-20462 open (expired card)"


async def test_a_subscription_that_failed_is_told_before_one_that_runs(stripe: StripeConnector, world: World) -> None:
    subscriptions = world.state.stripe["subscriptions"]
    subscriptions["sub_newer"] = {**subscriptions["sub_LARKSPUR"], "id": "sub_newer", "status": "active"}
    (fact,) = await look(stripe, "subscription", account_id="cus_LARKSPUR")
    assert fact.values["subscription_id"] == "sub_LARKSPUR"
    subscriptions["sub_LARKSPUR"]["status"] = "active"
    (newest,) = await look(stripe, "subscription", account_id="cus_LARKSPUR")
    assert newest.values["subscription_id"] == "sub_newer"


async def test_nothing_is_looked_up_for_which_the_call_states_nothing(stripe: StripeConnector, world: World) -> None:
    wanted = ("charge", "refunds", "customer", "dispute", "invoice", "subscription")
    assert await look(stripe, *wanted, transaction_id="TX-1", account_id="KESTREL-001", payment_id="PAY-1") != []
    assert await look(stripe, *wanted, transaction_id="TX-1") == []
    assert world.exchanges == []


async def test_one_look_that_fails_leaves_the_others_alone(stripe: StripeConnector, world: World) -> None:
    world.fail("GET", "503")  # one of them, whichever comes first
    facts = await look(stripe, "customer", "dispute", "invoice", account_id="cus_KESTREL", payment_id="pi_DISPUTED")
    assert sum(fact.missing is not None for fact in facts) == 1
    assert all(fact.doubt is None for fact in facts)
    assert len(facts) == 2
