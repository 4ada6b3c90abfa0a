"""Test that nothing is complete without a quorum of its version, whatever people click, edit and lend."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Decision, Kind, Money
from bot.core.people import Person
from bot.core.policy import Band, Judgement, Policy, Spent, band_for, standing
from bot.core.policy.model import Limits
from tests.support.policies import ask, proposal, taken, usd

PEOPLE = ("U1", "U2", "U3", "U4")
people, names = st.sampled_from(PEOPLE), st.sampled_from(("finance", "leads", "admins"))
amounts = st.none() | st.builds(usd, st.integers(1, 40)) | st.just(Money(amount_minor=5, currency="CHF"))


@dataclass(frozen=True)
class Press:
    user_id: str


@dataclass(frozen=True)
class Edit:
    user_id: str
    money: Money | None


@dataclass(frozen=True)
class Away:
    """Lend all that a person may do to another, until they are back."""

    user_id: str
    delegate_id: str | None  # None: they are back


@dataclass(frozen=True)
class Paid:
    """Pay another case, with the approval of this person."""

    user_id: str
    amount: int


Step = Press | Edit | Away | Paid
presses, away = st.builds(Press, people), st.builds(Away, people, st.none() | people)
steps = st.lists(
    presses | presses | presses | away | st.builds(Edit, people, amounts) | st.builds(Paid, people, st.integers(1, 30)),
    min_size=4,
    max_size=20,
)


@st.composite
def a_band(draw: st.DrawFn, up_to: int | None) -> Band:
    quorum = draw(st.sampled_from((2, 2, 3, 1)))  # where one is enough there is little to get around
    groups = tuple(draw(st.lists(names, min_size=1, max_size=2, unique=True)))
    at_least = {group: 1 for group in groups[:quorum] if draw(st.booleans())}
    return Band(quorum=quorum, groups=groups, at_least=at_least, up_to=None if up_to is None else {"USD": up_to})


@st.composite
def a_policy(draw: st.DrawFn) -> Policy:
    bands = (draw(a_band(10)), draw(a_band(20)), draw(a_band(None)))
    at_most: st.SearchStrategy[dict[str, int]] = st.just({}) | st.builds(
        lambda amount: {"USD": amount}, st.integers(1, 60)
    )
    limits = Limits(per_customer_per_day=draw(at_most), per_approver_per_day=draw(at_most), per_case=draw(at_most))
    return Policy(channels={}, groups={}, bands=bands[draw(st.integers(0, 2)) :], limits=limits)


@dataclass
class Table:
    """Record what really happened, as somebody would write it down who watches over the people's shoulders."""

    member_of: Mapping[str, frozenset[str]]
    version: int = 1
    money: Money | None = None
    authors: tuple[str, ...] = ()
    delegate_of: dict[str, str] = field(default_factory=dict)
    spent: dict[str, int] = field(default_factory=dict)
    approved: list[tuple[str, Person]] = field(default_factory=list)  # of this version
    decisions: list[Decision] = field(default_factory=list)  # of every version

    def person(self, user_id: str) -> Person:
        lent = {away: self.member_of[away] for away, named in self.delegate_of.items() if named == user_id}
        return Person(user_id=user_id, groups=self.member_of[user_id], stands_in_for=lent)


def press(policy: Policy, table: Table, user_id: str) -> Judgement:
    asked = proposal(table.money, authors=table.authors).model_copy(update={"version": table.version})
    person = table.person(user_id)
    spent = Spent(customer=sum(table.spent.values()), approvers={one: table.spent.get(one, 0) for one in PEOPLE})
    judgement = ask(policy, asked, table.decisions, person, spent=spent)
    if judgement.allowed:
        table.approved.append((user_id, person))
        table.decisions.append(taken(judgement, user_id, table.version))
        assert standing(policy, asked, table.decisions).missing == judgement.missing
    return judgement


def is_met(band: Band, authors: Sequence[str], approved: Sequence[tuple[str, Person]]) -> bool:
    """Say whether these approvals can be seen as those of a quorum of different people, by their own right."""
    if len(approved) < band.quorum or len({user_id for user_id, _ in approved}) < len(approved):
        return False
    return any(_fits(band, authors, seen) for seen in product(*(_ways(one) for one in approved)))


def _ways(one: tuple[str, Person]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Yield for whom somebody may have spoken, and by which groups."""
    user_id, person = one
    lenders = sorted(person.stands_in_for)
    for lent in chain.from_iterable(combinations(lenders, n) for n in range(len(lenders) + 1)):
        groups = person.groups.union(*(person.stands_in_for[away] for away in lent))
        yield frozenset((user_id, *lent)), groups


def _fits(band: Band, authors: Sequence[str], seen: Sequence[tuple[frozenset[str], frozenset[str]]]) -> bool:
    spoken_for = [one for people, _ in seen for one in people]
    return (
        len(spoken_for) == len(set(spoken_for))
        and all(groups.intersection(band.groups) for _, groups in seen)
        and all(sum(group in groups for _, groups in seen) >= n for group, n in band.at_least.items())
        and any(people.isdisjoint(authors) for people, _ in seen)
    )


@settings(max_examples=400)
@given(
    policy=a_policy(),
    member_of=st.fixed_dictionaries({user_id: st.frozensets(names, max_size=2) for user_id in PEOPLE}),
    lent=st.dictionaries(people, people),
    money=amounts,
    authors=st.lists(people, max_size=2, unique=True),
    doings=steps,
)
def test_no_sequence_of_steps_completes_a_version_without_a_quorum_of_it(
    policy: Policy,
    member_of: dict[str, frozenset[str]],
    lent: dict[str, str],
    money: Money | None,
    authors: list[str],
    doings: list[Step],
) -> None:
    delegate_of = {away: named for away, named in lent.items() if away != named}
    table = Table(member_of, money=money, authors=tuple(authors), delegate_of=delegate_of)
    for step in doings:
        match step:
            case Edit(user_id, amount):
                table.version, table.money, table.approved = table.version + 1, amount, []
                table.authors = (*table.authors, user_id)
            case Away(user_id, delegate_id):
                table.delegate_of.pop(user_id, None)
                if delegate_id not in (None, user_id):
                    table.delegate_of[user_id] = str(delegate_id)
            case Paid(user_id, amount):
                table.spent[user_id] = table.spent.get(user_id, 0) + amount
            case Press(user_id):
                judgement = press(policy, table, user_id)
                if judgement.complete:
                    band = band_for(policy, Kind.REFUND, table.money, judgement.over_limits)
                    assert judgement.quorum == band.quorum >= band_for(policy, Kind.REFUND, table.money).quorum
                    assert is_met(band, table.authors, table.approved)
                    return
