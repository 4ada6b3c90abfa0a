"""A proposal says one amount: the one its people approve and its actions carry out."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from bot.core.model import Action, Kind, Money, Option, Proposal

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def refund(amount_minor: int, currency: str = "USD") -> Action:
    params = {"payment_id": "pi_1", "amount_minor": amount_minor, "currency": currency}
    return Action(name="refund", connector="stripe", operation="refund", params=params, sentence="Refund")


def proposal(money: Money | None, *actions: Action, options: tuple[Option, ...] = ()) -> Proposal:
    return Proposal(
        case_id="C-1", version=1, kind=Kind.REFUND, money=money, actions=actions, options=options, created_at=NOW
    )


def test_an_action_about_the_proposals_amount_is_taken() -> None:
    made = proposal(Money(amount_minor=2400, currency="USD"), refund(2400))
    assert made.actions[0].params["amount_minor"] == 2400


@pytest.mark.parametrize("other", [refund(24_000), refund(2400, "EUR")])
def test_an_action_about_another_amount_cannot_be_proposed(other: Action) -> None:
    money = Money(amount_minor=2400, currency="USD")
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(money, other)
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(money, options=(Option(name="refund", label="Refund it", actions=(other,)),))


def test_an_action_with_an_amount_needs_a_proposal_with_one() -> None:
    with pytest.raises(ValidationError, match="not the amount of its proposal"):
        proposal(None, refund(2400))
