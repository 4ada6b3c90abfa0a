"""Count by kind what differs between two policies."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from bot.core.backtest.evaluation import Evaluation, Trial
from bot.core.backtest.replay import Ruled, replay
from bot.core.model import Frozen, Kind
from bot.core.policy import Band, Policy
from bot.core.policy.bands import rule

CHANGED_AT_MOST = 100  # cases that are named; all of them are counted

NOT_REPLAYED = (
    "[fields], mute_agents and mute_numbers work before a call is kept, so they are not tried.",
    "Pauses are not tried, nor what happens by time: due, reminders, escalation, expiry.",
)


class Both(Frozen):
    """Hold a number under the policy in force, and under the new one."""

    now: int = 0
    new: int = 0


class Counts(Frozen):
    """Count the cases of one kind, or of all kinds. Money is in minor units by currency."""

    calls: int = 0
    automatic: Both = Both()
    review: Both = Both()
    other_kind: int = 0
    other_channel: int = 0
    more_people: int = 0
    fewer_people: int = 0
    other_people: int = 0
    not_enough: int = 0  # people approved it, and under the new policy that would not do
    against_people: int = 0  # people rejected it, and the new policy would have paid it
    without_review: dict[str, Both] = Field(default_factory=dict)  # paid without a person


class Changed(Frozen):
    case_id: str
    kind: Kind
    differs: tuple[str, ...]  # names of the columns of `Counts`
    now: str  # the rule in words
    new: str


class Report(Frozen):
    since: datetime
    until: datetime
    now: str  # versions of the policies
    new: str
    total: Counts
    kinds: dict[Kind, Counts]  # as the policy in force has them
    changed: tuple[Changed, ...]  # at most CHANGED_AT_MOST, earliest first
    changed_cases: int
    not_replayed: tuple[str, ...] = NOT_REPLAYED


class Part(NamedTuple):
    """Hold what can be said of some cases; those that move wait until all of them are there."""

    tallies: dict[Kind, Counter[str]]
    changed: list[tuple[datetime, Changed]]  # when it opened; the earliest CHANGED_AT_MOST
    changed_cases: int
    moving: tuple[Evaluation, ...] = ()


def part_of(trial: Trial, cases: Iterable[Evaluation]) -> Part:
    """Count all that can be said of these cases without the others."""
    settled: list[Evaluation] = []
    moving: list[Evaluation] = []
    for case in cases:
        (moving if case.moves else settled).append(case)
    return _count(trial, settled)._replace(moving=tuple(moving))


def add_up(trial: Trial, parts: Sequence[Part], *, since: datetime, until: datetime) -> Report:
    """Count the cases that move, and put all counts together."""
    whole = [*parts, _count(trial, [case for part in parts for case in part.moving])]
    tallies = {kind: sum((part.tallies.get(kind, Counter()) for part in whole), Counter[str]()) for kind in Kind}
    changed = _earliest(entry for part in whole for entry in part.changed)
    return Report(
        since=since,
        until=until,
        now=trial.now.version,
        new=trial.new.version,
        total=_counts(sum(tallies.values(), Counter())),
        kinds={kind: _counts(tally) for kind, tally in tallies.items() if tally},
        changed=tuple(case for _, case in changed),
        changed_cases=sum(part.changed_cases for part in whole),
    )


def _count(trial: Trial, cases: Sequence[Evaluation]) -> Part:
    """Count some of the cases that do not move, or all of those that do."""
    tallies: dict[Kind, Counter[str]] = {}
    changed: list[tuple[datetime, Changed]] = []
    for case, now, new in zip(cases, replay(trial.now, cases, 0), replay(trial.new, cases, 1), strict=True):
        differs = differences(now, new)
        tally = tallies.setdefault(now.kind, Counter())
        tally.update(("calls", *differs, *_outcome(case, now, "now"), *_outcome(case, new, "new")))
        if now.alone or new.alone:
            _pay(tally, case, now, new)
        if differs:
            changed.append((case.opened_at, _changed(trial, case, now, new, differs)))
    return Part(tallies, _earliest(changed), len(changed))


def _earliest(changed: Iterable[tuple[datetime, Changed]]) -> list[tuple[datetime, Changed]]:
    return sorted(changed, key=lambda entry: (entry[0], entry[1].case_id))[:CHANGED_AT_MOST]


def differences(now: Ruled, new: Ruled) -> tuple[str, ...]:
    if now == new:
        return ()
    found = ["automatic"] if now.alone is not new.alone else []
    if now.kind is not new.kind:
        found.append("other_kind")
    elif now.band is not None and new.band is not None:
        found += _people(now.band, new.band)
    if now.channel != new.channel:
        found.append("other_channel")
    return tuple(found)


def _people(now: Band, new: Band) -> list[str]:
    was, becomes = ((band.quorum, sum(band.at_least.values())) for band in (now, new))
    if was != becomes:
        return ["more_people" if becomes > was else "fewer_people"]
    return ["other_people"] if (set(now.groups), now.at_least) != (set(new.groups), new.at_least) else []


def _outcome(case: Evaluation, ruled: Ruled, when: str) -> Iterator[str]:
    if ruled.kind is Kind.REVIEW:
        yield f"review {when}"
    if ruled.alone:
        yield f"automatic {when}"
    if when == "new" and ruled.enough is False:
        yield "not_enough"
    if when == "new" and ruled.alone and case.rejected:
        yield "against_people"


def _pay(tally: Counter[str], case: Evaluation, now: Ruled, new: Ruled) -> None:
    money = case.offers[0].proposal.money
    if money is not None:
        tally[f"paid now {money.currency}"] += money.amount_minor * now.alone
        tally[f"paid new {money.currency}"] += money.amount_minor * new.alone


def _counts(tally: Counter[str]) -> Counts:
    def both(name: str, unit: str = "") -> Both:
        return Both(now=tally[f"{name} now{unit}"], new=tally[f"{name} new{unit}"])

    currencies = sorted({name.rpartition(" ")[2] for name in tally if name.startswith("paid ")})
    single = [name for name, field in Counts.model_fields.items() if field.annotation is int]
    return Counts(
        **{name: tally[name] for name in single},
        automatic=both("automatic"),
        review=both("review"),
        without_review={currency: both("paid", f" {currency}") for currency in currencies},
    )


def _changed(trial: Trial, case: Evaluation, now: Ruled, new: Ruled, differs: tuple[str, ...]) -> Changed:
    was, becomes = _in_words(trial.now, case, now, 0), _in_words(trial.new, case, new, 1)
    return Changed(case_id=case.case_id, kind=now.kind, differs=differs, now=was, new=becomes)


def _in_words(policy: Policy, case: Evaluation, ruled: Ruled, which: int) -> str:
    proposal = case.offers[which].proposal
    words = "automatic" if ruled.band is None else rule(policy, ruled.band, proposal, ruled.over)
    return f"{ruled.kind} in {ruled.channel}, {words}"
