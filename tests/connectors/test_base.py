"""Promises of what every connector shares: pages are followed to their end, and look-ups share their reads."""

from collections.abc import Mapping

import pytest

from bot.connectors.base import misfit, pages
from bot.connectors.stripe import StripeConnector
from bot.core.model import Money
from bot.http.errors import Unavailable
from tests.connectors.support import NOW, World, details

DOLLARS = Money(amount_minor=2400, currency="USD")


async def test_pages_are_followed_by_their_cursor_to_the_end() -> None:
    asked: list[Mapping[str, str]] = []

    async def page(cursor: Mapping[str, str]) -> tuple[list[int], str | None]:
        asked.append(cursor)
        return [len(asked)], "next" if len(asked) < 3 else None

    assert [item async for item in pages(page, "after", 3, "too many")] == [1, 2, 3]
    assert asked == [{}, {"after": "next"}, {"after": "next"}]


async def test_a_list_without_an_end_is_no_answer() -> None:
    async def page(cursor: Mapping[str, str]) -> tuple[list[int], str | None]:
        return [], "next"

    with pytest.raises(Unavailable, match="too many"):
        assert [item async for item in pages(page, "after", 3, "too many")] == []


async def test_look_ups_about_one_record_read_it_once(stripe: StripeConnector, world: World) -> None:
    wanted = frozenset({"charge", "refunds", "customer"})
    found = await stripe.facts(details("2400 USD", payment_id="ch_SMALL"), wanted, NOW)
    assert [fact.name for fact in found] == ["charge", "refunds", "customer"]
    assert [exchange.path for exchange in world.exchanges].count("/v1/charges/ch_SMALL") == 1


async def test_a_read_that_fails_is_a_gap_of_each_look_up_that_shares_it(stripe: StripeConnector, world: World) -> None:
    world.fail("GET", "500")
    found = await stripe.facts(details(payment_id="ch_SMALL"), frozenset({"charge", "refunds"}), NOW)
    assert [(fact.name, bool(fact.missing), fact.failed) for fact in found] == [
        ("charge", True, True),
        ("refunds", True, True),
    ]


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        (None, None),
        (DOLLARS, None),
        (Money(amount_minor=2401, currency="USD"), "The call says 24.01 USD, more than the payment of 24.00 USD."),
        (Money(amount_minor=1, currency="EUR"), "The call says 0.01 EUR, but the payment is 24.00 USD."),
    ],
)
def test_money_of_a_call_that_a_record_does_not_hold_is_a_doubt(said: Money | None, doubt: str | None) -> None:
    assert misfit(said, DOLLARS, "the payment") == doubt
