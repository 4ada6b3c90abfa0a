"""State who decides and what may be paid, in plain words of the playbooks; nothing here knows how the bot does it.

The property test of the policy and the state machine over the database both judge by this model. `Rules.toml` writes
the same rules as the `policy.toml` that the bot reads. Amounts are US cents; a limit knows no other money.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, product

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY, MONTH = timedelta(hours=24), timedelta(days=30)
PEOPLE = ("U0ANA", "U0BEN", "U0LEA", "U0LOU", "U0SAM", "U0ADA")
GROUPS = ("finance", "leads", "admins")
AT_FIRST = (("finance",), ("finance",), ("leads",), ("finance", "leads"), (), ("admins",))  # who of PEOPLE is in what
MONEY = frozenset({"refund", "dispute"})  # kinds with bands by amount


@dataclass(frozen=True)
class Seats:
    """Require so many different people, of which groups, and how many of them from one."""

    people: int
    of: tuple[str, ...]
    at_least: Mapping[str, int] = field(default_factory=dict)

    @property
    def asks(self) -> tuple[int, int]:
        """Return how much is asked, to compare bands by."""
        return self.people, sum(self.at_least.values())


@dataclass(frozen=True)
class Alone:
    """Limit what the policy refunds without a person."""

    up_to: int
    per_day: int


@dataclass(frozen=True)
class Rules:
    """Describe one policy. `bands` are those of refunds and disputes, up to how much; the last covers the rest."""

    bands: tuple[tuple[int | None, Seats], ...]
    others: Seats = Seats(1, ("finance",))
    per_case: int | None = None
    per_customer: int | None = None
    per_approver: int | None = None
    alone: Alone | None = None
    expires_h: int | None = None

    def seats(self, kind: str, cents: int | None, *, up: bool = False) -> Seats:
        """Return who has to agree on an amount; `up`: over a limit, so one band up, which never asks for less.

        `cents` is None for other money than dollars, which only the last band covers.
        """
        if kind not in MONEY:
            return self.others
        last = len(self.bands) - 1
        fits = (n for n, (up_to, _) in enumerate(self.bands) if cents is not None and cents <= (up_to or cents))
        n = next(fits, last)
        here = self.bands[n][1]
        higher = (seats for _, seats in self.bands[n + 1 :] if seats.asks >= here.asks)
        return next(higher, here) if up else here

    def groups(self, kind: str) -> set[str]:
        """Return the groups whose members may complete, choose, change, retry or take a case of this kind."""
        if kind not in MONEY:
            return set(self.others.of)
        return {group for _, seats in self.bands for group in seats.of}

    def toml(self) -> str:
        """Write the rules as a policy file."""
        limits = {"case": self.per_case, "customer_per_day": self.per_customer, "approver_per_day": self.per_approver}
        lines = ['[channels]\nreview = "#review"\nfallback = "#fallback"', "[groups]"]
        lines += [f'{group} = ["@{group}"]' for group in GROUPS]
        lines += ['[regions.default]\nbusiness_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]']
        lines += ['business_hours = "00:00-24:00"', "[limits]"]
        lines += [f"per_{name} = {{ {_usd(cents)} }}" for name, cents in limits.items() if cents is not None]
        if self.alone is not None:
            most = f"up_to = {{ {_usd(self.alone.up_to)} }}, per_day = {{ {_usd(self.alone.per_day)} }}"
            lines += [f"[automatic]\nrefund = {{ enabled = true, confidence = 0.95, {most} }}"]
        if self.expires_h is not None:
            lines += [f'[time]\nreminders = ["1h"]\nexpires = "{self.expires_h}h"\nwarn_before_expiry = "2h"']
        money = [("refund, dispute", up_to, seats) for up_to, seats in self.bands]
        for kinds, up_to, seats in [*money, ("", None, self.others)]:
            lines += ["[[bands]]", f"quorum = {seats.people}", f"groups = {list(seats.of)}"]
            lines += [f"at_least = {{ {', '.join(f'{name} = {n}' for name, n in seats.at_least.items())} }}"]
            lines += [f"kinds = {kinds.split(', ')}"] * bool(kinds)
            lines += [f"up_to = {{ {_usd(up_to or 0)} }}"] * (up_to is not None)
        return "\n".join(lines) + "\n"


def _usd(cents: int) -> str:
    return f'USD = "{cents // 100}.{cents % 100:02}"'


TWO_ONE_LEAD = Seats(2, ("finance", "leads"), {"leads": 1})
RULES = {
    "plain": Rules(
        bands=((100_00, Seats(1, ("finance",))), (None, TWO_ONE_LEAD)),
        per_case=600_00,
        per_customer=250_00,
        per_approver=400_00,
        expires_h=72,
    ),
    "steep": Rules(
        bands=(
            (50_00, Seats(1, ("finance",))),
            (200_00, TWO_ONE_LEAD),
            (None, Seats(3, ("finance", "leads"), {"leads": 2})),
        ),
        others=Seats(2, ("finance", "leads")),
        per_case=100_00,
        expires_h=24,
    ),
    "alone": Rules(
        bands=((150_00, Seats(1, ("finance", "leads"))), (None, Seats(2, ("finance", "leads")))),
        per_customer=100_00,
        alone=Alone(up_to=100_00, per_day=150_00),
    ),
    "one band": Rules(bands=((None, Seats(1, ("finance", "leads"))),), per_approver=120_00, expires_h=48),
}


@dataclass(frozen=True)
class Hand:
    """Record who pressed a button, as somebody beside them sees it: their groups, and whom they stand in for."""

    user_id: str
    own: frozenset[str]
    lent: Mapping[str, frozenset[str]]
    at: datetime

    @property
    def groups(self) -> frozenset[str]:
        return self.own.union(*self.lent.values())


@dataclass(frozen=True)
class Paid:
    """Record what a case was approved to pay."""

    case_id: str
    opened_at: datetime
    payment_id: object
    customer: str | None
    cents: int | None  # None: other money than dollars
    amount: str  # with its currency
    hands: tuple[Hand, ...]  # none: the policy alone
    at: datetime


def is_quorum(seats: Seats, authors: frozenset[str], hands: Sequence[Hand]) -> bool:
    """Return whether these hands can be seen as enough different people, each by their own right.

    Nobody is spoken for twice, and one of them at least is none, and stands in for none, who asked for it or edited it.
    """
    return any(_seated(seats, authors, seen) for seen in product(*(_readings(hand) for hand in hands)))


def _readings(hand: Hand) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Yield for whom a hand may have spoken, and by which groups; the first: it does not count."""
    yield frozenset(), frozenset()
    away = sorted(hand.lent)
    for lent in chain.from_iterable(combinations(away, n) for n in range(len(away) + 1)):
        yield frozenset((hand.user_id, *lent)), hand.own.union(*(hand.lent[lender] for lender in lent))


def _seated(seats: Seats, authors: frozenset[str], seen: Sequence[tuple[frozenset[str], frozenset[str]]]) -> bool:
    counted = [(people, groups) for people, groups in seen if people]
    spoken_for = [user_id for people, _ in counted for user_id in people]
    return (
        len(counted) >= seats.people
        and len(spoken_for) == len(set(spoken_for))
        and all(not groups.isdisjoint(seats.of) for _, groups in counted)
        and all(sum(name in groups for _, groups in counted) >= n for name, n in seats.at_least.items())
        and any(people.isdisjoint(authors) for people, _ in counted)
    )


def seats_now(
    rules: Rules,
    kind: str,
    cents: int | None,
    hands: Sequence[Hand],
    customer: str | None,
    paid: Sequence[Paid] | None,
    now: datetime,
    *,
    escalated: bool = False,
) -> Seats:
    """Return who has to agree now. Over a limit it is one band up, and over one's own nobody decides alone.

    `paid` is what was paid before; None for an offer that pays nothing, and so knows no limits.
    """
    to_customer = sum(other.cents or 0 for other in paid or () if other.customer == customer and other.at > now - DAY)
    helped = [sum(_helped(other, hand.user_id, now) for other in paid or ()) for hand in hands]
    pays = None if paid is None else cents
    over_own = _over(rules.per_approver, max(helped, default=0), pays)
    over = over_own or _over(rules.per_case, 0, pays) or (customer and _over(rules.per_customer, to_customer, pays))
    seats = rules.seats(kind, cents, up=bool(over))
    people = max(seats.people, 2) if over_own else seats.people
    if escalated:  # as many as before, with an admin in the place of whoever cannot be found
        return Seats(people, (*seats.of, "admins"), {"admins": 1})
    return Seats(people, seats.of, seats.at_least)


def _helped(paid: Paid, user_id: str, now: datetime) -> int:
    return paid.cents or 0 if any(hand.user_id == user_id and hand.at > now - DAY for hand in paid.hands) else 0


def _over(limit: int | None, before: int, cents: int | None) -> bool:
    return limit is not None and cents is not None and before + cents > limit


def enough_are_here(seats: Seats, here: Mapping[str, set[str]]) -> bool:
    """Return whether these people could be a quorum. `here`: a group -> who of it can take part."""
    people = {who for group in seats.of for who in here[group]}
    return len(people) >= seats.people and all(len(here[group]) >= n for group, n in seats.at_least.items())


def amount_text(minor: int, currency: str) -> str:
    """Write an amount as people state it: "15.00 USD"."""
    return f"{minor // 100}.{minor % 100:02} {currency}"


def cents_of(amount: str | None) -> int | None:
    """Return the cents of an amount in dollars, None for other money."""
    number, _, currency = (amount or "").partition(" ")
    return int(number.replace(".", "")) if currency == "USD" else None


def is_higher(amount: str, other: str) -> bool:
    """Return whether an amount is more than another of the same currency."""
    same_money = amount.partition(" ")[2] == other.partition(" ")[2]
    return same_money and float(amount.split()[0]) > float(other.split()[0])
