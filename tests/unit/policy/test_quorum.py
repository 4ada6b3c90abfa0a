"""Complete nothing without a quorum of its version, whatever people click, edit and lend each other.

What a quorum is, the reference model of the simulation says; here it judges the policy alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Decision, Money
from bot.core.people import Person
from bot.core.policy import Judgement, Policy, Spent, standing
from bot.core.policy.file import read_policy
from tests.simulation.quorum.reference_model import GROUPS, START, Hand, Paid, Rules, Seats, is_quorum, seats_now
from tests.support.policies import ask, proposal, taken, usd

PEOPLE = ("U1", "U2", "U3", "U4")
CUSTOMER = "dana@example.com"
people, names = st.sampled_from(PEOPLE), st.sampled_from(GROUPS)
amounts = st.none() | st.builds(usd, st.integers(1, 40)) | st.just(Money(amount_minor=5, currency="CHF"))
limits = st.none() | st.integers(1, 60)


@dataclass(frozen=True)
class Press:
    """Press Approve."""

    user_id: str


@dataclass(frozen=True)
class Edit:
    """Make a new version of the proposal."""

    user_id: str
    money: Money | None


@dataclass(frozen=True)
class Away:
    """Lend all that somebody may do to another; None: they are back."""

    user_id: str
    delegate_id: str | None


@dataclass(frozen=True)
class Spend:
    """Pay another case with the approval of this person."""

    user_id: str
    cents: int


Step = Press | Edit | Away | Spend
presses, away = st.builds(Press, people), st.builds(Away, people, st.none() | people)
steps = st.lists(
    presses
    | presses
    | presses
    | away
    | st.builds(Edit, people, amounts)
    | st.builds(Spend, people, st.integers(1, 30)),
    min_size=4,
    max_size=20,
)


@st.composite
def some_seats(draw: st.DrawFn) -> Seats:
    count = draw(st.sampled_from((2, 2, 3, 1)))  # where one is enough there is little to get around
    groups = tuple(draw(st.lists(names, min_size=draw(st.sampled_from((1, 2, 2))), max_size=2, unique=True)))
    return Seats(count, groups, {group: 1 for group in groups[-count:] if draw(st.sampled_from((True, True, False)))})


@st.composite
def some_rules(draw: st.DrawFn) -> Rules:
    bands = tuple((up_to, draw(some_seats())) for up_to in (10, 20, None))
    per_case, per_customer, per_approver = draw(limits), draw(limits), draw(limits)
    return Rules(
        bands=bands[draw(st.integers(0, 2)) :], per_case=per_case, per_customer=per_customer, per_approver=per_approver
    )


@dataclass
class Events:
    """Record what really happened, as somebody would who watches over the people's shoulders."""

    member_of: Mapping[str, frozenset[str]]
    version: int = 1
    money: Money | None = None
    authors: tuple[str, ...] = ()
    delegate_of: dict[str, str] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    approved: list[Hand] = field(default_factory=list)  # of this version
    decisions: list[Decision] = field(default_factory=list)  # of every version

    @property
    def cents(self) -> int | None:
        return self.money.amount_minor if self.money and self.money.currency == "USD" else None

    def hand(self, user_id: str) -> Hand:
        lent = {away: self.member_of[away] for away, named in self.delegate_of.items() if named == user_id}
        return Hand(user_id, self.member_of[user_id], lent, START)

    def spend(self, user_id: str, cents: int) -> None:
        number = len(self.paid) + 2
        self.paid.append(
            Paid(f"C-{number}", START, f"pi_{number}", CUSTOMER, cents, "", (self.hand(user_id),), at=START)
        )

    def spent(self, user_id: str) -> Spent:
        """Return what was paid before this person presses, as the transaction would read it."""
        approvers = {hand.user_id for hand in self.approved} | {user_id}
        sums = {who: sum(other.cents or 0 for other in self.paid if other.hands[0].user_id == who) for who in approvers}
        return Spent(customer=sum(other.cents or 0 for other in self.paid), approvers=sums)


def press(policy: Policy, events: Events, user_id: str) -> Judgement:
    asked = proposal(events.money, authors=events.authors).model_copy(update={"version": events.version})
    hand = events.hand(user_id)
    person = Person(user_id=user_id, groups=hand.own, stands_in_for=hand.lent)
    judgement = ask(policy, asked, events.decisions, person, spent=events.spent(user_id))
    if judgement.allowed:
        assert user_id not in {earlier.user_id for earlier in events.approved}
        events.approved.append(hand)
        events.decisions.append(taken(judgement, user_id, events.version))
        assert standing(policy, asked, events.decisions).missing == judgement.missing
    return judgement


@settings(max_examples=400)
@given(
    rules=some_rules(),
    member_of=st.fixed_dictionaries({user_id: st.frozensets(names, max_size=2) for user_id in PEOPLE}),
    lent=st.dictionaries(people, people),
    money=amounts,
    authors=st.lists(people, max_size=2, unique=True),
    doings=steps,
)
def test_no_sequence_of_steps_completes_a_version_without_a_quorum_of_it(
    rules: Rules,
    member_of: dict[str, frozenset[str]],
    lent: dict[str, str],
    money: Money | None,
    authors: list[str],
    doings: list[Step],
) -> None:
    policy = read_policy(rules.toml())
    delegate_of = {away: named for away, named in lent.items() if away != named}
    events = Events(member_of, money=money, authors=tuple(authors), delegate_of=delegate_of)
    for step in doings:
        match step:
            case Edit(user_id, amount):
                events.version, events.money, events.approved = events.version + 1, amount, []
                events.authors = (*events.authors, user_id)
            case Away(user_id, delegate_id):
                events.delegate_of.pop(user_id, None)
                if delegate_id not in (None, user_id):
                    events.delegate_of[user_id] = str(delegate_id)
            case Spend(user_id, cents):
                events.spend(user_id, cents)
            case Press(user_id):
                judgement = press(policy, events, user_id)
                if judgement.complete:
                    seats = seats_now(rules, "refund", events.cents, events.approved, CUSTOMER, events.paid, START)
                    assert judgement.quorum == seats.people >= rules.seats("refund", events.cents).people
                    assert is_quorum(seats, frozenset(events.authors), events.approved)
                    return
