"""Read what is known of a case from all its calls and look-ups, and tell what changed."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.model import Fact
from bot.core.revise import LOWERED, RAISED, CallHistory, learned_facts, what_changed, with_known
from tests.support.policies import ANA, BEN, LEA, usd
from tests.support.revisions import AWAY, CHARGE, FIRST, NOW, call, fact

OLD = fact("charge", at=NOW - timedelta(hours=1))
BOOKS = fact("invoice", source="Books")


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        pytest.param((OLD,), (CHARGE,), (CHARGE,), id="what is looked up anew takes the place of what was known"),
        pytest.param((OLD,), (AWAY,), (OLD, AWAY), id="what was known stays known while its system is away"),
        pytest.param((OLD, BOOKS), (AWAY,), (OLD, AWAY), id="what a system does not say any more is dropped"),
        pytest.param(
            (fact("stripe", failed=True, at=NOW - timedelta(hours=1)),), (AWAY,), (AWAY,), id="one failure of a system"
        ),
        pytest.param(
            (OLD,),
            (AWAY, fact("charge", source="Books")),
            (AWAY, fact("charge", source="Books")),
            id="another system may say it instead",
        ),
        pytest.param((OLD,), (fact("charge", failed=True),), (OLD,), id="a failed look-up takes the place of nothing"),
    ],
)
def test_what_is_known_once_a_system_is_away(
    before: tuple[Fact, ...], after: tuple[Fact, ...], known: tuple[Fact, ...]
) -> None:
    assert with_known(before, after) == known


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ((AWAY,), (CHARGE,), ["charge"]),
        ((AWAY, BOOKS), (CHARGE, BOOKS), ["charge"]),
        ((AWAY,), (AWAY,), []),
        ((AWAY,), (), ["Stripe"]),
        ((AWAY, fact("books", source="Books", failed=True)), (AWAY,), ["Books"]),
        ((OLD, AWAY), (CHARGE,), ["Stripe"]),
        ((), (CHARGE,), ["charge"]),
        ((fact("charge", failed=True),), (CHARGE,), ["charge"]),
    ],
)
def test_what_is_learned_is_what_says_something_only_now(
    before: tuple[Fact, ...], after: tuple[Fact, ...], names: list[str]
) -> None:
    assert learned_facts(before, after) == names


def test_what_a_person_filled_in_wins_over_a_later_call() -> None:
    history = CallHistory("call-1", (FIRST, call(ANA, "form", amount="70.00"), call(amount="60.00", language="fr")))
    assert (history.details.money, history.details.fields.language) == (usd(7000), "fr")


def test_authors_are_those_who_edit_and_not_those_who_only_lower_the_amount() -> None:
    calls = (call(LEA, "form"), FIRST, call(ANA, LOWERED), call(BEN, RAISED), call(LEA, "form"))
    assert CallHistory("call-1", calls).authors == (LEA, BEN)


def test_the_last_reason_that_was_given_stands() -> None:
    calls = (FIRST, call(ANA, RAISED, "A slip"), call(BEN, LOWERED, "As agreed"), FIRST)
    assert CallHistory("call-1", calls).because == "As agreed"
    assert CallHistory("call-1", (FIRST,)).because is None


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ({"amount": "60.00"}, "amount 50.00 → 60.00"),
        ({"language": "fr", "amount": "60.00"}, "amount 50.00 → 60.00, language not stated → fr"),
        ({"refund_reason": "x" * 60}, f"refund reason not stated → {'x' * 60}"),
        ({"refund_reason": "x" * 61}, "refund reason changed"),
        ({"vip": True}, "vip changed"),
        ({"confidence": 0.4}, "details changed"),
        (
            {"refund_reason": "A card number", "sensitive_data_spoken": True},
            "refund reason changed, sensitive data spoken changed",
        ),
    ],
)
def test_what_changed_is_told_without_repeating_what_is_long_or_hidden(new: dict[str, Any], words: str) -> None:
    old = FIRST.details
    fields = old.fields.model_copy(update=new)
    assert what_changed(old, old.model_copy(update={"fields": fields})) == words


def test_another_summary_is_told_but_not_repeated() -> None:
    old = FIRST.details
    assert what_changed(old, old.model_copy(update={"summary": "Another one."})) == "summary changed"
