"""Set due times and reminders in working hours: never early, and in order."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import timers as core_timers
from bot.core.model import Case, Details, Fields, Kind
from bot.core.notices import Timer
from bot.core.policy import Policy, Region
from tests.support.rows import a_case

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = Region(time_zone="Europe/Berlin", holidays=(date(2026, 12, 25),))  # Monday to Friday, 9 to 18
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)  # 11:00 in Berlin
MONDAY_9 = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def a_policy(region: Region = BERLIN, **changes: Any) -> Policy:
    return Policy.model_validate(
        {
            "channels": {"review": "#review", "fallback": "#review", "refunds": "#refunds"},
            "groups": {"finance": ("@finance",), "leads": ("@leads",), "admins": ("U0ADMIN001",)},
            "bands": ({"quorum": 1, "groups": ("finance",)},),
            "regions": {"refunds": region},
            **changes,
        }
    )


def times(**settings: Any) -> dict[str, Any]:
    return {"time": settings}


def opened(at: datetime, **changes: Any) -> Case:
    return a_case(opened_at=at, **changes)


def planned(policy: Policy, case: Case) -> dict[str, datetime]:
    return {timer.name: timer.due_at for timer in core_timers.schedule(policy, case, case.opened_at)}


@pytest.mark.parametrize(
    ("asked", "moved"),
    [
        ("2026-11-20 11:00+01:00", "2026-11-20 11:00+01:00"),  # a Friday morning stays
        ("2026-11-20 07:00+01:00", "2026-11-20 09:00+01:00"),  # before the opening
        ("2026-11-20 18:00+01:00", "2026-11-23 09:00+01:00"),  # closing time is not open any more
        ("2026-11-21 12:00+01:00", "2026-11-23 09:00+01:00"),  # Saturday
        ("2026-11-22 23:30+00:00", "2026-11-23 09:00+01:00"),  # Sunday in UTC is Monday in Berlin
        ("2026-12-24 20:00+01:00", "2026-12-28 09:00+01:00"),  # over a holiday and the weekend behind it
        ("2026-03-28 12:00+01:00", "2026-03-30 09:00+02:00"),  # over the night when clocks go forward
        ("2026-10-24 12:00+02:00", "2026-10-26 09:00+01:00"),  # and back
    ],
)
def test_what_falls_outside_business_hours_moves_to_the_next_opening(asked: str, moved: str) -> None:
    assert core_timers.next_open(BERLIN, datetime.fromisoformat(asked)) == datetime.fromisoformat(moved)


def test_a_calendar_that_never_opens_holds_nothing_up() -> None:
    assert core_timers.next_open(Region(business_days=()), FRIDAY) == FRIDAY


REGIONS = st.builds(
    lambda zone, days, hours, holidays: Region(
        time_zone=zone, business_days=tuple(sorted(days)), opens=hours[0], closes=hours[1], holidays=tuple(holidays)
    ),
    st.sampled_from(
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
    ),
    st.sets(st.integers(0, 6), min_size=1),
    st.sampled_from([(time(9), time(18)), (time(0), time.max), (time(22, 30), time(23)), (time(4), time(4, 1))]),
    st.sets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=5),
)
INSTANTS = st.integers(0, 365 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@given(REGIONS, INSTANTS, INSTANTS)
def test_a_moved_time_is_open_never_early_and_keeps_the_order(region: Region, one: datetime, other: datetime) -> None:
    moved = core_timers.next_open(region, one)
    local = moved.astimezone(region.zone)
    assert local.weekday() in region.business_days
    assert local.date() not in region.holidays
    assert region.opens <= local.time().replace(tzinfo=None) < region.closes
    assert moved >= one
    assert core_timers.next_open(region, moved) == moved
    assert (moved <= core_timers.next_open(region, other)) or other < one


@pytest.mark.parametrize(("urgent", "due"), [(False, MONDAY_9), (True, FRIDAY + DAY)])
def test_a_case_is_due_in_business_hours_unless_it_is_urgent(urgent: bool, due: datetime) -> None:
    assert core_timers.due(a_policy(), "refunds", DAY, FRIDAY, urgent=urgent) == due


def test_a_time_is_told_in_the_channels_own_zone() -> None:
    assert core_timers.when(a_policy(), "refunds", MONDAY_9) == "Mon 23 Nov, 09:00 CET"
    assert core_timers.when(a_policy(), "review", MONDAY_9) == "Mon 23 Nov, 08:00 UTC"


def test_reminders_wait_for_the_opening_and_an_urgent_case_waits_for_nothing() -> None:
    policy = a_policy(**times(reminders=(4 * HOUR, 20 * HOUR)))
    assert planned(policy, opened(FRIDAY)) == {"reminder:1": FRIDAY + 4 * HOUR, "reminder:2": MONDAY_9}
    assert planned(policy, opened(FRIDAY, urgent=True))["reminder:2"] == FRIDAY + 20 * HOUR


def test_nothing_is_planned_where_the_policy_says_nothing() -> None:
    assert planned(a_policy(), opened(FRIDAY)) == {}


@pytest.mark.parametrize(
    ("settings", "warning", "expiry"),
    [
        ({"expires": 2 * HOUR}, None, FRIDAY + 2 * HOUR),
        ({"expires": DAY}, None, MONDAY_9),  # counted by the calendar, but not while nobody could decide
        ({"expires": 5 * HOUR, "warn_before_expiry": HOUR}, FRIDAY + 4 * HOUR, FRIDAY + 5 * HOUR),
        # the warning leaves its time
        ({"expires": DAY, "warn_before_expiry": 4 * HOUR}, MONDAY_9, MONDAY_9 + 4 * HOUR),
        ({"expires": HOUR, "warn_before_expiry": 4 * HOUR}, FRIDAY, FRIDAY + 4 * HOUR),
    ],
)
def test_a_case_expires_in_business_hours_and_not_before_its_warning_had_its_time(
    settings: Mapping[str, timedelta], warning: datetime | None, expiry: datetime
) -> None:
    found = planned(a_policy(**times(**settings)), opened(FRIDAY))
    assert found.get("warning") == warning
    assert found["expiry"] == expiry


ESCALATE = {"escalate": ({"after": 30 * HOUR, "to": "admins"}, {"after": 24 * HOUR, "to": "leads"})}


def test_each_group_has_its_time_before_the_next_one_is_called_also_over_a_weekend() -> None:
    policy = a_policy(kinds={"refund": ESCALATE})
    found = planned(policy, opened(FRIDAY))
    assert found == {"escalation:1": MONDAY_9, "escalation:2": MONDAY_9 + 6 * HOUR}
    assert [rule.to for rule in core_timers.escalations(policy, opened(FRIDAY))] == ["leads", "admins"]


def test_a_vip_blocker_escalates_where_the_policy_does_not_say_how() -> None:
    case = opened(FRIDAY + 8 * HOUR, kind=Kind.VIP_BLOCKER, urgent=True)
    assert planned(a_policy(), case) == {
        "escalation:1": case.opened_at + HOUR / 4,
        "escalation:2": case.opened_at + HOUR,
    }
    without_admins = a_policy(groups={"finance": ("@finance",), "leads": ("@leads",)})
    assert [rule.to for rule in core_timers.escalations(without_admins, case)] == ["leads"]


@pytest.mark.parametrize(
    ("stated", "due"),
    [
        ("2026-11-24", "2026-11-24 09:00+01:00"),
        ("2026-11-28", "2026-11-30 09:00+01:00"),  # a Saturday
        ("2026-11-20", "2026-11-20 11:00+01:00"),  # today: at once
        ("2026-11-24T23:30:00+00:00", "2026-11-25 09:00+01:00"),  # the day in the channel's own zone
        ("2026-11-19", None),  # past
        ("2126-11-24", None),  # misheard
        ("next Friday", None),
        (None, None),
    ],
)
def test_a_promised_follow_up_comes_at_the_opening_of_its_day(stated: str | None, due: str | None) -> None:
    case = opened(FRIDAY, details=Details(fields=Fields(follow_up_deadline=stated)))
    found = planned(a_policy(), case)
    assert found == ({} if due is None else {"follow_up": datetime.fromisoformat(due)})


def test_quiet_hours_do_not_move_what_was_promised_for_an_urgent_case() -> None:
    case = opened(FRIDAY, urgent=True, details=Details(fields=Fields(follow_up_deadline="2026-11-28")))
    assert planned(a_policy(), case) == {"follow_up": datetime.fromisoformat("2026-11-28 09:00+01:00")}


@pytest.mark.parametrize(
    ("due", "happens"),
    [
        ("reminder:1 reminder:2 reminder:3", "reminder:3"),
        ("reminder:1 escalation:1 escalation:2", "escalation:2"),
        ("reminder:1 warning", "warning"),
        ("escalation:1 warning", "escalation:1 warning"),
        ("reminder:1 escalation:1 warning expiry", "expiry"),
        ("follow_up reminder:1 expiry", "follow_up expiry"),
        ("", ""),
    ],
)
def test_of_all_that_is_due_at_once_only_what_still_makes_sense_happens_and_in_order(due: str, happens: str) -> None:
    timers = [Timer(case_id="C-1", name=name, due_at=FRIDAY + n * HOUR) for n, name in enumerate(due.split())]
    assert [timer.name for timer in core_timers.sensible(reversed(timers))] == happens.split()
