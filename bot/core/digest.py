"""Count the figures of a span of time from its cases; `cards/digest.py` draws them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from bot.core.model import Case, CaseState, Kind, Money, Verdict
from bot.core.playbooks import PLAYBOOKS
from bot.core.records import REASONS

MOST_REASONS = 5


@dataclass(frozen=True)
class Counted:
    """Hold a case as a digest sees it."""

    case: Case
    money: Money | None  # of its current proposal
    pays: bool  # it was approved to pay `money`
    automatic: bool
    decided_at: datetime | None  # the last decision on its current version
    verdict: Verdict | None  # a reject wins, since one is enough


@dataclass(frozen=True)
class Pace:
    """Hold how long the decisions on a kind took."""

    count: int
    median: timedelta
    p95: timedelta  # 95 of 100 were at least as quick
    in_time: int  # decided before they were due


@dataclass(frozen=True)
class Digest:
    since: datetime
    until: datetime
    opened: Mapping[Kind, int]
    approved: Mapping[str, int]  # ISO 4217 currency -> minor units that were approved to be paid
    refused: Mapping[str, int]  # likewise of rejected cases
    pace: Mapping[Kind, Pace]
    decided: int
    automatic: int  # of the decided ones, those that the policy approved by itself
    reasons: tuple[tuple[str, int], ...]  # what callers gave as their reason, most frequent first
    stuck: tuple[Case, ...]  # now, longest first
    waiting: int  # open now
    overdue: int  # of the waiting ones, those past their due time


def digest(counted: Sequence[Counted], since: datetime, until: datetime) -> Digest:
    """Count what was opened or decided from `since` until before `until`; what waits is counted as it stands."""
    opened = [entry for entry in counted if since <= entry.case.opened_at < until]
    decided = [entry for entry in counted if _decided(entry) and entry.decided_at and since <= entry.decided_at < until]
    waiting = [entry.case for entry in counted if entry.case.state is CaseState.OPEN]
    return Digest(
        since=since,
        until=until,
        opened=dict(Counter(entry.case.kind for entry in opened).most_common()),
        approved=_sums(entry for entry in decided if entry.verdict is Verdict.APPROVE and entry.pays),
        refused=_sums(entry for entry in decided if entry.verdict is Verdict.REJECT),
        pace={kind: _pace([entry for entry in decided if entry.case.kind is kind]) for kind in _kinds(decided)},
        decided=len(decided),
        automatic=sum(entry.automatic for entry in decided),
        reasons=_reasons(entry.case for entry in opened),
        stuck=tuple(entry.case for entry in counted if entry.case.state is CaseState.STUCK),
        waiting=len(waiting),
        overdue=sum(case.due_at < until for case in waiting),
    )


def _decided(entry: Counted) -> bool:
    """Return whether a case is decided: an approval that still waits for others is not the end of it."""
    return entry.case.state not in (CaseState.OPEN, CaseState.EXPIRED)


def _kinds(decided: Sequence[Counted]) -> list[Kind]:
    return [kind for kind, _ in Counter(entry.case.kind for entry in decided).most_common()]


def _sums(counted: Iterable[Counted]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for entry in counted:
        if entry.money is not None:
            sums[entry.money.currency] += entry.money.amount_minor
    return dict(sorted(sums.items()))


def _pace(decided: Sequence[Counted]) -> Pace:
    took = sorted(entry.decided_at - entry.case.opened_at for entry in decided if entry.decided_at is not None)
    in_time = sum(entry.decided_at <= entry.case.due_at for entry in decided if entry.decided_at is not None)
    middle = timedelta(seconds=median(span.total_seconds() for span in took))
    return Pace(count=len(took), median=middle, p95=took[math.ceil(0.95 * len(took)) - 1], in_time=in_time)


def _reasons(cases: Iterable[Case]) -> tuple[tuple[str, int], ...]:
    """Count reasons that are alike but for capitals and spaces; those that only few may read are left out."""
    stated = [
        " ".join(value.split()).casefold()
        for case in cases
        for name in REASONS
        if not case.details.sensitive and not PLAYBOOKS[case.kind].restricted
        if (value := getattr(case.details.fields, name))
    ]
    return tuple(Counter(stated).most_common(MOST_REASONS))
