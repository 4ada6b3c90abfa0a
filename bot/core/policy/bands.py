"""Which band decides on an amount, which one where a limit is passed, and who decides where nobody of it can."""

from collections.abc import Collection, Sequence

from bot.core.model import Kind, Money
from bot.core.policy.limits import Limit
from bot.core.policy.model import Band, Policy


def bands_of(policy: Policy, kind: Kind) -> tuple[Band, ...]:
    """The bands that a case of this kind can meet, lowest first; the first without a limit is the last of them."""
    found: list[Band] = []
    for band in policy.bands:
        if band.kinds is None or kind in band.kinds:
            found.append(band)
            if band.up_to is None:
                break
    return tuple(found) or policy.bands[-1:]


ADMINS = "admins"  # the group of the policy that everything falls to in the end


def groups_of(policy: Policy, kind: Kind, *, fallen: bool = False) -> tuple[str, ...]:
    """The groups of every band of this kind; `fallen`: and the admins, since nobody else could go on with it."""
    groups = dict.fromkeys(group for band in bands_of(policy, kind) for group in band.groups)
    return (*groups, ADMINS) if fallen and ADMINS in policy.groups and ADMINS not in groups else tuple(groups)


def with_admins(policy: Policy, band: Band) -> Band:
    """As many people as before, and one of them an admin in the place of whoever was needed and cannot be found."""
    if ADMINS not in policy.groups:
        return band
    return band.model_copy(update={"groups": tuple(dict.fromkeys((*band.groups, ADMINS))), "at_least": {ADMINS: 1}})


def band_for(policy: Policy, kind: Kind, money: Money | None, over: Collection[Limit] = ()) -> Band:
    """The first band that fits; an amount that no limit covers, or that is not stated, needs the highest.

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
    """The next one that an amount of this currency can meet, and that does not ask for less."""
    return next((band for band in bands[at + 1 :] if _meets(band, money) and _asks(band, bands[at])), bands[at])


def _meets(band: Band, money: Money | None) -> bool:
    return band.up_to is None or (money is not None and money.currency in band.up_to)


def _asks(band: Band, of: Band) -> bool:
    return _strength(band) >= _strength(of)


def _strength(band: Band) -> tuple[int, int]:
    return band.quorum, sum(band.at_least.values())
