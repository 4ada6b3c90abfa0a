"""Reads [regions] and [digest]: where a channel's people are, when they work, and when the digest comes."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers

from bot.core.policy.sheet import Reader, Sheet, listed, one, shaped, suggest, text

DEFAULT = "default"  # [regions.default]: what the other regions leave out, and every channel without one
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_HOURS = 'must be hours such as "09:00-18:00", the end after the beginning'


def _zone(raw: Any) -> str:
    name = text(raw)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder of zones, such as "Europe", is an OSError
        near = suggest(name, available_timezones()).partition("known are")[0]
        hint = near or 'use a name such as "Europe/Berlin"'
        raise ValueError(f'names an unknown time zone "{name}"; {hint}') from None
    return name


def _locale(raw: Any) -> str:
    name = text(raw)
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        near = suggest(name, locale_identifiers()).partition("known are")[0]
        hint = near or 'use a name such as "de_DE"'
        raise ValueError(f'names an unknown locale "{name}"; {hint}') from None


def _day(raw: Any) -> int:
    """Monday is 0."""
    name = text(raw)
    if name not in DAYS:
        raise ValueError(f'names an unknown day "{name}"; {suggest(name, DAYS)}')
    return DAYS.index(name)


def _hour(raw: str) -> time:
    match = _HOUR.fullmatch(raw)
    if match is None:
        raise ValueError('must be a time of day such as "09:00"')
    return time(int(match[1]), int(match[2]))


def _hours(raw: Any) -> tuple[time, time]:
    begin, _, end = text(raw).partition("-")
    try:
        opens, closes = _hour(begin.strip()), time.max if end.strip() == "24:00" else _hour(end.strip())
    except ValueError:
        raise ValueError(_HOURS) from None
    if opens >= closes:
        raise ValueError(_HOURS)
    return opens, closes


def _holiday(raw: Any) -> date:
    try:
        return date.fromisoformat(text(raw))
    except ValueError:
        raise ValueError('must be a date in quotes such as "2026-12-25"') from None


def _week_time(raw: Any) -> tuple[int, time]:
    day, _, hour = text(raw).partition(" ")
    try:
        return _day(day), _hour(hour.strip())
    except ValueError:
        raise ValueError('must be a day and a time such as "mon 09:00"') from None


REGION: Reader = shaped(
    {
        "time_zone": one(_zone),
        "locale": one(_locale),
        "business_days": listed(one(_day), some=True),
        "business_hours": one(_hours),
        "holidays": listed(one(_holiday)),
    }
)
DIGEST: Reader = shaped({"channel": one(text), "at": one(_week_time)}, needs=("channel", "at"))


def check_places(sheet: Sheet, found: dict[str, Any], channels: tuple[str, ...]) -> None:
    """Regions and the digest are about channels that exist."""
    for name in found.get("regions", {}):
        if name != DEFAULT and name not in channels:
            sheet.note(("regions", name), f'"{name}" is not in [channels]; {suggest(name, (*channels, DEFAULT))}')
    channel = found.get("digest", {}).get("channel")
    if channel is not None and channel not in channels:
        sheet.note(("digest", "channel"), f'"{channel}" is not in [channels]; {suggest(channel, channels)}')


def filled_in(regions: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a region leaves out is as in [regions.default]; days and holidays in one order, so that they compare."""
    whole: dict[str, dict[str, Any]] = {}
    for name, own in regions.items():
        values = {**regions.get(DEFAULT, {}), **own}
        if "business_hours" in values:
            values["opens"], values["closes"] = values.pop("business_hours")
        for key in ("business_days", "holidays"):
            if key in values:
                values[key] = tuple(sorted(set(values[key])))
        whole[name] = values
    return whole
