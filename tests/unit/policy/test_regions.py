"""Test what [regions] and [digest] say and leave out; their faults stand in `golden.json`."""

from datetime import date, time
from zoneinfo import ZoneInfo

from bot.core.policy import Region
from bot.core.policy.file import read_policy
from tests.support.policies import HEADER, ONE

BELOW = f"[[bands]]\n{ONE}"


def test_a_policy_that_says_nothing_works_on_weekdays_from_nine_to_six_in_utc() -> None:
    region = read_policy(HEADER + BELOW).region("review")
    assert region == Region(
        time_zone="UTC", locale="en_US", business_days=(0, 1, 2, 3, 4), opens=time(9), closes=time(18), holidays=()
    )


def test_a_region_leaves_to_the_default_what_it_does_not_say() -> None:
    policy = read_policy(
        HEADER
        + '[regions.default]\ntime_zone = "Europe/Berlin"\nlocale = "de_DE"\nholidays = ["2026-12-26", "2026-12-25"]\n'
        + '[regions.review]\nlocale = "de_AT"\nbusiness_days = ["sun", "mon"]\nbusiness_hours = "00:00-24:00"\n'
        + BELOW
    )
    christmas = (date(2026, 12, 25), date(2026, 12, 26))
    default = Region(time_zone="Europe/Berlin", locale="de_DE", holidays=christmas)
    assert policy.region("fallback") == default
    changes = {"locale": "de_AT", "business_days": (0, 6), "opens": time(0), "closes": time.max}
    assert policy.region("review") == default.model_copy(update=changes)
    assert policy.region("review").zone == ZoneInfo("Europe/Berlin")


def test_a_digest_has_a_channel_a_day_and_a_time() -> None:
    policy = read_policy(f'{HEADER}[digest]\nchannel = "review"\nat = "fri 16:30"\n{BELOW}')
    assert policy.digest is not None
    assert policy.digest.model_dump() == {"channel": "review", "weekday": 4, "at": time(16, 30)}
    assert read_policy(HEADER + BELOW).digest is None
