"""Draw the home tab as an inbox: what waits for one person, what is theirs, and everything by due time."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.cards import completing
from bot.core.cards.home import PAGE, Bulk, Inbox, Look, bulk_form, bulk_result, home, not_for_you, read_look
from bot.core.cards.lists import Row
from bot.core.model import Case, CaseState, Kind, Money
from bot.core.people import EVERYTHING, Delegation, Pause
from sandbox.slack.checks import view_problems
from tests.contract.test_cards import faults, validator
from tests.support.cards import DETAILS, EVIL, HOSTILE, NOW, case_of, texts

RULE = "up to 100.00 USD: one person of finance"


def rows_of(*cases: Case) -> tuple[Row, ...]:
    return tuple(Row(case=case) for case in cases)


def words(view: dict[str, Any]) -> str:
    assert view_problems(view, "home") == []
    return "\n".join(text["text"] for text in texts(view["blocks"]))


def lends(user_id: str, delegate_id: str) -> Delegation:
    times = {"from_at": NOW, "until_at": NOW + timedelta(days=8), "set_at": NOW}
    return Delegation(user_id=user_id, delegate_id=delegate_id, set_by="U0ANA00001", **times)


def everything(n: int = 1) -> Inbox:
    """Return a home tab as full as it gets, with words that try to do harm."""
    cases = [
        case_of(case_id=f"C-{at}-{state}-{name}-{kind}", state=state, details=details, closing=EVIL, kind=kind)
        for at in range(n)
        for state in CaseState
        for name, details in DETAILS.items()
        for kind in (Kind.REFUND, Kind.REVIEW)
    ]
    rows = tuple(Row(case=case, missing=EVIL, link="https://acme.slack.com/archives/C1/p1?a=1&b=2") for case in cases)
    lent = [lends(f"U0AWAY{n:04}", "U0ANA00001") for n in range(30)]
    return Inbox(
        waiting=rows,
        mine=rows,
        listed=rows,
        bulks=tuple(Bulk(kind=kind, rule=EVIL * 5, rows=rows) for kind in Kind),
        lent=tuple(lent),
        away=lent[0],
        pauses=(Pause(scope=EVERYTHING, since_at=NOW, by="U0ADMIN001", reason=EVIL),),
        clipped=True,
    )


def test_what_is_overdue_stuck_and_waiting_is_counted_and_marked() -> None:
    late = case_of(case_id="C-LATE", due_at=NOW - timedelta(hours=1))
    stuck = case_of(case_id="C-STUCK", state=CaseState.STUCK, closing="Stripe refused.")
    shown = words(home(Inbox(waiting=rows_of(late), listed=rows_of(late, stuck)), Look(), now=NOW))
    assert "*1* wait for you" in shown
    assert "*2* unfinished" in shown
    assert "*1* overdue" in shown
    assert "*1* stuck" in shown
    assert "Stripe refused · owner finance" in shown
    assert shown.count("*overdue* since") == 2, "once where it waits for me, once in the list of all"


def test_it_says_so_when_nothing_waits() -> None:
    shown = words(home(Inbox(), Look(), now=NOW))
    assert "Nothing waits for you" in shown
    assert "No case fits." in shown


def test_who_stands_in_and_what_is_paused_is_said() -> None:
    lent = lends("U0ANA00001", "U0BEN00001")
    pause = Pause(scope="stripe", since_at=NOW, by="worker", reason="Stripe does not accept our key.")
    assert "You stand in for <@U0ANA00001> until" in words(home(Inbox(lent=(lent,)), Look(), now=NOW))
    assert "<@U0BEN00001> stands in for you" in words(home(Inbox(away=lent), Look(), now=NOW))
    assert "Stripe is paused" in words(home(Inbox(pauses=(pause,)), Look(), now=NOW))


def test_each_case_leads_to_its_card_and_the_stated_words_lead_nowhere() -> None:
    evil = Row(case=case_of(details=HOSTILE), link="https://acme.slack.com/archives/C1/p1")
    shown = words(home(Inbox(listed=(evil,)), Look(), now=NOW))
    assert "*<https://acme.slack.com/archives/C1/p1|" in shown
    assert "<https://evil" not in shown
    assert "<!channel>" not in shown
    assert "<@U0EVIL" not in shown


@pytest.mark.parametrize("scope", ["all", "waiting", "mine", "open"])
def test_any_number_of_cases_fits_the_tab_and_can_be_looked_through(scope: Any) -> None:
    inbox = everything()
    seen: set[str] = set()
    for page in range(len(inbox.listed) // PAGE + 1):
        view = home(inbox, Look(scope=scope, page=page), now=NOW)
        assert len(view["blocks"]) <= 100
        shown = words(view)
        seen |= {row.case.case_id for row in inbox.listed if f"`{row.case.case_id}`" in shown}
    assert seen == {row.case.case_id for row in inbox.listed}


def test_what_the_person_chose_comes_back_with_the_next_click() -> None:
    look = Look(scope="mine", kind=Kind.DISPUTE, state="stuck", search="<b> Dana", page=2)
    view = home(everything(), look, now=NOW)
    assert read_look(view["private_metadata"]) == look
    chosen = [one["initial_option"]["value"] for one in view["blocks"][4]["elements"] if "initial_option" in one]
    assert chosen == ["mine", "dispute", "stuck"]
    assert view["blocks"][3]["element"]["initial_value"] == "<b> Dana"


@pytest.mark.parametrize("metadata", ["", "{}", "[]", "C-1:1", '{"page": -1}', '{"kind": "x"}', '{"other": 1}', "null"])
def test_a_tab_that_we_did_not_draw_is_read_as_the_first_look(metadata: str) -> None:
    assert read_look(metadata) == Look()


def test_another_look_is_another_form_so_that_slack_shows_what_was_searched_for() -> None:
    first, other = (home(Inbox(), Look(search=text), now=NOW)["blocks"][2]["block_id"] for text in ("", "Dana"))
    assert first != other


def test_a_person_whom_the_policy_does_not_name_sees_no_case() -> None:
    assert len(not_for_you()["blocks"]) == 2
    assert "Guests" in words(not_for_you("Guests see nothing here."))


def a_bulk(n: int) -> Bulk:
    cases = [
        case_of(case_id=f"C-{at}", version=at + 1, details=HOSTILE if at % 2 else DETAILS["plain"]) for at in range(n)
    ]
    rows = tuple(Row(case=case, money=Money(amount_minor=1240, currency="USD")) for case in cases)
    return Bulk(kind=Kind.REFUND, rule=RULE, rows=rows)


def test_the_form_lists_amount_customer_and_version_of_each_case_and_ticks_none() -> None:
    view = bulk_form(a_bulk(2), NOW)
    element = view["blocks"][1]["element"]
    assert "initial_options" not in element
    assert [option["value"] for option in element["options"]] == ["C-0:1", "C-1:2"]
    assert element["options"][0]["text"]["text"] == "12.40 USD · Dana Whitfield"
    assert RULE in view["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("n", [2, 10, 11, 30, 90])
def test_any_number_of_like_cases_makes_a_form_that_slack_takes(n: int) -> None:
    view = bulk_form(a_bulk(n), NOW)
    assert view_problems(view, "modal") == []
    offered = sum(len(block["element"]["options"]) for block in view["blocks"][1:])
    assert offered == min(n, 30)
    assert view_problems(bulk_result([EVIL] * offered), "modal") == []


def test_every_tab_and_form_fits_slacks_schemas() -> None:
    views = [home(everything(), Look(scope=scope), now=NOW) for scope in ("all", "waiting", "mine", "open")]
    views += [home(Inbox(), Look(), now=NOW), not_for_you(), bulk_form(a_bulk(30), NOW), bulk_result(["Approved."])]
    views += [completing.open_form(details, "{}") for details in DETAILS.values()]
    for view in views:
        assert faults(validator(view["type"]), view) == []
