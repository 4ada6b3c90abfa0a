"""Record what a shadow policy would have done; it decides nothing, says nothing in a thread and stops nothing."""

import logging
from pathlib import Path
from typing import Any

import pytest

from bot.cases.shadow import WOULD, seen
from bot.config import ConfigFaults, Places, read_policies
from bot.core.model import CaseFile, CaseState, Entry, Kind
from bot.core.policy import Policy
from bot.core.policy.file import read_policy
from tests.support.backtests import LONG_AGO, OFF, ON, TEXT, Past, changed, details
from tests.support.policies import ANA, BEN, LEA

LOWER = changed(('up_to   = { USD = "100.00"', 'up_to   = { USD = "40.00"'))
HIGHER = changed(('up_to   = { USD = "100.00"', 'up_to   = { USD = "900.00"'))
FIRST_BAND = 'quorum  = 1                               # how many different people\ngroups  = ["finance"]'
LEADS_ONLY = changed((FIRST_BAND, FIRST_BAND.replace("finance", "leads")))
STRICT = changed(("confidence_floor = 0.7", "confidence_floor = 0.99"))


def history(past: Past, case_id: str) -> list[Entry]:
    return [one.entry for one in past.db.run(lambda store: store.history(case_id))]


def recorded(past: Past, case_id: str) -> list[dict[str, Any]]:
    return [dict(entry.data) for entry in history(past, case_id) if entry.what == WOULD]


def file_of(past: Past, case_id: str) -> CaseFile:
    file = past.db.run(lambda store: store.case_file(case_id))
    assert file is not None
    return file


@pytest.mark.parametrize(
    ("shadow", "amount", "differs"),
    [
        (OFF, 1_500, []),
        (ON, 1_500, ["automatic"]),
        (ON, 2_001, []),
        (LOWER, 5_000, ["more_people"]),
        (HIGHER, 20_000, ["fewer_people"]),
        (STRICT, 1_500, ["other_kind", "other_channel"]),
    ],
)
def test_when_a_case_opens_it_says_what_it_would_have_made_of_it(
    shadow: Policy, amount: int, differs: list[str]
) -> None:
    past = Past(OFF.with_shadow(shadow))
    [would] = recorded(past, past.call(amount=amount))
    assert (would["policy"], would["at"], would["version"]) == (shadow.version, "opened", 1)
    assert would["differs"] == differs
    assert would["automatic"] is ("automatic" in differs)
    assert would["kind"] == (Kind.REVIEW if "other_kind" in differs else Kind.REFUND)


def test_it_names_its_rule_and_whom_it_would_need() -> None:
    past = Past(OFF.with_shadow(LOWER))
    [would] = recorded(past, past.call(amount=5_000))
    assert would["rule"] == "over 40.00 USD: two people, at least one of leads"
    assert would["would_need"] == "waiting for a lead and one more of finance or leads"


def test_what_the_policy_in_force_pays_alone_differs_where_the_shadow_would_ask() -> None:
    past = Past(ON.with_shadow(OFF))
    case_id = past.call(amount=1_500)
    assert file_of(past, case_id).case.state is CaseState.APPROVED
    assert recorded(past, case_id)[0]["differs"] == ["automatic"]


def test_a_new_version_is_looked_at_and_the_same_call_again_is_not() -> None:
    past = Past(OFF.with_shadow(OFF))
    case_id = past.call(amount=1_500, refund_reason=None)
    past.later(minutes=5)
    past.person_says(case_id, refund_reason="charged twice")
    past.later(minutes=5)
    past.person_says(case_id, refund_reason="charged twice")
    assert [(one["at"], one["version"], one["kind"]) for one in recorded(past, case_id)] == [
        ("opened", 1, "review"),
        ("changed", 2, "refund"),
    ]


def test_only_a_case_that_opens_would_be_automatic() -> None:
    past = Past(OFF.with_shadow(ON))
    case_id = past.call(amount=1_500, refund_reason=None)
    past.later(minutes=5)
    past.call_again(case_id, details(amount=1_500))
    assert [(one["kind"], one["automatic"]) for one in recorded(past, case_id)] == [
        ("review", False),
        ("refund", False),
    ]


@pytest.mark.parametrize(
    ("shadow", "amount", "people", "differs"),
    [
        (LOWER, 5_000, [ANA], [["not_enough"]]),
        (HIGHER, 20_000, [ANA, LEA], [["enough"], ["not_allowed"]]),
        (OFF, 5_000, [ANA], [[]]),
        (LEADS_ONLY, 5_000, [ANA], [["not_allowed"]]),
    ],
)
def test_each_approval_is_judged_by_the_shadow_too(
    shadow: Policy, amount: int, people: list[str], differs: list[list[str]]
) -> None:
    past = Past(OFF.with_shadow(shadow))
    case_id = past.call(amount=amount)
    for who in people:
        past.later(minutes=1)
        past.click(case_id, who)
    made = [one for one in recorded(past, case_id) if one["at"] == "approve"]
    assert [one["differs"] for one in made] == differs
    assert [one["by"] for one in made] == people
    assert file_of(past, case_id).case.state is CaseState.APPROVED


def test_a_reject_is_judged_too() -> None:
    past = Past(OFF.with_shadow(OFF))
    case_id = past.call()
    past.click(case_id, BEN, reject=True)
    assert [one["at"] for one in recorded(past, case_id)] == ["opened", "reject"]


def test_limits_of_the_shadow_count_what_was_really_paid_before_this_approval() -> None:
    tight = changed(('per_customer_per_day = { USD = "500.00" }', 'per_customer_per_day = { USD = "90.00" }'))
    past = Past(OFF.with_shadow(tight))
    for amount in (5_000, 4_500):
        past.later(minutes=1)
        past.click(past.call(amount=amount), ANA)
    entries = past.db.run(lambda store: store.recorded(WOULD, LONG_AGO))
    assert sorted(str(one["differs"]) for one in entries if one["at"] == "approve") == ["['not_enough']", "[]"]


def test_a_shadow_decides_nothing_and_its_entries_have_no_sentence() -> None:
    plain, watched = Past(OFF), Past(OFF.with_shadow(ON))
    for past in (plain, watched):
        past.click(past.call(amount=5_000), ANA)
        past.call(amount=1_500, email="other@example.com")
    for n in ("call_1", "call_2"):
        case_id = plain.db.run(lambda store, n=n: next(one.case_id for one in store.find_cases() if one.root == n))  # type: ignore[misc]  # bound
        assert file_of(plain, case_id) == file_of(watched, case_id)
        others = [entry for entry in history(watched, case_id) if entry.what != WOULD]
        assert [(one.what, one.sentence) for one in others] == [
            (one.what, one.sentence) for one in history(plain, case_id)
        ]
    assert all(entry.sentence is None for entry in history(watched, case_id) if entry.what == WOULD)


def test_without_a_shadow_nothing_is_recorded() -> None:
    past = Past(OFF)
    assert recorded(past, past.call()) == []


def test_a_fault_of_the_shadow_is_logged_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    broken = OFF.model_copy(update={"bands": ()})  # no file can say this
    past = Past(OFF.with_shadow(broken))
    with caplog.at_level(logging.ERROR, logger="countersign.shadow"):
        case_id = past.call()
        past.click(case_id, ANA)
    assert file_of(past, case_id).case.state is CaseState.APPROVED
    assert recorded(past, case_id) == []
    assert len(caplog.records) == 2
    assert "dana@example.com" not in caplog.text


def test_the_policy_with_a_shadow_is_the_policy_itself() -> None:
    both = OFF.with_shadow(ON)
    assert (both.version, both.model_dump()) == (OFF.version, OFF.model_dump())
    assert (both.shadow, OFF.shadow) == (ON, None)


def test_what_was_recorded_is_counted() -> None:
    past = Past(OFF.with_shadow(ON))
    past.call(amount=1_500)
    past.later(days=2)
    past.click(past.call(amount=5_000, email="other@example.com"), ANA)
    whole = past.db.run(lambda store: seen(store, LONG_AGO))
    assert (whole.recorded, whole.differ, whole.automatic, whole.differs) == (3, 1, 1, {"automatic": 1})
    assert whole.policies == (ON.version,)
    assert past.db.run(lambda store: seen(store, past.now)).recorded == 2
    assert past.db.run(lambda store: seen(store, past.now.replace(year=2030))).recorded == 0


def places(policy: Path, shadow: Path | None) -> Places:
    return Places(_env_file=None, policy_file=policy, policy_shadow_file=shadow)


def test_it_is_read_from_the_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, other = tmp_path / "real.toml", tmp_path / "other.toml"
    real.write_text(TEXT, encoding="utf-8")
    other.write_text(TEXT.replace("quorum  = 2", "quorum  = 3"), encoding="utf-8")
    monkeypatch.setenv("POLICY_FILE", str(real))
    assert read_policies(Places(_env_file=None)).shadow is None
    monkeypatch.setenv("POLICY_SHADOW_FILE", str(other))
    both = read_policies(Places(_env_file=None))
    assert both.version == OFF.version
    assert both.shadow == read_policy(TEXT.replace("quorum  = 2", "quorum  = 3"))


def test_the_faults_of_both_files_are_told_together(tmp_path: Path) -> None:
    real, gone = tmp_path / "real.toml", tmp_path / "gone.toml"
    real.write_text(TEXT.replace("quorum  = 2", "quorums = 2"), encoding="utf-8")
    with pytest.raises(ConfigFaults) as told:
        read_policies(places(real, gone))
    assert any("quorums" in fault for fault in told.value.faults)
    assert any(fault.startswith("POLICY_SHADOW_FILE:") for fault in told.value.faults)
