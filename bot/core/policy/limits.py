"""Find what a case pays out, and which limits of the policy are passed with it and what was paid before.

A day is any 24 hours, so that midnight gives nobody a second allowance.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from bot.core.duplicates import pays
from bot.core.model import Decision, Frozen, Money, Proposal
from bot.core.money import show
from bot.core.policy.model import Limits
from bot.core.policy.values import Amounts

DAY = timedelta(hours=24)


class Limit(StrEnum):
    """Name the keys of [limits]."""

    PER_CASE = "per_case"
    PER_CUSTOMER = "per_customer_per_day"
    PER_APPROVER = "per_approver_per_day"


class Spent(Frozen):
    """Hold what was approved to be paid in the last 24 hours: minor units in the currency of the proposal."""

    customer: int = 0  # to this customer
    approvers: Mapping[str, int] = Field(default_factory=dict)  # Slack id -> with the approval of this person
    automatic: int = 0  # without a person, for cases of this kind


def payout_of(proposal: Proposal) -> Money | None:
    """Return what its approval pays; once, also where the books record it as well. None: it moves no money.

    The step named "refund" pays whoever carries it out, so a refund by hand counts too.
    """
    return proposal.money if any(pays(action) or action.name == "refund" for action in proposal.actions) else None


def limits_passed(
    limits: Limits, proposal: Proposal, spent: Spent, decisions: Collection[Decision] = ()
) -> tuple[Limit, ...]:
    """Return the limits passed, in the order of `Limit`; what an approval of this version met once stays for good."""
    money = payout_of(proposal)
    if money is None:
        return ()
    before = {
        Limit.PER_CASE: 0,
        Limit.PER_CUSTOMER: spent.customer,
        Limit.PER_APPROVER: max(spent.approvers.values(), default=None),
    }
    met = {name for decision in decisions for name in decision.over_limits}
    amount = proposal.amount_for_policy or money
    return tuple(limit for limit in Limit if limit in met or _over(_amounts(limits, limit), before[limit], amount))


def _over(amounts: Amounts, before: int | None, money: Money) -> bool:
    at_most = amounts.get(money.currency)
    return at_most is not None and before is not None and before + money.amount_minor > at_most


def _amounts(limits: Limits, limit: Limit) -> Amounts:
    amounts: Amounts = getattr(limits, limit)
    return amounts


_WORDS = {
    Limit.PER_CASE: "for one case",
    Limit.PER_CUSTOMER: "in 24 hours for this customer",
    Limit.PER_APPROVER: "in 24 hours for one approver",
}


def in_words(limits: Limits, over: Collection[Limit], currency: str) -> str:
    """Write "over the limit of 500.00 USD in 24 hours for this customer"."""
    return " and ".join(f"over the limit{_of(_amounts(limits, limit), currency)} {_WORDS[limit]}" for limit in over)


def _of(amounts: Amounts, currency: str) -> str:
    """Write the amount of a limit; nothing where the policy has dropped it since it was passed."""
    return f" of {show(Money(amount_minor=amounts[currency], currency=currency))}" if currency in amounts else ""
