"""Find duplicates, and tell them from what is only a hint."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.duplicates import ago, customer_key, keys_of, paid_already, records, similar, sum_key
from bot.core.model import CaseState, Details, Earlier, Fact, Fields, Kind, Money
from tests.support.rows import NOW

USD = Money(amount_minor=12550, currency="USD")


def stated(money: Money | None = None, **fields: Any) -> Details:
    return Details(fields=Fields(**fields), money=money)


def test_a_payment_is_found_under_every_name_that_the_look_up_gave_it() -> None:
    charge = Fact(name="charge", source="Stripe", observed_at=NOW, values={"payment_id": "pi_1", "charge_id": "ch_9"})
    assert records(stated(payment_id="pi_1"), [charge]) == {
        "payment:pi_1": "payment pi_1",
        "payment:ch_9": "payment ch_9",
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"email": "Dana@Example.com"}, {"email": " dana@example.com ", "account_id": "ACC-1"}),
        ({"account_id": "acc-1"}, {"account_id": "ACC-1", "phone": "+12025550143"}),
    ],
)
def test_a_customer_is_the_same_however_they_are_written(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert customer_key(stated(**one)) == customer_key(stated(**other)) is not None


def test_nobody_in_particular_and_no_amount_link_nothing() -> None:
    assert keys_of(stated(), []) == ()
    assert sum_key(stated(money=USD)) is None
    assert sum_key(stated(email="dana@example.com")) is None


@pytest.mark.parametrize(
    ("minor", "currency", "alike"),
    [(12550, "USD", True), (11295, "USD", True), (11294, "USD", False), (12550, "EUR", False)],
)
def test_an_amount_is_similar_up_to_a_tenth_in_the_same_currency(minor: int, currency: str, alike: bool) -> None:
    assert similar(USD, Money(amount_minor=minor, currency=currency)) is alike


def earlier(**changes: Any) -> Earlier:
    case = Earlier(
        case_id="C-1",
        kind=Kind.REFUND,
        state=CaseState.DONE,
        opened_at=NOW,
        why="payment pi_1",
        exact=True,
        paid=USD,
        paid_at=NOW - timedelta(hours=2),
    )
    return case.model_copy(update=changes)


def test_what_was_paid_for_the_same_matter_is_said_with_when_and_where() -> None:
    said = paid_already([earlier()], NOW)
    assert said == "Already paid: 125.50 USD 2 hours ago, in case C-1 about payment pi_1."


@pytest.mark.parametrize("other", [{"exact": False}, {"paid": None, "paid_at": None}])
def test_a_hint_and_an_unpaid_case_block_nothing(other: dict[str, Any]) -> None:
    assert paid_already([earlier(**other)], NOW) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (60, "1 minute ago"), (7199, "1 hour ago"), (86400 * 3, "3 days ago")]
)
def test_how_long_ago_in_words(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words
