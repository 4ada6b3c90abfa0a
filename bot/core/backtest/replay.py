"""Go through cases in the order in which they happened, so that the limits of a day count as they would have.

What the policy decides alone is paid when the case opens; what people approved is paid when they did. Both count
against the limits of what comes later.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.core.backtest.evaluation import Evaluation
from bot.core.model import Decision, Kind
from bot.core.policy import DAY, Band, Limit, Policy, Spent, automatic, band_for, limits_passed, payout_of, standing

_OPENS = -1  # instead of the number of an approval


class Ruled(NamedTuple):
    """Hold what one policy makes of a case in the end."""

    kind: Kind
    channel: str
    band: Band | None  # None: it decides alone
    over: tuple[Limit, ...]
    enough: bool | None  # whether the approvals that were given would do; None: nobody approved it

    @property
    def alone(self) -> bool:
        return self.band is None


def replay(policy: Policy, cases: Sequence[Evaluation], which: int) -> list[Ruled]:
    """Return what a policy makes of each case, in their order; `which` of the two policies of each case it is.

    Cases that do not move may be replayed apart from the others.
    """
    course = _Course(policy, which)
    for _, n, approval in sorted(_moments(cases, which)):
        if approval == _OPENS:
            course.opens(cases[n])
        else:
            course.approved(cases[n], approval)
    return [course.ruled(case) for case in cases]


def _moments(cases: Iterable[Evaluation], which: int) -> Iterable[tuple[datetime, int, int]]:
    """Yield when each case opened that could be decided alone, and when each approval was given that may pay."""
    for n, case in enumerate(cases):
        if case.offers[which].alone:
            yield case.opened_at, n, _OPENS
        for at, approval in enumerate(case.approvals if case.moves else ()):
            yield approval.decided_at, n, at


class _Course:
    def __init__(self, policy: Policy, which: int) -> None:
        self._policy = policy
        self._which = which
        self._customers, self._approvers, self._automatic = _Sums(), _Sums(), _Sums()
        self._alone: set[str] = set()
        self._approved: dict[str, list[Decision]] = {}  # case id -> with the limits that each passed

    def opens(self, case: Evaluation) -> None:
        proposal, at = case.offers[self._which].proposal, case.opened_at
        money = payout_of(proposal)
        if money is None or case.known is None:
            return
        customer, kind = (case.customer, money.currency), (proposal.kind, money.currency)
        spent = Spent(customer=self._customers.of(customer, at), automatic=self._automatic.of(kind, at))
        if automatic(self._policy, proposal, case.known, spent=spent).allowed:
            self._alone.add(case.case_id)
            self._customers.add(customer, at, money.amount_minor)
            self._automatic.add(kind, at, money.amount_minor)

    def approved(self, case: Evaluation, n: int) -> None:
        proposal, decision = case.offers[self._which].proposal, case.approvals[n]
        if case.case_id in self._alone or proposal.money is None:
            return
        currency, at, before = proposal.money.currency, decision.decided_at, self._approved.get(case.case_id, [])
        people = {who for approval in (*before, decision) for who in _people(approval)}
        spent = Spent(
            customer=self._customers.of((case.customer, currency), at) if case.customer else 0,
            approvers={who: self._approvers.of((who, currency), at) for who in people},
        )
        over = limits_passed(self._policy.limits, proposal, spent, before)
        self._approved[case.case_id] = [*before, decision.model_copy(update={"over_limits": over})]
        if case.paid and n + 1 == len(case.approvals):
            self._customers.add((case.customer, currency), at, proposal.money.amount_minor)
            for who in people:
                self._approvers.add((who, currency), at, proposal.money.amount_minor)

    def ruled(self, case: Evaluation) -> Ruled:
        proposal, channel, _ = case.offers[self._which]
        by_people = any(_people(approval) for approval in case.approvals)
        if case.case_id in self._alone:
            return Ruled(proposal.kind, channel, None, (), True if by_people else None)
        approvals = self._approved.get(case.case_id, case.approvals)
        over = limits_passed(self._policy.limits, proposal, Spent(), approvals)
        band = band_for(self._policy, proposal.kind, proposal.amount_for_policy, over)
        enough = None
        if by_people:
            enough = standing(self._policy, proposal, approvals, fallen=case.fallen_to_admins).missing is None
        return Ruled(proposal.kind, channel, band, over, enough)


def _people(approval: Decision) -> tuple[str, ...]:
    """Return whose limits an approval touches; nobody's where the policy decided."""
    return () if approval.user_id.startswith("policy:") else (approval.user_id, *approval.stood_in_for)


class _Sums:
    """Hold what was paid in the last 24 hours, by key and currency; asked and added in time order."""

    def __init__(self) -> None:
        self._paid: defaultdict[tuple[str | None, str], deque[tuple[datetime, int]]] = defaultdict(deque)

    def add(self, key: tuple[str | None, str], at: datetime, amount: int) -> None:
        self._paid[key].append((at, amount))

    def of(self, key: tuple[str | None, str], at: datetime) -> int:
        paid = self._paid[key]
        while paid and paid[0][0] <= at - DAY:
            paid.popleft()
        return sum(amount for _, amount in paid)
