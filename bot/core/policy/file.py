"""Reads `policy.toml`: the keys it may have, and what they must say, each fault with its line and how to mend it."""

import re
import tomllib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bot.core.model import Fields, Kind
from bot.core.money import to_minor
from bot.core.policy.checks import check
from bot.core.policy.lines import line_index
from bot.core.policy.model import Policy
from bot.core.policy.regions import DIGEST, REGION, filled_in
from bot.core.policy.sheet import Fault, Reader, Sheet, count, flag, listed, mapped, one, shaped, share, suggest, text

_CANONICAL = tuple(name for name in Fields.model_fields if name != "verified")  # only a person says that
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?", re.ASCII)
_CHANNEL = re.compile(r"#[^\s#]{1,80}|[CG][A-Z0-9]{2,}")
_MEMBER = re.compile(r"@[^\s@]{1,80}|[SUW][A-Z0-9]{2,}")
_SHORTEST_NUMBER = 5  # digits
_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)


class PolicyFaults(Exception):
    """Every fault of a policy file, in the order of its lines; it prints one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_policy(toml: str, source: str = "policy.toml") -> Policy:
    """Raises PolicyFaults with all that is wrong; `source` is how the faults call the file."""
    toml = toml.removeprefix("\ufeff")  # some editors on Windows put this mark in front
    try:
        tree = tomllib.loads(toml)
        sheet = Sheet(line_index(toml), source)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFaults([_syntax(toml, str(error), source)]) from None
    except RecursionError:
        raise PolicyFaults([Fault(None, "lists or tables are nested too deeply", source)]) from None
    found = sheet.table((), tree, _TOP, needs=("channels", "groups", "bands"))
    check(sheet, tree, found)
    if sheet.faults:
        raise PolicyFaults(sheet.faults)
    if "regions" in found:
        found["regions"] = filled_in(found["regions"])
    if "digest" in found:
        weekday, at = found["digest"]["at"]
        found["digest"] = {**found["digest"], "weekday": weekday, "at": at}
    return Policy.model_validate(found)


def _syntax(toml: str, message: str, source: str) -> Fault:
    """The parser gives the place at the end of its message only."""
    match = _SYNTAX.fullmatch(message)
    if match is None:
        return Fault(None, f"this is not TOML: {message}", source)
    line = int(match["line"]) if match["line"] else toml.rstrip().count("\n") + 1
    what = match["what"]
    return Fault(line, f"this is not TOML: {what[:1].lower()}{what[1:]}", source)


def duration(raw: Any) -> timedelta:
    """Days, hours and minutes, in this order: "1d", "4h", "1h30m"."""
    match = _DURATION.fullmatch(text(raw))
    if match is None or not any(match.groups()):
        raise ValueError('must be a time such as "15m", "4h", "1h30m" or "1d"')
    days, hours, minutes = (int(part or 0) for part in match.groups())
    span = timedelta(days=days, hours=hours, minutes=minutes)
    if not span:
        raise ValueError("must be longer than nothing")
    return span


def _kind(raw: Any) -> Kind:
    name = text(raw)
    if name not in set(Kind):
        raise ValueError(f'names an unknown kind "{name}"; {suggest(name, Kind)}')
    return Kind(name)


def _canonical(raw: Any) -> str:
    name = text(raw)
    if name not in _CANONICAL:
        raise ValueError(f'cannot become "{name}", which is not one of our names; {suggest(name, _CANONICAL)}')
    return name


def _channel(raw: Any) -> str:
    if not _CHANNEL.fullmatch(text(raw)):
        raise ValueError('must be a Slack channel, such as "#finance-refunds" or "C0123456789"')
    return text(raw)


def _member(raw: Any) -> str:
    if not _MEMBER.fullmatch(text(raw)):
        raise ValueError('must be a Slack user group ("@handle" or "S0123456789") or a user id ("U0123456789")')
    return text(raw)


def _number(raw: Any) -> str:
    """Compared by its digits, so one without any would fit every hidden number."""
    if sum(sign.isdigit() for sign in text(raw)) < _SHORTEST_NUMBER:
        raise ValueError('must be a phone number such as "+12025550143"')
    return text(raw)


def _intent(raw: str) -> str:
    """Compared without regard to case, spaces and hyphens, since every DialNexa workspace writes its own."""
    return text(raw).lower().replace("-", "_").replace(" ", "_")


def _amount(currency: str) -> Reader:
    def read(raw: Any) -> int:
        if not isinstance(raw, str):
            raise ValueError('must be an amount in quotes, such as "100.00"')
        return _minor(text(raw), currency)

    return one(read)


def _minor(amount: str, currency: str) -> int:
    try:
        minor = to_minor(amount, currency)
    except ValueError as wrong:
        raise ValueError(f"must be an amount: {wrong}") from None
    if minor <= 0:
        raise ValueError("must be more than nothing")
    return minor


def _currency(raw: str) -> str:
    if raw != raw.upper():
        raise ValueError(f'names the currency "{raw}", which must be written in capitals')
    try:
        to_minor("1", raw)
    except ValueError:
        raise ValueError(f'names an unknown currency "{raw}"; use its ISO 4217 code, such as "USD"') from None
    return raw


_TEXT = one(text)
_TEXTS = listed(_TEXT)
_DURATION_VALUE = one(duration)
_AMOUNTS = mapped(_amount, _currency)

_KIND = shaped(
    {
        "enabled": one(flag),
        "channel": _TEXT,
        "owner": _TEXT,
        "due": _DURATION_VALUE,
        "escalate": listed(shaped({"after": _DURATION_VALUE, "to": _TEXT}, needs=("after", "to"))),
    }
)
_BAND = shaped(
    {
        "kinds": listed(one(_kind), some=True),
        "up_to": _AMOUNTS,
        "quorum": one(count),
        "groups": listed(_TEXT, some=True),
        "at_least": mapped(lambda _: one(count)),
    },
    needs=("quorum", "groups"),
)
_AUTOMATIC = shaped({"enabled": one(flag), "up_to": _AMOUNTS, "confidence": one(share), "per_day": _AMOUNTS})
_TOP: dict[str, Reader] = {
    "channels": mapped(lambda _: one(_channel)),
    "groups": mapped(lambda _: listed(one(_member))),
    "kinds": mapped(lambda _: _KIND, _kind),
    "bands": listed(_BAND, some=True),
    "time": shaped(
        {"reminders": listed(_DURATION_VALUE), "expires": _DURATION_VALUE, "warn_before_expiry": _DURATION_VALUE}
    ),
    "limits": shaped({"per_customer_per_day": _AMOUNTS, "per_approver_per_day": _AMOUNTS, "per_case": _AMOUNTS}),
    "automatic": mapped(lambda _: _AUTOMATIC, _kind),
    "intake": shaped({"confidence_floor": one(share), "mute_agents": _TEXTS, "mute_numbers": listed(one(_number))}),
    "vip": shaped({"emails": _TEXTS, "accounts": _TEXTS}),
    "regions": mapped(lambda _: REGION),
    "digest": DIGEST,
    "fields": mapped(lambda _: one(_canonical)),
    "intents": mapped(lambda _: one(_kind), _intent),
}
