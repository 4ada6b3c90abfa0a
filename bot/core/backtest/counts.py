"""What differs between two policies, counted by kind."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import Field

from bot.core.backtest.evaluation import Evaluation, Trial
from bot.core.backtest.replay import Ruled, replay
from bot.core.model import Frozen, Kind, Money, Proposal
from bot.core.policy import Band, Policy
from bot.core.policy.words import rule

CHANGED_AT_MOST = 100  # cases that are named; all of them are counted

NOT_REPLAYED = (
    "[fields], mute_agents and mute_numbers work before a call is kept, so they are not tried.",
    "Pauses are not tried, nor what happens by time: due, reminders, escalation, expiry.",
)


class Both(Frozen):
    """Under the policy in force, and under the new one."""

    now: int = 0
    new: int = 0


class Counts(Frozen):
    """Cases of one kind, or of all kinds. Money is in minor units by currency."""

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
    """What can be said of some cases; those that move wait until all of them are there."""

    tallies: dict[Kind, Counter[str]]
    changed: list[tuple[float, Changed]]  # when it opened; the earliest CHANGED_AT_MOST
    changed_cases: int
    moving: list[Evaluation]


def count(trial: Trial, alike: Sequence[Sequence[Evaluation]]) -> Part:
    """Cases with one outcome together: of some that do not move, or of all that do."""
    firsts = [cases[0] for cases in alike]
    tallies: dict[Kind, Counter[str]] = {}
    changed: list[tuple[float, str, Evaluation, Ruled, Ruled]] = []
    for cases, now, new in zip(alike, replay(trial.now, firsts, 0), replay(trial.new, firsts, 1), strict=True):
        differs = differences(now, new)
        tally = tallies.setdefault(now.kind, Counter())
        for name in ("calls", *differs, *_outcome(cases[0], now, "now"), *_outcome(cases[0], new, "new")):
            tally[name] += len(cases)
        if now.alone or new.alone:
            _pay(tally, cases, now, new)
        if differs:
            changed += [(case.opened_s, case.case_id, case, now, new) for case in cases]
    first = sorted(changed, key=lambda one: one[:2])[:CHANGED_AT_MOST]
    named = [(at, _changed(trial, case, now, new)) for at, _, case, now, new in first]
    return Part(tallies, named, len(changed), [])


def alike(amount_for_policy: Iterable[Evaluation]) -> list[list[Evaluation]]:
    """Cases that do not move, put together with those of the same outcome."""
    found: dict[tuple[object, ...], list[Evaluation]] = {}
    for case in amount_for_policy:
        given = tuple(
            (made.groups, bool(made.people), *sorted({*made.people} & {*case.authors})) for made in case.approvals
        )
        sum_ = case.money if case.would[0].pays or case.would[1].pays else case.money and case.money[1]
        found.setdefault((case.would, case.rejected, given, case.authors, sum_), []).append(case)
    return list(found.values())


def add_up(trial: Trial, parts: Sequence[Part], *, since: datetime, until: datetime) -> Report:
    whole = [*parts, count(trial, [[case] for part in parts for case in part.moving])]
    tallies = {kind: sum((part.tallies.get(kind, Counter()) for part in whole), Counter[str]()) for kind in Kind}
    changed = sorted((one for part in whole for one in part.changed), key=lambda one: (one[0], one[1].case_id))
    return Report(
        since=since,
        until=until,
        now=trial.now.version,
        new=trial.new.version,
        total=_counts(sum(tallies.values(), Counter())),
        kinds={kind: _counts(tally) for kind, tally in tallies.items() if tally},
        changed=tuple(one for _, one in changed[:CHANGED_AT_MOST]),
        changed_cases=sum(part.changed_cases for part in whole),
    )


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


def _pay(tally: Counter[str], cases: Sequence[Evaluation], now: Ruled, new: Ruled) -> None:
    for case in cases:
        amount, currency = case.money or (0, "")
        tally[f"paid now {currency}"] += amount * now.alone
        tally[f"paid new {currency}"] += amount * new.alone


def _counts(tally: Counter[str]) -> Counts:
    def both(name: str, unit: str = "") -> Both:
        return Both(now=tally[f"{name} now{unit}"], new=tally[f"{name} new{unit}"])

    currencies = sorted({name.rpartition(" ")[2] for name in tally if name.startswith("paid ")})
    single = (
        "calls",
        "other_kind",
        "other_channel",
        "more_people",
        "fewer_people",
        "other_people",
        "not_enough",
        "against_people",
    )
    return Counts(
        **{name: tally[name] for name in single},
        automatic=both("automatic"),
        review=both("review"),
        without_review={currency: both("paid", f" {currency}") for currency in currencies},
    )


def _changed(trial: Trial, case: Evaluation, now: Ruled, new: Ruled) -> Changed:
    was, becomes = (_in_words(policy, case, ruled) for policy, ruled in ((trial.now, now), (trial.new, new)))
    return Changed(case_id=case.case_id, kind=now.kind, differs=differences(now, new), now=was, new=becomes)


def _in_words(policy: Policy, case: Evaluation, ruled: Ruled) -> str:
    money = case.money and Money(amount_minor=case.money[0], currency=case.money[1])
    about = Proposal(
        case_id=case.case_id,
        version=1,
        kind=ruled.kind,
        money=money,
        created_at=datetime.fromtimestamp(case.opened_s, UTC),
    )
    words = "automatic" if ruled.band is None else rule(policy, ruled.band, about, ruled.over)
    return f"{ruled.kind} in {ruled.channel}, {words}"
