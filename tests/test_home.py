"""The home tab lists what waits."""

from datetime import timedelta

from bot.core.cards.home import home, not_for_you
from bot.core.model import (
    Case,
    CaseState,
)
from tests.card_samples import HOSTILE, NOW, case_of, texts


def home_words(cases: list[Case]) -> str:
    view = home(cases, now=NOW)
    assert len(view["blocks"]) <= 100
    ids = [block["block_id"] for block in view["blocks"]]
    assert len(set(ids)) == len(ids)
    return "\n".join(text["text"] for text in texts(view["blocks"]))


def test_home_lists_unfinished_cases_by_due_time_with_urgent_ones_first() -> None:
    cases = [
        case_of(case_id="C-LATER", due_at=NOW + timedelta(days=2)),
        case_of(case_id="C-SOON", due_at=NOW + timedelta(hours=1)),
        case_of(case_id="C-URGENT", due_at=NOW + timedelta(days=3), urgent=True),
        case_of(case_id="C-DONE", state=CaseState.DONE),
    ]
    shown = home_words(cases)
    assert shown.index("C-URGENT") < shown.index("C-SOON") < shown.index("C-LATER")
    assert "C-DONE" not in shown
    assert "*3* unfinished" in shown


def test_home_points_at_what_is_overdue_and_what_is_stuck() -> None:
    stuck = case_of(
        case_id="C-STUCK", state=CaseState.STUCK, closing="Stripe refused.", due_at=NOW - timedelta(hours=1)
    )
    shown = home_words([stuck])
    assert "*1* overdue" in shown
    assert "*1* stuck" in shown
    assert "Stripe refused." in shown


def test_home_says_so_when_nothing_waits_and_holds_any_number_of_cases() -> None:
    assert "Nothing waits" in home_words([])
    many = [case_of(case_id=f"C-{n}-{state}", state=state, details=HOSTILE) for n in range(90) for state in CaseState]
    assert "… and 65 more" in home_words(many)


def test_a_person_whom_the_policy_does_not_name_sees_no_case() -> None:
    view = not_for_you()
    assert "C-" not in str(view["blocks"])
    assert len(view["blocks"]) == 2
