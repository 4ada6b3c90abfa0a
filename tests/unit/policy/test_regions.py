"""[regions] and [digest]: what they may say, what they leave out, and each fault with its line."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from bot.core.policy import Digest, Region
from bot.core.policy.file import PolicyFaults, read_policy
from tests.support.policies import HEADER, ONE

HERE = "#!"  # stands on the line that the fault is expected to name
BELOW = f"[[bands]]\n{ONE}"

FAULTS = {
    "a channel that is not there": ("[regions.revew] #!\n", '"revew" is not in [channels]; did you mean "review"?'),
    "an unknown key": ('[regions.review]\nzone = "UTC" #!\n', 'unknown key "zone" in [regions.review]'),
    "an unknown time zone": (
        '[regions.default]\ntime_zone = "europe/berlin" #!\n',
        '"time_zone" names an unknown time zone "europe/berlin"; did you mean "Europe/Berlin"?',
    ),
    "a folder of time zones": ('[regions.default]\ntime_zone = "Europe" #!\n', "unknown time zone"),
    "a path for a time zone": ('[regions.default]\ntime_zone = "../UTC" #!\n', "unknown time zone"),
    "an unknown locale": ('[regions.default]\nlocale = "xx_YY" #!\n', 'unknown locale "xx_YY"; use a name such as'),
    "a locale written otherwise": ('[regions.default]\nlocale = "de-DE" #!\n', 'use a name such as "de_DE"'),
    "an unknown day": (
        '[regions.default]\nbusiness_days = ["mon", "tues"] #!\n',
        '"business_days" (entry 2) names an unknown day "tues"; did you mean "tue"?',
    ),
    "no day at all": ("[regions.default]\nbusiness_days = [] #!\n", '"business_days" is empty'),
    "hours that end before they begin": (
        '[regions.default]\nbusiness_hours = "18:00-09:00" #!\n',
        '"business_hours" must be hours such as "09:00-18:00"',
    ),
    "hours that do not exist": ('[regions.default]\nbusiness_hours = "09:00-25:00" #!\n', "must be hours such as"),
    "a holiday written otherwise": (
        '[regions.default]\nholidays = ["25.12.2026"] #!\n',
        '"holidays" (entry 1) must be a date in quotes such as "2026-12-25"',
    ),
    "a digest for no channel": ('[digest] #!\nat = "mon 09:00"\n', '[digest] needs "channel"'),
    "a digest in a channel that is not there": (
        '[digest]\nchannel = "revew" #!\nat = "mon 09:00"\n',
        '"revew" is not in [channels]; did you mean "review"?',
    ),
    "a digest without a day": ('[digest]\nchannel = "review"\nat = "09:00" #!\n', "must be a day and a time such as"),
    "a digest at no time": ('[digest]\nchannel = "review"\nat = "mon 9" #!\n', "must be a day and a time such as"),
    "a muted number without digits": ('[intake]\nmute_numbers = ["anonymous"] #!\n', "must be a phone number"),
    "automatic without a limit for a customer": (
        '[automatic.refund] #!\nenabled = true\nup_to = { USD = "5" }\nper_day = { USD = "9" }\n',
        '[automatic.refund] needs "per_customer_per_day" in [limits] with a limit in USD',
    ),
    "automatic in a currency without a limit for a day": (
        '[limits]\nper_customer_per_day = { USD = "9", EUR = "9" }\n'
        '[automatic.refund]\nenabled = true\nup_to = { USD = "5", EUR = "5" }\nper_day = { USD = "9" } #!\n',
        '"per_day" in [automatic.refund] needs a limit in EUR too',
    ),
}


@pytest.mark.parametrize(("text", "said"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_its_line_and_how_to_mend_it(text: str, said: str) -> None:
    whole = HEADER + text + BELOW
    expected = next(n for n, line in enumerate(whole.split("\n"), 1) if HERE in line)
    with pytest.raises(PolicyFaults) as raised:
        read_policy(whole)
    told = [(fault.line, fault.message) for fault in raised.value.faults]
    assert any(line == expected and said in message for line, message in told), told


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
    assert policy.digest == Digest(channel="review", weekday=4, at=time(16, 30))
    assert read_policy(HEADER + BELOW).digest is None
