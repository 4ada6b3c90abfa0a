"""Hold what a finance team may change, as frozen values; `bot/core/policy/file.py` reads them from `policy.toml`.

Amounts are minor units by ISO 4217 currency. How a value is written in the file stands in `values.py`. What the parts
of a file must be to each other is checked only while one is read, so that code may build any policy.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import time, timedelta
from functools import cached_property
from typing import Annotated, Any, Self, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from bot.core.model import Details, Fact, Frozen, Kind, Money
from bot.core.policy import values
from bot.core.policy.values import DEFAULT, Names, Path, fault, plain_intent, raise_faults, suggest

REQUIRED_CHANNELS = ("review", "fallback")  # where unclear calls go, and cards whose own channel is closed

Faults = Iterator[tuple[Path, ValueError]]


def _some(entries: Any, info: ValidationInfo) -> Any:
    if info.context is not None and not entries:
        raise ValueError("is empty; name at least one")
    return entries


Some = AfterValidator(_some)
InOrder = AfterValidator(lambda entries: tuple(sorted(set(entries))))


class Escalation(Frozen):
    after: values.Duration
    to: values.Somebody  # a group of the policy, or a Slack user id


class KindRules(Frozen):
    """Hold one table of [kinds]; what it leaves out (`None`) is as in the kind's playbook."""

    enabled: values.Flag = True
    channel: values.ChannelName | None = None  # a name in [channels]
    owner: values.Somebody | None = None  # a group of the policy, or a Slack user id
    due: values.Duration | None = None
    escalate: tuple[Escalation, ...] = ()


class Band(Frozen):
    """Say who must agree on the kinds and amounts that it covers."""

    kinds: Annotated[tuple[values.KindName, ...], Some] | None = None  # None: every kind
    up_to: values.Amounts | None = None  # inclusive; None: any amount, or none at all
    quorum: values.Count  # how many different people
    groups: Annotated[tuple[values.GroupName, ...], Some]
    at_least: dict[str, values.Count] = Field(default_factory=dict)  # how many of them from one group

    def fits(self, money: Money | None) -> bool:
        """Say whether it covers the amount: with limits, none below zero, of another currency, or not stated."""
        if self.up_to is None:
            return True
        return money is not None and 0 <= money.amount_minor <= self.up_to.get(money.currency, -1)

    @model_validator(mode="after")
    def _can_be_met(self, info: ValidationInfo) -> Self:
        raise_faults(self._faults(cast("Names", info.context)), info)
        return self

    def _faults(self, names: Names) -> Faults:
        if self.up_to == {}:
            yield ("up_to",), fault('"up_to" names no currency; name at least one, or leave it out for any amount')
        for name in self.at_least:
            if name not in self.groups:
                other = f'"at_least" counts "{name}", which is not in "groups" of this band'
                yield ("at_least", name), fault(f"{other}; {suggest(name, self.groups)}")
        if (total := sum(self.at_least.values())) > self.quorum:
            rule = f'"at_least" asks for {total}, more than the quorum of {self.quorum}; raise "quorum" to {total}'
            yield ("at_least",), fault(rule)
        asked = [("quorum", self.groups, self.quorum)]
        asked += [("at_least", (name,), number) for name, number in self.at_least.items() if name in self.groups]
        for key, groups, number in asked:
            if (people := names.too_few(groups, number)) is not None:
                who = f'"{key}" asks for {number}, but {" and ".join(groups)} has only {people}'
                yield (key,), fault(f"{who}; add members or ask for fewer")


class Time(Frozen):
    reminders: tuple[values.Duration, ...] = ()
    expires: values.Duration | None = None
    warn_before_expiry: values.Duration | None = None

    @model_validator(mode="after")
    def _before_it_expires(self, info: ValidationInfo) -> Self:
        raise_faults(self._faults(self.expires or timedelta.max), info)
        return self

    def _faults(self, expires: timedelta) -> Faults:
        if any(reminder >= expires for reminder in self.reminders):
            yield ("reminders",), fault('every one of "reminders" must come before "expires"')
        if self.warn_before_expiry is not None and self.warn_before_expiry >= expires:
            yield ("warn_before_expiry",), fault('"warn_before_expiry" must be shorter than "expires"')


class Limits(Frozen):
    per_customer_per_day: values.Amounts = Field(default_factory=dict)
    per_approver_per_day: values.Amounts = Field(default_factory=dict)
    per_case: values.Amounts = Field(default_factory=dict)


class Automatic(Frozen):
    enabled: values.Flag = False
    up_to: values.Amounts = Field(default_factory=dict)
    confidence: values.Share = 0.95
    per_day: values.Amounts = Field(default_factory=dict)


class Intake(Frozen):
    confidence_floor: values.Share = 0.7  # below it: review
    mute_agents: tuple[values.Text, ...] = ()
    mute_numbers: tuple[values.PhoneNumber, ...] = ()


class Vip(Frozen):
    emails: tuple[values.Text, ...] = ()
    accounts: tuple[values.Text, ...] = ()


class Region(Frozen):
    """Say where the people of a channel are, and when they work. Hours and days are those of `time_zone`."""

    model_config = ConfigDict(validate_by_name=True)

    time_zone: values.TimeZone = "UTC"  # IANA
    locale: values.LocaleName = "en_US"  # CLDR, for Babel
    business_days: Annotated[tuple[values.Weekday, ...], Some, InOrder] = (0, 1, 2, 3, 4)
    opens: values.Opens = Field(default=time(9), validation_alias="business_hours")
    closes: values.Closes = Field(
        default=time(18), validation_alias="business_hours"
    )  # the end of the day is `time.max`
    holidays: Annotated[tuple[values.Holiday, ...], InOrder] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Digest(Frozen):
    """Say when the weekly digest is due, in the time zone of its channel; day and time are one value of the file."""

    model_config = ConfigDict(validate_by_name=True)

    channel: values.ChannelName  # a name in [channels]
    weekday: values.DayOfWeekTime = Field(validation_alias="at")  # Monday is 0
    at: values.HourOfWeekTime


class Policy(Frozen):
    channels: dict[str, values.Channel]  # name -> Slack channel id or #name; always has "review" and "fallback"
    groups: dict[str, tuple[values.Member, ...]]  # name -> Slack user groups (@handle or id) and user ids
    kinds: dict[values.KindName, KindRules] = Field(default_factory=dict)  # without a table: as in its playbook
    bands: Annotated[tuple[Band, ...], Some]  # the first that fits decides; the last covers everything
    time: Time = Time()
    limits: Limits = Limits()
    automatic: dict[values.KindName, Automatic] = Field(default_factory=dict)
    intake: Intake = Intake()
    vip: Vip = Vip()
    regions: dict[values.RegionName, Region] = Field(default_factory=dict)  # a name in [channels], or "default"
    digest: Digest | None = None  # None: on demand only
    fields: dict[str, values.Canonical] = Field(default_factory=dict)  # DialNexa's field name -> ours
    intents: dict[values.Intent, values.KindName] = Field(default_factory=dict)  # DialNexa's plain intent -> kind
    _shadow: "Policy | None" = PrivateAttr(default=None)

    @property
    def shadow(self) -> "Policy | None":
        """Return the policy that is tried beside this one and decides nothing, if there is one."""
        return self._shadow

    def with_shadow(self, shadow: "Policy") -> "Policy":
        """Return a policy that decides as this one does, has its version, and is watched by the shadow."""
        watched = self.model_copy()
        watched._shadow = shadow
        return watched

    @cached_property
    def version(self) -> str:
        """Return twelve hexadecimal digits of the SHA-256 of what it says; comments and order do not count."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def region(self, channel: str = DEFAULT) -> Region:
        """Return the region of a name in [channels]; without a table of its own, that of [regions.default]."""
        return self.regions.get(channel) or self.regions.get(DEFAULT) or Region()

    @field_validator("channels")
    @classmethod
    def _required_channels(cls, channels: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        needs = '[channels] needs "{0}", for example {0} = "#finance-review"'
        raise_faults([((), fault(needs.format(name))) for name in REQUIRED_CHANNELS if name not in channels], info)
        return channels

    @field_validator("kinds")
    @classmethod
    def _review_stays(cls, kinds: dict[Kind, KindRules], info: ValidationInfo) -> dict[Kind, KindRules]:
        if Kind.REVIEW in kinds and not kinds[Kind.REVIEW].enabled:
            wrong = fault("review cannot be switched off: calls that are not clear go there")
            raise_faults([((Kind.REVIEW.value, "enabled"), wrong)], info)
        return kinds

    @field_validator("bands")
    @classmethod
    def _reached(cls, bands: tuple[Band, ...], info: ValidationInfo) -> tuple[Band, ...]:
        raise_faults(_band_faults(bands), info)
        return bands

    @field_validator("automatic")
    @classmethod
    def _limited(cls, kinds: dict[Kind, Automatic], info: ValidationInfo) -> dict[Kind, Automatic]:
        limits: Limits | None = info.data.get("limits")  # None: they have faults of their own
        raise_faults(_automatic_faults(kinds, None if limits is None else limits.per_customer_per_day), info)
        return kinds

    @field_validator("regions")
    @classmethod
    def _with_default(cls, regions: dict[str, Region]) -> dict[str, Region]:
        """Take what a region leaves out from [regions.default]."""
        default = regions.get(DEFAULT, Region())
        return {
            name: default.model_copy(update={key: getattr(region, key) for key in region.model_fields_set})
            for name, region in regions.items()
        }

    @field_validator("intents", mode="before")
    @classmethod
    def _one_kind_an_intent(cls, intents: Any, info: ValidationInfo) -> Any:
        if isinstance(intents, dict):
            raise_faults(_intent_faults(intents), info)
        return intents


def _intent_faults(intents: Mapping[str, Any]) -> Faults:
    """Find intents that mean two kinds, because they are written in two ways."""
    first: dict[str, str] = {}
    for name in intents:
        same = first.setdefault(plain_intent(name), name)
        if intents[same] != intents[name]:
            yield (name,), fault(f'"{name}" and "{same}" are the same intent; give both the same kind')


def _automatic_faults(kinds: Mapping[Kind, Automatic], per_customer: Mapping[str, int] | None) -> Faults:
    """Find missing limits: paying without a person needs one a case, a customer and a day, in each currency."""
    for kind, rules in kinds.items():
        table, path = f"[automatic.{kind}]", (kind.value,)
        if not rules.enabled:
            continue
        for key, amounts in (("up_to", rules.up_to), ("per_day", rules.per_day)):
            if not amounts:
                yield path, fault(f'{table} may only be switched on with limits; add "{key}"')
        for currency in rules.up_to:
            if rules.per_day and currency not in rules.per_day:
                yield (*path, "per_day"), fault(f'"per_day" in {table} needs a limit in {currency} too')
            if per_customer is not None and currency not in per_customer:
                needs = f'{table} needs "per_customer_per_day" in [limits] with a limit in {currency}'
                yield path, fault(needs)


def _band_faults(bands: Sequence[Band]) -> Faults:
    last = len(bands) - 1
    for n, band in enumerate(bands):
        kinds = tuple(dict.fromkeys(band.kinds or Kind))
        lost = [kind for kind in kinds if _covered(bands[:n], kind, band.up_to)]
        decided = "the ones above it decide first; move it up or"
        if len(lost) == len(kinds) and not (n == last and band.kinds is None):
            yield (n,), fault(f"this band is never reached, {decided} remove it")
        elif lost and band.kinds:
            names = " and ".join(lost)
            yield (n, "kinds"), fault(f"this band is never reached for {names}, {decided} take out {names}")
    if bands and (bands[last].kinds is not None or bands[last].up_to is not None):
        rule = 'the last [[bands]] must cover everything else; add one without "kinds" and "up_to" at the end'
        yield (last,), fault(rule)


def _covered(above: Sequence[Band], kind: Kind, up_to: Mapping[str, int] | None) -> bool:
    """Say whether bands above decide on every amount that this one would."""
    limits: dict[str, int] = {}
    for band in above:
        if band.kinds is None or kind in band.kinds:
            if band.up_to is None:
                return True
            limits |= {code: max(limit, limits.get(code, limit)) for code, limit in band.up_to.items()}
    return up_to is not None and all(limits.get(currency, -1) >= limit for currency, limit in up_to.items())


def is_vip(policy: Policy, details: Details, facts: Iterable[Fact] = ()) -> bool:
    """Say whether a customer is a VIP: by the call's flag, by e-mail or account in the policy, or by HubSpot."""
    fields = details.fields
    return (
        fields.vip is True
        or _listed(fields.email, policy.vip.emails)
        or _listed(fields.account_id, policy.vip.accounts)
        or any(fact.name == "contact" and fact.values.get("vip") is True for fact in facts)
    )


def _listed(value: str | None, listed: Sequence[str]) -> bool:
    return value is not None and value.strip().casefold() in {entry.strip().casefold() for entry in listed}
