"""Read the single values of a policy: how each is written in `policy.toml`, and what is wrong with one that is not.

Validation with a context (`Names`) reads a file, where every value is written as text; without one it takes the values
of the code as they are: minor units, `timedelta`, `time`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, UnknownLocaleError
from babel.localedata import locale_identifiers
from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints, ValidationError, ValidationInfo
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from bot.core.model import Fields, Kind
from bot.core.money import to_minor

Path = tuple[str | int, ...]  # ("bands", 0, "up_to", "USD")

DEFAULT = "default"  # [regions.default]: what the other regions leave out, and every channel without one
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CANONICAL = tuple(name for name in Fields.model_fields if name != "verified")  # only a person says that
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?", re.ASCII)
_HOUR = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_USER = re.compile(r"[UW][A-Z0-9]{2,}")
_SHORTEST_NUMBER = 5  # digits
_NO_HOLIDAY = 'must be a date in quotes such as "2026-12-25"'


class Names(NamedTuple):
    """Hold the names that a policy file defines and other parts of it use; context of its validation."""

    channels: Collection[str]
    groups: Mapping[str, Any]  # name -> members, as the file has them

    def too_few(self, groups: Iterable[str], number: int) -> int | None:
        """Return how many people the groups list if that is less than `number`; None: enough, or not known.

        Only user ids are people whose number is known before Slack is asked.
        """
        lists: list[Any] = [self.groups.get(group) for group in groups]
        if not all(isinstance(members, list) and all(map(is_user, members)) for members in lists):
            return None
        people = {member for members in lists for member in members}
        return len(people) if len(people) < number else None


def is_user(name: object) -> bool:
    return isinstance(name, str) and _USER.fullmatch(name) is not None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return what may have been meant: the nearest known word, else all of them."""
    names = [str(name) for name in known]
    near = get_close_matches(word.lower(), names, n=1)
    return f'did you mean "{near[0]}"?' if near else f"known are: {', '.join(names) or 'none yet'}"


# --- faults ---------------------------------------------------------------------------------------------------------


def fault(sentence: str) -> PydanticCustomError:
    """Make a fault that is told as it stands; any other ValueError gets the name of its key in front."""
    return PydanticCustomError("fault", "{sentence}", {"sentence": sentence})


def raise_faults(faults: Iterable[tuple[Path, ValueError]], info: ValidationInfo) -> None:
    """Raise all the faults of a value of a file together, each with the path of its key; none, or no file: return."""
    if info.context is None:
        return
    errors = [
        InitErrorDetails(type=wrong, loc=path, input=None)
        if isinstance(wrong, PydanticCustomError)
        else InitErrorDetails(type="value_error", loc=path, input=None, ctx={"error": wrong})
        for path, wrong in faults
    ]
    if errors:
        raise ValidationError.from_exception_data("policy", errors)


# --- text that stands for something ---------------------------------------------------------------------------------


def _read_as(parse: Callable[[str], Any], otherwise: str | None = None) -> BeforeValidator:
    def read(raw: Any, info: ValidationInfo) -> Any:
        if isinstance(raw, str):
            if not raw.strip():
                raise ValueError("is empty")
            return parse(raw.strip())
        if info.context is None:
            return raw
        raise ValueError(otherwise) if otherwise else PydanticKnownError("string_type")

    return BeforeValidator(read)


def _matching(pattern: str, otherwise: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def match(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(otherwise)
        return text

    return AfterValidator(match)


def duration(text: str) -> timedelta:
    """Return a span written in days, hours and minutes, in this order: "1d", "4h", "1h30m"; else raise ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError('must be a time such as "15m", "4h", "1h30m" or "1d"')
    days, hours, minutes = (int(part or 0) for part in match.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes)
    if not span:
        raise ValueError("must be longer than nothing")
    return span


def _canonical(name: str) -> str:
    if name not in _CANONICAL:
        raise ValueError(f'cannot become "{name}", which is not one of our names; {suggest(name, _CANONICAL)}')
    return name


def plain_intent(text: str) -> str:
    """Return an intent without regard to case, spaces and hyphens, since every DialNexa workspace writes its own."""
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _number(text: str) -> str:
    """Take a phone number with digits: numbers are compared by them, so none would fit every hidden number."""
    if sum(sign.isdigit() for sign in text) < _SHORTEST_NUMBER:
        raise ValueError('must be a phone number such as "+12025550143"')
    return text


def _share(number: float) -> float:
    if not 0 <= number <= 1:  # false for nan too
        raise ValueError(f"must be between 0 and 1, not {number:g}")
    return number


Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1)]
Share = Annotated[float, Strict(), AfterValidator(_share)]
Duration = Annotated[timedelta, _read_as(duration)]
KindName = Annotated[Kind, BeforeValidator(lambda raw: raw.strip() if isinstance(raw, str) else raw)]
Canonical = Annotated[Text, AfterValidator(_canonical)]
Intent = Annotated[Text, AfterValidator(plain_intent)]
PhoneNumber = Annotated[Text, AfterValidator(_number)]
Channel = Annotated[
    Text,
    _matching(
        r"#[^\s#]{1,80}|[CG][A-Z0-9]{2,}", 'must be a Slack channel, such as "#finance-refunds" or "C0123456789"'
    ),
]
Member = Annotated[
    Text,
    _matching(
        r"@[^\s@]{1,80}|[SUW][A-Z0-9]{2,}",
        'must be a Slack user group ("@handle" or "S0123456789") or a user id ("U0123456789")',
    ),
]

# --- names that are defined elsewhere in the file -------------------------------------------------------------------


def _defined_in(table: str, *more: str, users: bool = False) -> AfterValidator:
    """Take the names that a table of the file defines and some more; `users`: Slack user ids, too."""

    def check(name: str, info: ValidationInfo) -> str:
        if info.context is None or (users and is_user(name)):
            return name
        names = (*getattr(info.context, table), *more)
        if name not in names:
            nor = ", nor a Slack user id" if users else ""
            raise fault(f'"{name}" is not in [{table}]{nor}; {suggest(name, names)}')
        return name

    return AfterValidator(check)


ChannelName = Annotated[Text, _defined_in("channels")]
RegionName = Annotated[str, _defined_in("channels", DEFAULT)]
GroupName = Annotated[Text, _defined_in("groups")]
Somebody = Annotated[Text, _defined_in("groups", users=True)]

# --- money ----------------------------------------------------------------------------------------------------------


def _minor(raw: Any, currency: str) -> int:
    if not isinstance(raw, str):
        raise ValueError('must be an amount in quotes, such as "100.00"')
    if not raw.strip():
        raise ValueError("is empty")
    try:
        minor = to_minor(raw.strip(), currency)
    except ValueError as wrong:
        raise ValueError(f"must be an amount: {wrong}") from None
    if minor <= 0:
        raise ValueError("must be more than nothing")
    return minor


def _currency(raw: str) -> None:
    if raw != raw.upper():
        raise ValueError(f'names the currency "{raw}", which must be written in capitals')
    try:
        to_minor("1", raw)
    except ValueError:
        raise ValueError(f'names an unknown currency "{raw}"; use its ISO 4217 code, such as "USD"') from None


def _amounts(raw: Any, info: ValidationInfo) -> Any:
    """Read currencies with their amounts: how many decimals one may have is its currency's to say."""
    if info.context is None or not isinstance(raw, dict):
        return raw
    found: dict[str, int] = {}
    faults: list[tuple[Path, ValueError]] = []
    for currency, amount in raw.items():
        try:
            _currency(currency)
        except ValueError as wrong:
            faults.append(((currency, "[key]"), wrong))
            continue
        try:
            found[currency] = _minor(amount, currency)
        except ValueError as wrong:
            faults.append(((currency,), wrong))
    raise_faults(faults, info)
    return found


Amounts = Annotated[dict[str, int], BeforeValidator(_amounts)]  # ISO 4217 currency -> minor units

# --- places and hours -----------------------------------------------------------------------------------------------


def _unknown(what: str, name: str, known: Iterable[str], example: str) -> ValueError:
    near = suggest(name, known).partition("known are")[0]  # too many are known to name them all
    hint = near or f'use a name such as "{example}"'
    return ValueError(f'names an unknown {what} "{name}"; {hint}')


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # a folder of zones, such as "Europe", is an OSError
        raise _unknown("time zone", name, available_timezones(), "Europe/Berlin") from None


def _locale(name: str) -> str:
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        raise _unknown("locale", name, locale_identifiers(), "de_DE") from None


def _weekday(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f'names an unknown day "{name}"; {suggest(name, DAYS)}')
    return DAYS.index(name)


def _holiday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_NO_HOLIDAY) from None


def _hour(text: str) -> time:
    match = _HOUR.fullmatch(text)
    if match is None:
        raise ValueError('must be a time of day such as "09:00"')
    return time(int(match[1]), int(match[2]))


def _hours(text: str) -> tuple[time, time]:
    begin, _, end = text.partition("-")
    try:
        opens, closes = _hour(begin.strip()), time.max if end.strip() == "24:00" else _hour(end.strip())
        if opens < closes:
            return opens, closes
    except ValueError:
        pass
    raise ValueError('must be hours such as "09:00-18:00", the end after the beginning')


def _week_time(text: str) -> tuple[int, time]:
    day, _, hour = text.partition(" ")
    try:
        return _weekday(day), _hour(hour.strip())
    except ValueError:
        raise ValueError('must be a day and a time such as "mon 09:00"') from None


TimeZone = Annotated[Text, AfterValidator(_zone)]
LocaleName = Annotated[Text, AfterValidator(_locale)]
Weekday = Annotated[int, _read_as(_weekday)]  # Monday is 0
Holiday = Annotated[date, _read_as(_holiday, _NO_HOLIDAY)]
Opens = Annotated[time, _read_as(lambda text: _hours(text)[0])]
Closes = Annotated[time, _read_as(lambda text: _hours(text)[1])]
DayOfWeekTime = Annotated[int, _read_as(lambda text: _week_time(text)[0])]
HourOfWeekTime = Annotated[time, _read_as(lambda text: _week_time(text)[1])]
