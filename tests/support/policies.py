"""Make people, policies and proposals for the tests of who may decide."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.core.model import Action, Decision, Kind, Money, Proposal, Verdict
from bot.core.people import Person
from bot.core.policy import Judgement, Policy, PolicyAction, Question, Spent, judge
from bot.core.policy.file import read_policy
from tests.support.places import SHIPPED_POLICY
from tests.support.rows import a_decision

SHIPPED = SHIPPED_POLICY
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ANA, BEN, LEA, SAM = "U0ANA00001", "U0BEN00001", "U0LEA00001", "U0SAM00001"
GROUPS = {ANA: frozenset({"finance"}), BEN: frozenset({"finance"}), LEA: frozenset({"leads"}), SAM: frozenset[str]()}
HEADER = '[channels]\nreview = "#r"\nfallback = "#r"\n[groups]\nfinance = ["@f"]\nleads = ["@l"]\nadmins = ["@a"]\n'
ONE = 'quorum = 1\ngroups = ["finance"]\n'
TWO = 'quorum = 2\ngroups = ["finance", "leads"]\nat_least = { leads = 1 }\n'


def usd(amount: int) -> Money:
    return Money(amount_minor=amount, currency="USD")


SMALL, LARGE = usd(10_000), usd(10_001)  # at and just above the first band of the shipped policy


def shipped() -> Policy:
    return read_policy(SHIPPED.read_text(encoding="utf-8"))


def policy_of(*bands: str, more: str = "") -> Policy:
    return read_policy(HEADER + more + "".join(f"[[bands]]\n{band}" for band in bands))


def a_refund(money: Money | None, **changes: Any) -> Action:
    params = money.model_dump() if money else {}
    action = Action(name="refund", connector="stripe", operation="refund", params=params, sentence="Refund it")
    return action.model_copy(update=changes)


def proposal(money: Money | None, *, kind: Kind = Kind.REFUND, authors: tuple[str, ...] = (), **more: Any) -> Proposal:
    given = {"actions": (a_refund(money),), **more}
    return Proposal(case_id="C-1", version=2, kind=kind, money=money, authors=authors, created_at=AT, **given)


def person(user_id: str, groups: Iterable[str] | None = None, **lent: Iterable[str]) -> Person:
    """`lent`: the groups of those who are away and named this person, by their id."""
    own = GROUPS[user_id] if groups is None else frozenset(groups)
    return Person(user_id=user_id, groups=own, stands_in_for={who: frozenset(their) for who, their in lent.items()})


def decision(
    user_id: str,
    *,
    version: int = 2,
    case_id: str = "C-1",
    verdict: Verdict = Verdict.APPROVE,
    groups: Iterable[str] | None = None,
    stood_in_for: tuple[str, ...] = (),
    over: tuple[str, ...] = (),
) -> Decision:
    given = {"case_id": case_id, "verdict": verdict, "stood_in_for": stood_in_for, "over_limits": over}
    in_groups = tuple(sorted(GROUPS[user_id] if groups is None else groups))
    return a_decision(user_id, version, in_groups=in_groups, decided_at=AT, **given)


def ask(
    policy: Policy,
    asked: Proposal,
    decisions: Iterable[Decision],
    who: str | Person,
    deed: PolicyAction = PolicyAction.APPROVE,
    spent: Spent | None = None,
) -> Judgement:
    them = person(who) if isinstance(who, str) else who
    question = Question(deed=deed, person=them, proposal=asked, decisions=tuple(decisions), spent=spent or Spent())
    return judge(policy, question)


def taken(judgement: Judgement, user_id: str, version: int = 2) -> Decision:
    """Return what is stored of an approval that was allowed."""
    return decision(
        ANA,
        version=version,
        groups=judgement.in_groups,
        stood_in_for=judgement.stood_in_for,
        over=judgement.over_limits,
    ).model_copy(update={"user_id": user_id})
