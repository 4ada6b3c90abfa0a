"""Test that `policy show` says why a case is what it is, and `policy backtest` what would change."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.cli.backtest import record_of
from bot.core.model import Call, CaseState, Fact
from bot.core.people import EVERYTHING, Pause
from bot.core.policy import Policy
from bot.core.policy.explain import Explained, explain, story
from storage import open_database
from tests.support.backtests import HEARD, OFF, ON, START, TEXT, Past, changed, details, facts, tell
from tests.support.policies import ANA, LEA, ONE, SHIPPED, TWO, policy_of
from tests.support.shell import Ran, Shell


def shown(past: Past, case_id: str, policy: Policy | None = None) -> Explained:
    told = past.db.run(lambda store: record_of(store, case_id, past.now))
    assert told is not None
    return explain(policy or past.policy, told)


def text_of(past: Past, case_id: str) -> str:
    told = past.db.run(lambda store: record_of(store, case_id, past.now))
    assert told is not None
    return story(explain(past.policy, told), told.file.proposal)


def test_a_stated_intent_names_the_kind_and_each_need_is_met(past: Past) -> None:
    why = shown(past, past.call())
    assert why.because == ("The stated intent “refund_request” means “refund”.",)
    assert [(need.words, need.met) for need in why.needs] == [
        ("an amount with its currency", True),
        ("a payment, invoice or transaction", True),
        ("the reason", True),
    ]


def test_a_need_that_is_not_met_is_why_it_is_in_review(past: Past) -> None:
    why = shown(past, past.call(refund_reason=None))
    assert why.kind == "review"
    assert "Not stated: the reason." in why.because
    assert [need.words for need in why.needs if not need.met] == ["the reason"]
    assert why.band.missing == "a person has to complete it first"


def test_a_doubt_of_a_look_up_is_told(past: Past) -> None:
    about = details()
    doubt = Fact(name="transaction", source="Fidel API", observed_at=START, doubt="The currency is another one.")
    why = shown(past, past.call(about, (*facts(about), doubt)))
    assert why.doubts == ("The currency is another one.",)
    assert "The currency is another one." in why.because


def test_an_intent_that_nothing_knows_is_named(past: Past) -> None:
    assert shown(past, past.call(call_intent="poem")).because[0] == "No kind is known for “poem”."


def test_who_filled_it_in_is_told(past: Past) -> None:
    case_id = past.call(refund_reason=None)
    past.person_says(case_id, refund_reason="charged twice")
    assert any("U0BEN00001" in sentence for sentence in shown(past, case_id).because)


def test_another_policy_says_what_the_case_would_be_under_it(past: Past) -> None:
    case_id = past.call()
    off = changed(("[kinds.refund]", "[kinds.refund]\nenabled = false"))
    assert shown(past, case_id, off).because[-1] == "Under this policy it would be “review” if it opened now."


def test_the_band_is_in_words_with_the_members_of_its_groups(past: Past) -> None:
    band = shown(past, past.call(amount=20_000)).band
    assert band.rule == "over 100.00 USD: two people, at least one of leads"
    assert band.groups == {"finance": ("@finance-approvers",), "leads": ("@finance-leads",)}
    assert (band.approvals, band.quorum, band.at_least) == (0, 2, {"leads": 1})
    assert band.missing == "waiting for a lead and one more of finance or leads"


def test_an_approval_that_was_given_is_counted(past: Past) -> None:
    case_id = past.call(amount=20_000)
    past.click(case_id, ANA)
    band = shown(past, case_id).band
    assert (band.approvals, band.missing) == (1, "waiting for a lead")


@pytest.mark.parametrize("approved", [False, True])
def test_a_limit_that_an_approval_would_pass_now_makes_it_one_band_up(approved: bool) -> None:
    limited = ('per_customer_per_day = { USD = "500.00" }', 'per_customer_per_day = { USD = "90.00" }')
    past = Past(changed(limited))
    past.click(past.call(amount=5_000), ANA)
    past.later(hours=1)
    case_id = past.call(amount=4_500)
    if approved:
        past.click(case_id, ANA)
    band = shown(past, case_id).band
    assert (band.over, band.quorum) == (("per_customer_per_day",), 2)
    assert band.limits == "over the limit of 90.00 USD in 24 hours for this customer"
    assert band.missing == ("waiting for a lead" if approved else "waiting for a lead and one more of finance or leads")
    past.later(days=2)
    assert bool(shown(past, case_id).band.over) is approved  # what an approval has met stays


def test_a_limit_that_others_have_used_up_since_asks_for_more_of_a_half_approved_case() -> None:
    bands = (
        'up_to = { USD = "100.00" }\n' + ONE,
        'up_to = { USD = "300.00" }\n' + TWO,
        'quorum = 3\ngroups = ["finance"]',
    )
    policy = policy_of(*bands, more='[limits]\nper_customer_per_day = { USD = "250.00" }\n')
    past = Past(policy)
    half = past.call(amount=20_000)
    past.click(half, ANA)
    assert shown(past, half).band.missing == "waiting for a lead"
    past.click(past.call(amount=6_000), ANA)
    band = shown(past, half).band
    assert (band.quorum, band.missing) == (3, "waiting for two more of finance")


def test_an_open_case_says_the_first_reason_why_it_is_not_automatic() -> None:
    past = Past(ON)
    alone = shown(past, past.call(amount=2_001)).alone
    assert (alone.decides, alone.words) == (False, "It is over the limit of 20.00 USD without a person.")


def test_a_pause_counts_and_what_was_paid_alone_before_too(past: Past) -> None:
    case_id = past.call(amount=1_500)
    assert shown(past, case_id, ON).alone.decides
    stop = Pause(scope=EVERYTHING, since_at=START, by=ANA, reason="a test")
    past.db.run(lambda store: store.pause(stop, entry=HEARD))
    assert shown(past, case_id, ON).alone.words == "Everything is paused."


def test_what_the_policy_decided_says_its_rule_and_what_people_decided_says_why() -> None:
    past = Past(ON)
    alone = shown(past, past.call(amount=1_500)).alone
    assert alone.decides
    assert alone.words.startswith("automatic: up to 20.00 USD")
    by_people = past.call(amount=5_000, email="other@example.com")
    past.click(by_people, ANA)
    assert shown(past, by_people).alone.words == "It is over the limit of 20.00 USD without a person."


def test_its_times_are_those_that_are_set(past: Past) -> None:
    times = shown(past, past.call()).times
    assert times.due_at > START
    assert {"reminder:1", "warning", "expiry"} <= times.timers.keys()
    assert times.fired == {}


def test_each_decision_is_told_with_the_rule_policy_and_membership_it_was_stored_with(past: Past) -> None:
    case_id = past.call(amount=20_000)
    past.click(case_id, ANA)
    past.later(minutes=1)
    past.click(case_id, LEA)
    why = shown(past, case_id, ON)
    assert [(one.user_id, one.in_groups, one.policy_version) for one in why.decisions] == [
        (ANA, ("finance",), OFF.version),
        (LEA, ("leads",), OFF.version),
    ]
    text = text_of(past, case_id)
    assert f"{LEA}: approve version 1 as leads; rule “over 100.00 USD: two people" in text
    assert f"policy {OFF.version}" in text
    assert why.state is CaseState.APPROVED


def test_decisions_of_earlier_versions_are_told_too(past: Past) -> None:
    case_id = past.call(amount=20_000)
    past.click(case_id, ANA)
    past.later(minutes=1)
    past.person_says(case_id, amount="250.00", currency="USD")
    why = shown(past, case_id)
    assert why.version == 2
    assert [(one.version, one.user_id) for one in why.decisions] == [(1, ANA)]
    assert why.band.approvals == 0


Run = Callable[..., Ran]


@pytest.fixture
def run(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("POLICY_FILE", str(SHIPPED))
    (tmp_path / "new.toml").write_text(TEXT.replace("refund = { enabled = false", "refund = { enabled = true"), "utf-8")
    return lambda *words: shell.run("policy", *" ".join(words).split())


def stored(*policies: Policy, age: timedelta = timedelta(0)) -> list[str]:
    """Open a small refund under each policy, in the database of the command; return their ids."""

    async def fill() -> list[str]:
        db = await open_database("sqlite:///bot.db")
        ids = []
        for n, policy in enumerate(policies):
            about = details(amount=1_500 + n, email=f"customer{n}@example.com")
            call = Call(call_id=f"call_{n}", event="call_ended", details=about)
            opened = partial(tell, call=call, now=datetime.now(UTC) - age, policy=policy, looked=facts(about))
            ids.append(await db.write(opened))
        await db.close()
        return ids

    return asyncio.run(fill())


def test_show_tells_the_same_as_text_and_as_json(run: Run) -> None:
    [case_id] = stored(OFF)
    shown, told = run("show --for", case_id), run("show --json --for", case_id)
    assert (shown.code, told.code) == (0, 0)
    rule = "up to 100.00 USD: one person of finance"
    waiting = ("@finance-approvers", "waiting for one of finance", "It is switched off for this kind.", "expiry")
    for words in (case_id, "refund", "15.00 USD", rule, *waiting):
        assert words in shown.out
    assert (told.json["band"]["rule"], told.json["policy"]) == (rule, OFF.version)


def test_show_may_ask_another_policy(run: Run) -> None:
    [case_id] = stored(OFF)
    assert "automatic  yes" in run("show --policy new.toml --for", case_id).out


def test_show_of_a_case_that_is_not_there_falls_short(run: Run) -> None:
    stored(OFF)
    assert run("show --for C-0000000000").code == 1


@pytest.mark.parametrize(
    "words",
    [
        "show",
        "backtest",
        "backtest --policy new.toml --shadow",
        "backtest --policy new.toml --since yesterday",
        "backtest --policy gone.toml",
        "show --for C-0000000000 --policy gone.toml",
    ],
)
def test_wrong_use_and_wrong_files_exit_with_two(run: Run, words: str) -> None:
    stored(OFF)
    ran = run(words)
    assert ran.code == 2
    assert ran.err


def test_backtest_prints_a_table_with_the_money_and_the_cases_that_change(run: Run) -> None:
    [case_id, _] = stored(OFF, OFF)
    table, told = run("backtest --policy new.toml"), run("backtest --policy new.toml --json")
    assert (table.code, told.code) == (0, 0)
    compared = f"Policy {ON.version} against {OFF.version}: 2 calls"
    for words in (compared, "0 > 2", "0.00 USD > 30.01 USD", case_id, "2 cases change"):
        assert words in table.out
    assert told.json["kinds"]["refund"]["automatic"] == {"now": 0, "new": 2}
    assert told.json["total"]["without_review"] == {"USD": {"now": 0, "new": 3_001}}


@pytest.mark.parametrize(("since", "calls"), [("9d", 0), ("11d", 1)])
def test_backtest_looks_back_as_far_as_it_is_told(run: Run, since: str, calls: int) -> None:
    stored(OFF, age=timedelta(days=10))
    assert run("backtest --policy new.toml --json --since", since).json["total"]["calls"] == calls


def test_backtest_counts_what_a_shadow_has_recorded(run: Run) -> None:
    stored(OFF)
    assert "POLICY_SHADOW_FILE" in run("backtest --shadow").out
    stored(OFF, OFF.with_shadow(ON))
    ran = run("backtest --shadow")
    assert ran.code == 0
    assert f"Shadow policy {ON.version}: 1 times" in ran.out
    assert "automatic: 1" in ran.out
    assert run("backtest --shadow --json").json["differs"] == {"automatic": 1}
