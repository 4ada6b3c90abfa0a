"""What the parts of a policy file must be to each other: names that exist, bands that can be met."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from bot.core.model import Kind
from bot.core.policy.model import Amounts
from bot.core.policy.regions import check_places
from bot.core.policy.sheet import Sheet, suggest

REQUIRED_CHANNELS = ("review", "fallback")  # where unclear calls go, and cards whose own channel is closed

_USER = re.compile(r"[UW][A-Z0-9]{2,}")


def check(sheet: Sheet, tree: dict[str, Any], found: dict[str, Any]) -> None:
    """Notes what is wrong; `tree` is the file as it stands, `found` the part of it that could be read."""
    channels, groups = _keys(tree.get("channels")), _keys(tree.get("groups"))
    if "channels" in found:
        for name in REQUIRED_CHANNELS:
            if name not in channels:
                sheet.note(("channels",), f'[channels] needs "{name}", for example {name} = "#finance-review"')
    _kinds(sheet, found.get("kinds", {}), channels, groups)
    _time(sheet, found.get("time", {}))
    _automatic(sheet, found.get("automatic", {}), found.get("limits", {}).get("per_customer_per_day", {}))
    _intents(sheet, tree.get("intents"))
    check_places(sheet, found, channels)
    if "bands" in found:
        _bands(sheet, tree["bands"], found["bands"], groups, found.get("groups", {}))


def _keys(table: Any) -> tuple[str, ...]:
    return tuple(table) if isinstance(table, dict) else ()


def _kinds(sheet: Sheet, kinds: dict[Kind, dict[str, Any]], channels: Collection[str], groups: Collection[str]) -> None:
    for kind, rules in kinds.items():
        path = ("kinds", kind.value)
        channel = rules.get("channel")
        if channel is not None and channel not in channels:
            sheet.note((*path, "channel"), f'"{channel}" is not in [channels]; {suggest(channel, channels)}')
        if "owner" in rules:
            _somebody(sheet, (*path, "owner"), rules["owner"], groups)
        for n, step in enumerate(rules.get("escalate", ())):
            if "to" in step:
                _somebody(sheet, (*path, "escalate", n, "to"), step["to"], groups)
        if kind is Kind.REVIEW and rules.get("enabled") is False:
            sheet.note((*path, "enabled"), "review cannot be switched off: calls that are not clear go there")


def _somebody(sheet: Sheet, path: tuple[str | int, ...], name: str, groups: Collection[str]) -> None:
    if name not in groups and not _USER.fullmatch(name):
        sheet.note(path, f'"{name}" is not in [groups], nor a Slack user id; {suggest(name, groups)}')


def _time(sheet: Sheet, time: dict[str, Any]) -> None:
    expires = time.get("expires")
    if expires is None:
        return
    if any(reminder >= expires for reminder in time.get("reminders", ())):
        sheet.note(("time", "reminders"), 'every one of "reminders" must come before "expires"')
    if "warn_before_expiry" in time and time["warn_before_expiry"] >= expires:
        sheet.note(("time", "warn_before_expiry"), '"warn_before_expiry" must be shorter than "expires"')


def _automatic(sheet: Sheet, kinds: dict[Kind, dict[str, Any]], per_customer: Amounts) -> None:
    """What is paid without a person needs a limit for a case, for a customer and for a day, in each currency."""
    for kind, rules in kinds.items():
        if not rules.get("enabled"):
            continue
        path = ("automatic", kind.value)
        for key in ("up_to", "per_day"):
            if not rules.get(key):
                sheet.note(path, f'[automatic.{kind}] may only be switched on with limits; add "{key}"')
        for currency in rules.get("up_to", {}):
            if rules.get("per_day") and currency not in rules["per_day"]:
                sheet.note((*path, "per_day"), f'"per_day" in [automatic.{kind}] needs a limit in {currency} too')
            if currency not in per_customer:
                message = f'[automatic.{kind}] needs "per_customer_per_day" in [limits] with a limit in {currency}'
                sheet.note(path, message)


def _intents(sheet: Sheet, intents: Any) -> None:
    """Two ways to write one intent must not mean two kinds."""
    first: dict[str, str] = {}
    for name in _keys(intents):
        plain = name.strip().lower().replace("-", "_").replace(" ", "_")
        same = first.setdefault(plain, name)
        if intents[same] != intents[name]:
            sheet.note(("intents", name), f'"{name}" and "{same}" are the same intent; give both the same kind')


def _bands(
    sheet: Sheet,
    raw: list[Any],
    bands: Sequence[dict[str, Any]],
    groups: Collection[str],
    members: dict[str, tuple[str, ...]],
) -> None:
    for n, band in enumerate(bands):
        if band.get("up_to") == {} == raw[n]["up_to"]:
            message = '"up_to" names no currency; name at least one, or leave it out for any amount'
            sheet.note(("bands", n, "up_to"), message)
        _band_groups(sheet, n, band, groups)
        _band_people(sheet, n, band, members)
    whole = [
        band if isinstance(entry, dict) and _is_whole(entry, band) else None
        for entry, band in zip(raw, bands, strict=True)
    ]
    for n, found in enumerate(whole):
        if found is not None:
            _reach(sheet, n, found, [other for other in whole[:n] if other is not None], last=n == len(whole) - 1)
    if not isinstance(raw[-1], dict) or {"kinds", "up_to"} & raw[-1].keys():
        message = 'the last [[bands]] must cover everything else; add one without "kinds" and "up_to" at the end'
        sheet.note(("bands", len(raw) - 1), message)


def _is_whole(entry: dict[str, Any], band: dict[str, Any]) -> bool:
    """A band whose reach could not be read is not held against others."""
    return all(band.get(key) for key in ("kinds", "up_to") if key in entry)


def _band_groups(sheet: Sheet, n: int, band: dict[str, Any], groups: Collection[str]) -> None:
    for i, name in enumerate(band.get("groups", ())):
        if name not in groups:
            sheet.note(("bands", n, "groups", i), f'"{name}" is not in [groups]; {suggest(name, groups)}')
    at_least: dict[str, int] = band.get("at_least", {})
    for name in at_least:
        if "groups" in band and name not in band["groups"]:
            message = (
                f'"at_least" counts "{name}", which is not in "groups" of this band; {suggest(name, band["groups"])}'
            )
            sheet.note(("bands", n, "at_least", name), message)
    total = sum(at_least.values())
    if "quorum" in band and total > band["quorum"]:
        message = f'"at_least" asks for {total}, more than the quorum of {band["quorum"]}; raise "quorum" to {total}'
        sheet.note(("bands", n, "at_least"), message)


def _band_people(sheet: Sheet, n: int, band: dict[str, Any], members: dict[str, tuple[str, ...]]) -> None:
    """Where a group lists nothing but user ids, it is known whether there are enough of them."""
    asked = [("quorum", band.get("groups", ()), band.get("quorum", 0))]
    asked += [("at_least", (name,), number) for name, number in band.get("at_least", {}).items()]
    for key, names, number in asked:
        people = {member for name in names for member in members.get(name, ("@unknown",))}
        if len(people) < number and all(_USER.fullmatch(person) for person in people):
            who = " and ".join(names)
            message = f'"{key}" asks for {number}, but {who} has only {len(people)}; add members or ask for fewer'
            sheet.note(("bands", n, key), message)


def _reach(sheet: Sheet, n: int, band: dict[str, Any], above: Sequence[dict[str, Any]], *, last: bool) -> None:
    named: Iterable[Kind] = band.get("kinds", ())
    kinds = list(dict.fromkeys(named or Kind))
    lost = [kind for kind in kinds if _covered(above, kind, band.get("up_to"))]
    if len(lost) == len(kinds) and not (last and not named):
        sheet.note(("bands", n), "this band is never reached, the ones above it decide first; move it up or remove it")
    elif lost and named:
        names = " and ".join(lost)
        message = (
            f"this band is never reached for {names}, the ones above it decide first; move it up or take out {names}"
        )
        sheet.note(("bands", n, "kinds"), message)


def _covered(above: Sequence[dict[str, Any]], kind: Kind, up_to: Amounts | None) -> bool:
    """Whether bands above decide on every amount that this one would."""
    limits: Amounts = {}
    for band in above:
        if kind in band.get("kinds", (kind,)):
            if "up_to" not in band:
                return True
            for currency, limit in band["up_to"].items():
                limits[currency] = max(limit, limits.get(currency, limit))
    return up_to is not None and all(limits.get(currency, -1) >= limit for currency, limit in up_to.items())
