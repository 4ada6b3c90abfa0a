"""Cases in the order in which they happened, so that the limits of a day count as they would have.

A day is any 24 hours. What the policy decides alone is paid when the case opens; what people approved is paid when they
did. Both count against the limits of what comes later.
"""

from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from bot.core.backtest.evaluation import Approval, Evaluation, Would
from bot.core.model import Kind, Money
from bot.core.policy import DAY, Band, Limit, Policy, band_for
from bot.core.policy.words import missing

Key = tuple[str, str]  # whose sum, currency

_DAY_S = DAY.total_seconds()


class Ruled(NamedTuple):
    """What one policy makes of a case in the end."""

    kind: Kind
    channel: str
    band: Band | None  # None: it decides alone
    over: tuple[Limit, ...]
    enough: bool | None  # whether the approvals that were given would do; None: nobody approved it

    @property
    def alone(self) -> bool:
        return self.band is None


def replay(policy: Policy, amount_for_policy: Sequence[Evaluation], which: int) -> list[Ruled]:
    """In the order of `weighed`; `which` of the two policies of each case this one is.

    Cases that do not move may be replayed apart from the others.
    """
    course = _Course(policy, amount_for_policy, which)
    for _, n, approval in sorted(_moments(amount_for_policy, which)):
        course.opens(n) if approval < 0 else course.approved(n, approval)
    return [course.ruled(n) for n in range(len(amount_for_policy))]


def _moments(amount_for_policy: Sequence[Evaluation], which: int) -> list[tuple[float, int, int]]:
    """When each case opened that could be decided alone (-1), and when each approval was given that pays something."""
    moving = [(n, case, case.would[which]) for n, case in enumerate(amount_for_policy) if case.moves]
    found = [(case.opened_s, n, -1) for n, case, would in moving if would.alone]
    for n, case, would in moving:
        if would.pays:
            found += [(made.at_s, n, at) for at, made in enumerate(case.approvals)]
    return found


class _Course:
    def __init__(self, policy: Policy, amount_for_policy: Sequence[Evaluation], which: int) -> None:
        self._policy = policy
        self._weighed = amount_for_policy
        self._which = which
        self._customers, self._approvers, self._automatic = _Sums(), _Sums(), _Sums()
        self._alone: set[int] = set()
        self._over: dict[int, frozenset[Limit]] = {}
        self._waiting: dict[tuple[object, ...], bool] = {}

    def opens(self, n: int) -> None:
        case = self._weighed[n]
        would = case.would[self._which]
        if case.money is None or case.customer is None:
            return
        amount, currency = case.money
        customer, kind = (case.customer, currency), (would.kind.value, currency)
        day, all_day = self._policy.limits.per_customer_per_day, self._policy.automatic[would.kind].per_day
        if self._customers.of(customer, case.opened_s) + amount > day[currency]:
            return
        if self._automatic.of(kind, case.opened_s) + amount > all_day[currency]:
            return
        self._alone.add(n)
        self._customers.add(customer, case.opened_s, amount)
        self._automatic.add(kind, case.opened_s, amount)

    def approved(self, n: int, approval: int) -> None:
        case = self._weighed[n]
        if n in self._alone or case.money is None:
            return
        given = case.approvals[: approval + 1]
        if passed := self._passed(case, given):
            self._over[n] = self._over.get(n, frozenset()).union(passed)
        if case.paid_s is None or approval + 1 < len(case.approvals):
            return
        amount, currency = case.money
        if case.customer is not None:
            self._customers.add((case.customer, currency), case.paid_s, amount)
        if currency in self._policy.limits.per_approver_per_day:
            for made in given:
                self._approvers.add((made.user_id, currency), made.at_s, amount)

    def _passed(self, case: Evaluation, given: Sequence[Approval]) -> list[Limit]:
        """As `limits_passed`, with the sums of this course."""
        limits, at = self._policy.limits, given[-1].at_s
        amount, currency = case.money or (0, "")
        over: list[Limit] = []
        if amount > limits.per_case.get(currency, amount):
            over.append(Limit.PER_CASE)
        if (most := limits.per_customer_per_day.get(currency)) is not None:
            before = self._customers.of((case.customer, currency), at) if case.customer else 0
            if before + amount > most:
                over.append(Limit.PER_CUSTOMER)
        if (most := limits.per_approver_per_day.get(currency)) is not None:
            people = [user_id for made in given for user_id in made.people]
            if any(self._approvers.of((one, currency), at) + amount > most for one in people):
                over.append(Limit.PER_APPROVER)
        return over

    def ruled(self, n: int) -> Ruled:
        case = self._weighed[n]
        would = case.would[self._which]
        if n in self._alone:
            by_people = any(made.people for made in case.approvals)
            return Ruled(would.kind, would.channel, None, (), True if by_people else None)
        over = self._limits(n, case, would)
        band = self._policy.bands[would.band]
        if over:
            money = Money(amount_minor=case.money[0], currency=case.money[1]) if case.money else None
            band = band_for(self._policy, would.kind, money, over)
        return Ruled(would.kind, would.channel, band, over, self._enough(band, case) if case.approvals else None)

    def _limits(self, n: int, case: Evaluation, would: Would) -> tuple[Limit, ...]:
        """Until somebody approves only the limit of one case can be passed: the others are asked then."""
        if n in self._over:
            return tuple(limit for limit in Limit if limit in self._over[n])
        most = self._policy.limits.per_case.get(case.money[1]) if case.money and would.pays else None
        return (Limit.PER_CASE,) if case.money and most is not None and case.money[0] > most else ()

    def _enough(self, band: Band, case: Evaluation) -> bool | None:
        given = [made for made in case.approvals if made.people]
        if not given:
            return None
        theirs = tuple(made.people for made in given) if case.authors else ()
        key = (band.quorum, band.groups, *band.at_least.items(), case.authors, theirs, *(made.groups for made in given))
        if key not in self._waiting:
            self._waiting[key] = _is_enough(band, given, frozenset(case.authors))
        return self._waiting[key]


def _is_enough(band: Band, given: Sequence[Approval], authors: frozenset[str]) -> bool:
    voices = [(made, frozenset(made.groups).intersection(band.groups)) for made in given]
    counted = [groups for _, groups in voices if groups]
    others = any(groups and authors.isdisjoint(made.people) for made, groups in voices)
    return missing(band, counted, only_authors=bool(authors) and not others) is None


class _Sums:
    """What was paid in the last 24 hours, by key; asked in time order."""

    def __init__(self) -> None:
        self._paid: defaultdict[Key, list[tuple[float, int]]] = defaultdict(list)
        self._sums: defaultdict[Key, int] = defaultdict(int)

    def add(self, key: Key, at: float, amount: int) -> None:
        """`at` may be before what was added last: an approval counts from when it was given."""
        heappush(self._paid[key], (at, amount))
        self._sums[key] += amount

    def of(self, key: Key, at: float) -> int:
        paid = self._paid[key]
        while paid and paid[0][0] <= at - _DAY_S:
            self._sums[key] -= heappop(paid)[1]
        return self._sums[key]
