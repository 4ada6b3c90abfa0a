"""Find the band that decides: on an amount, where a limit is passed, where nobody of it can; and say it in words.

A day of a limit is any 24 hours, so that midnight gives nobody a second allowance.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from bot.core.duplicates import pays
from bot.core.model import Decision, Frozen, Kind, Money, Proposal
from bot.core.money import show
from bot.core.policy.model import Band, Limits, Policy
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


def bands_of(policy: Policy, kind: Kind) -> tuple[Band, ...]:
    """Return the bands that a case of this kind can meet, lowest first; the first without a limit is the last."""
    found: list[Band] = []
    for band in policy.bands:
        if band.kinds is None or kind in band.kinds:
            found.append(band)
            if band.up_to is None:
                break
    return tuple(found) or policy.bands[-1:]


ADMINS = "admins"  # the group of the policy that everything falls to in the end


def groups_of(policy: Policy, kind: Kind, *, fallen: bool = False) -> tuple[str, ...]:
    """Return the groups of every band of this kind; `fallen`: and the admins, since nobody else can go on with it."""
    groups = dict.fromkeys(group for band in bands_of(policy, kind) for group in band.groups)
    return (*groups, ADMINS) if fallen and ADMINS in policy.groups and ADMINS not in groups else tuple(groups)


def with_admins(policy: Policy, band: Band) -> Band:
    """Ask for as many people as before, one of them an admin in the place of who was needed and cannot be found."""
    if ADMINS not in policy.groups:
        return band
    return band.model_copy(update={"groups": tuple(dict.fromkeys((*band.groups, ADMINS))), "at_least": {ADMINS: 1}})


def band_for(policy: Policy, kind: Kind, money: Money | None, over: Collection[Limit] = ()) -> Band:
    """Return the first band that fits; an amount that no limit covers, or that is not stated, needs the highest.

    `over` are the limits that are passed: then it is one band up. In the highest band it stays there, but nobody who
    is over a limit of their own decides alone.
    """
    bands = bands_of(policy, kind)
    at = next((n for n, band in enumerate(bands) if band.fits(money)), len(bands) - 1)
    if bands[at].kinds is None:
        # "Everything else" does not name this kind: being over a band that does must never ask for less than that band.
        passed = [n for n in range(at) if bands[n].kinds is not None]
        at = max([*passed, at], key=lambda n: (_strength(bands[n]), n))
    if not over:
        return bands[at]
    band = _next_up(bands, at, money)
    alone = Limit.PER_APPROVER in over and band.quorum < 2
    return band.model_copy(update={"quorum": 2}) if alone else band


def _next_up(bands: Sequence[Band], at: int, money: Money | None) -> Band:
    """Return the next band that an amount of this currency can meet, and that does not ask for less."""
    return next((band for band in bands[at + 1 :] if _meets(band, money) and _asks(band, bands[at])), bands[at])


def _meets(band: Band, money: Money | None) -> bool:
    return band.up_to is None or (money is not None and money.currency in band.up_to)


def _asks(band: Band, of: Band) -> bool:
    return _strength(band) >= _strength(of)


def _strength(band: Band) -> tuple[int, int]:
    return band.quorum, sum(band.at_least.values())


# --- in words ---------------------------------------------------------------------------------------------------------


def missing(band: Band, approvals: Sequence[frozenset[str]], *, only_authors: bool) -> str | None:
    """Say what is left to wait for, given the groups of each who approved; None: nothing is.

    `only_authors`: the version has authors, and nobody else has approved it so far.
    """
    lacking = {group: n - sum(group in groups for groups in approvals) for group, n in sorted(band.at_least.items())}
    parts = [_some_of(group, n) for group, n in lacking.items() if n > 0]
    open_seats = band.quorum - len(approvals)
    anyone = open_seats - sum(n for n in lacking.values() if n > 0)
    if anyone > 0:
        more = " more" if approvals or parts else ""
        parts.append(f"{_number(anyone)}{more} of {either(band.groups)}")
    if only_authors and open_seats <= 1:
        parts = [f"{' and '.join(parts) or 'somebody'} who neither asked for it nor edited it"]
    return f"waiting for {' and '.join(parts)}" if parts else None


def rule(policy: Policy, band: Band, proposal: Proposal, over: Collection[Limit] = ()) -> str:
    """Say the rule by which `band` decides on this version; `over` are the limits that it passes."""
    bands, money = bands_of(policy, proposal.kind), proposal.amount_for_policy
    if over and money is not None:
        return f"{in_words(policy.limits, over, money.currency)}: {_people(band)}"
    if all(other.up_to is None for other in bands):
        return _people(band)
    return f"{'no amount stated' if money is None else _span(bands, band, money)}: {_people(band)}"


def _span(bands: Sequence[Band], band: Band, money: Money) -> str:
    """Say between which limits an amount lies."""
    currency = money.currency
    limits = [other.up_to[currency] for other in bands if other.up_to is not None and currency in other.up_to]
    over = max((limit for limit in limits if limit < money.amount_minor), default=None)
    words = [] if over is None else [f"over {show(Money(amount_minor=over, currency=currency))}"]
    if band.up_to is not None and band.fits(money):
        words.append(f"up to {show(Money(amount_minor=band.up_to[currency], currency=currency))}")
    return ", ".join(words) or f"no limit for {show(money)}"


def _people(band: Band) -> str:
    count = f"{_number(band.quorum)} {'person' if band.quorum == 1 else 'people'}"
    if not band.at_least:
        return f"{count} of {either(band.groups)}"
    if list(band.at_least.values()) == [band.quorum]:
        return f"{count} of {next(iter(band.at_least))}"
    return f"{count}, at least {' and '.join(f'{_number(n)} of {group}' for group, n in sorted(band.at_least.items()))}"


def _some_of(group: str, n: int) -> str:
    """Write "a lead", "two of leads", "one of finance": a plural in -s is the only one that is surely known."""
    if n == 1 and group.endswith("s") and not group.endswith(("es", "ss", "us", "is", "ops")):
        return f"{'an' if group[0] in 'aeiou' else 'a'} {group[:-1]}"
    return f"{_number(n)} of {group}"


def either(groups: Sequence[str]) -> str:
    """Write "finance", "finance or leads", "finance, leads or admins"."""
    return " or ".join(filter(None, (", ".join(groups[:-1]), groups[-1])))


def _number(n: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[n] if n < len(words) else str(n)
