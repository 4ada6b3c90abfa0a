"""What a finance team may change, as frozen values; `bot/core/policy/file.py` reads them from `policy.toml`.

Amounts are minor units by ISO 4217 currency.
"""

import hashlib
import json
from datetime import date, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.core.model import Frozen, Kind, Money

Amounts = dict[str, int]  # ISO 4217 currency -> minor units


class Escalation(Frozen):
    after: timedelta
    to: str  # a group of the policy, or a Slack user id


class KindRules(Frozen):
    """One table of [kinds]; what it leaves out (`None`) is as in the kind's playbook."""

    enabled: bool = True
    channel: str | None = None  # a name in [channels]
    owner: str | None = None  # a group of the policy, or a Slack user id
    due: timedelta | None = None
    escalate: tuple[Escalation, ...] = ()


class Band(Frozen):
    """Who must agree on the kinds and amounts that it covers."""

    kinds: tuple[Kind, ...] | None = None  # None: every kind
    up_to: Amounts | None = None  # inclusive; None: any amount, or none at all
    quorum: int = Field(default=1, ge=1)  # how many different people
    groups: tuple[str, ...]
    at_least: dict[str, int] = Field(default_factory=dict)  # how many of them from one group

    def fits(self, money: Money | None) -> bool:
        """A band with limits covers no amount below zero, in a currency it does not name, or that is not stated."""
        if self.up_to is None:
            return True
        return money is not None and 0 <= money.amount_minor <= self.up_to.get(money.currency, -1)


class Time(Frozen):
    reminders: tuple[timedelta, ...] = ()
    expires: timedelta | None = None
    warn_before_expiry: timedelta | None = None


class Limits(Frozen):
    per_customer_per_day: Amounts = Field(default_factory=dict)
    per_approver_per_day: Amounts = Field(default_factory=dict)
    per_case: Amounts = Field(default_factory=dict)


class Automatic(Frozen):
    enabled: bool = False
    up_to: Amounts = Field(default_factory=dict)
    confidence: float = Field(default=0.95, ge=0, le=1)
    per_day: Amounts = Field(default_factory=dict)


class Intake(Frozen):
    confidence_floor: float = Field(default=0.7, ge=0, le=1)  # below it: review
    mute_agents: tuple[str, ...] = ()
    mute_numbers: tuple[str, ...] = ()


class Vip(Frozen):
    emails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class Region(Frozen):
    """Where the people of a channel are, and when they work. Hours and days are those of `time_zone`."""

    time_zone: str = "UTC"  # IANA
    locale: str = "en_US"  # CLDR, for Babel
    business_days: tuple[int, ...] = (0, 1, 2, 3, 4)  # Monday is 0
    opens: time = time(9)
    closes: time = time(18)  # the end of the day is `time.max`
    holidays: tuple[date, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Digest(Frozen):
    """When the weekly digest is due, in the time zone of its channel."""

    channel: str  # a name in [channels]
    weekday: int  # Monday is 0
    at: time


class Policy(Frozen):
    channels: dict[str, str]  # name -> Slack channel id or #name; always has "review" and "fallback"
    groups: dict[str, tuple[str, ...]]  # name -> Slack user groups (@handle or id) and user ids
    kinds: dict[Kind, KindRules] = Field(default_factory=dict)  # a kind without a table is as in its playbook
    bands: tuple[Band, ...] = Field(min_length=1)  # the first that fits decides; the last covers everything
    time: Time = Time()
    limits: Limits = Limits()
    automatic: dict[Kind, Automatic] = Field(default_factory=dict)
    intake: Intake = Intake()
    vip: Vip = Vip()
    regions: dict[str, Region] = Field(default_factory=dict)  # a name in [channels], or "default"
    digest: Digest | None = None  # None: on demand only
    fields: dict[str, str] = Field(default_factory=dict)  # DialNexa's field name -> ours
    intents: dict[str, Kind] = Field(default_factory=dict)  # DialNexa's intent, lower case with underscores -> kind

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of what it says; comments and the order of tables do not count."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def region(self, channel: str = "default") -> Region:
        """Of a name in [channels]; without a table of its own, and for what has no channel, [regions.default]."""
        return self.regions.get(channel) or self.regions.get("default") or Region()
