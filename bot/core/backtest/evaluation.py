"""What two policies make of one stored case by itself, as triage and the policy would when it opens.

It asks the same functions as they do, and leaves out what no policy decides: the texts of actions, and due times.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.actions import Subject
from bot.core.backtest.rows import NOT_PLAIN, About, Given, earlier_then, given, plain, subject_of, whole
from bot.core.duplicates import customer_key
from bot.core.model import Details, Earlier, Kind, Money, Proposal, Verdict
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Known, Policy, Spent, automatic, band_for, bands_of, payout_of
from bot.core.triage import _already_paid_reason, _why_review, presumed_kind

_NO_AUTHORS = '"authors":[]'  # as it is stored: then the proposal need not be read for them
_SOMEBODY = "somebody"
_NO_EDGES = [0]

Sum = tuple[int, str]  # minor units, currency


class Stored(NamedTuple):
    """A case as it is stored, with what belongs to its current version. JSON is not read yet."""

    case_id: str
    root: str
    opened_at: datetime
    case: str
    proposal: str | None = None  # None: it is as the playbook makes it, for a kind that no policy decides alone
    money: Sum | None = None  # of the proposal
    paid_at: datetime | None = None  # when its payment was approved
    decisions: tuple[str, ...] = ()  # earliest first
    by_person: bool = False  # a person opened it or completed it
    is_open: bool = False  # an approval of it may wait for another


class Approval(NamedTuple):
    user_id: str
    people: tuple[str, ...]  # whose limits it touches; nobody's where the policy decided
    groups: tuple[str, ...]
    at_s: float  # seconds since 1970, as all times here: thousands of them go from process to process


class Would(NamedTuple):
    """What one policy says of a case before the sums of a day count."""

    kind: Kind
    channel: str  # in Slack
    alone: bool  # nothing but those sums could stop it from deciding without a person
    band: int  # of the policy's bands
    pays: bool  # known only where limits could matter


class Evaluation(NamedTuple):
    case_id: str
    opened_s: float
    paid_s: float | None
    money: Sum | None
    customer: str | None
    authors: tuple[str, ...]
    approvals: tuple[Approval, ...]
    rejected: bool
    would: tuple[Would, Would]  # the policy in force, the new one
    moves: bool  # its outcome depends on what else happened that day, or that of others depends on it


@dataclass(frozen=True)
class Trial:
    """The policy in force, and the one that is tried."""

    now: Policy
    new: Policy


class Evaluator:
    """One policy, prepared for many cases."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.channels = {kind: channel(policy, kind) for kind in Kind}
        self.alone = {kind for kind, rules in policy.automatic.items() if rules.enabled}
        self.vip = policy.vip.emails, policy.vip.accounts
        self.floor = policy.intake.confidence_floor
        self.off = {kind for kind, rules in policy.kinds.items() if not rules.enabled}
        self._intents: dict[str | None, Kind | None] = {}
        self._bands: dict[tuple[Kind, str, int], int] = {}
        self._edges = {kind: _edges(policy, kind) for kind in Kind}

    def presumed(self, details: Details) -> Kind | None:
        intent = details.fields.call_intent
        if intent not in self._intents:
            self._intents[intent] = presumed_kind(details, self.policy)
        return self._intents[intent]

    def band(self, kind: Kind, money: Sum | None) -> int:
        """Of the policy's bands; the same between two neighbouring amounts of them."""
        amount, currency = money or (-1, "")
        key = (kind, currency, bisect_left(self._edges[kind].get(currency, _NO_EDGES), amount))
        if key not in self._bands:
            band = band_for(self.policy, kind, _money(money))
            self._bands[key] = next(n for n, one in enumerate(self.policy.bands) if one is band)
        return self._bands[key]


def _edges(policy: Policy, kind: Kind) -> dict[str, list[int]]:
    """By currency, the amounts up to which a band goes; -1, since an amount below zero fits none of them."""
    found: dict[str, set[int]] = {}
    for band in bands_of(policy, kind):
        for currency, amount in (band.up_to or {}).items():
            found.setdefault(currency, {-1}).add(amount)
    return {currency: sorted(amounts) for currency, amounts in found.items()}


def weigh(now: Evaluator, new: Evaluator, row: Stored) -> Evaluation:
    try:
        about = plain(row.case)
        return _weighed(now, new, _Case(row, about, subject_of(about, row.opened_at)))
    except NOT_PLAIN:
        about = whole(row.case)
        return _weighed(now, new, _Case(row, about, _subject(row, about)))


def _weighed(now: Evaluator, new: Evaluator, case: "_Case") -> Evaluation:
    row = case.row
    one, other = case.kinds(now, new)
    would = case.would(now, one), case.would(new, other)
    decisions = case.decisions
    approvals = tuple([_approval(made) for made in decisions if made.verdict is Verdict.APPROVE]) if decisions else ()
    moves = would[0].alone or would[1].alone or bool(approvals and (would[0].pays or would[1].pays))
    return Evaluation(
        row.case_id,
        row.opened_at.timestamp(),
        row.paid_at.timestamp() if row.paid_at else None,
        row.money,
        customer_key(case.about.details) if moves else None,
        case.authors,
        approvals,
        len(approvals) < len(decisions),
        would,
        moves,
    )


class _Case:
    """One case while it is weighed; what is costly is made once, and only if it is asked for."""

    def __init__(self, row: Stored, about: About, subject: Subject) -> None:
        self.row = row
        self.about = about
        self.decisions = [given(text) for text in row.decisions]
        self._subject = subject
        self._offers: dict[Kind, Proposal] = {}

    def kinds(self, now: Evaluator, new: Evaluator) -> tuple[Kind, Kind]:
        """Asked once, where all that triage looks at in a policy says the same of this case."""
        about, by_person = self.about, self.row.by_person
        sort, other = _sort(now, about), _sort(new, about)
        earlier = earlier_then(about, self.row.opened_at)
        first = kind_for(sort[0], self._subject, now.policy, earlier, by_person=by_person)
        if sort == other and now.vip == new.vip:
            return first, first
        return first, kind_for(other[0], self._subject, new.policy, earlier, by_person=by_person)

    @property
    def authors(self) -> tuple[str, ...]:
        """Without a proposal it is as the call made it, and has none."""
        some = self.row.by_person or (self.row.proposal is not None and _NO_AUTHORS not in self.row.proposal)
        return self._offer(self.about.kind).authors if some else ()

    def would(self, lens: Evaluator, kind: Kind) -> Would:
        money = self.row.money
        alone = kind in lens.alone and self._alone(lens.policy, kind)
        pays = self.row.paid_at is not None or (money is not None and self._pays(lens.policy, kind, money))
        return Would(kind, lens.channels[kind], alone, lens.band(kind, money), pays)

    def _alone(self, policy: Policy, kind: Kind) -> bool:
        """Two conditions that are cheap to ask come first; they are among those of `automatic`."""
        rules, money = policy.automatic[kind], self.row.money
        if self.row.by_person or money is None:
            return False
        if (self.about.details.fields.confidence or 0) < rules.confidence or money[0] > rules.up_to.get(money[1], -1):
            return False
        about = whole(self.row.case)
        earlier = earlier_then(about, self.row.opened_at)
        known = Known(details=about.details, facts=about.facts, earlier=earlier)
        return automatic(policy, self._offer(kind), known, spent=Spent()).allowed

    def _pays(self, policy: Policy, kind: Kind, money: Sum) -> bool:
        waits = self.row.is_open and bool(self.decisions)
        waits = waits or money[0] > policy.limits.per_case.get(money[1], money[0])
        return waits and payout_of(self._offer(kind)) is not None

    def _offer(self, kind: Kind) -> Proposal:
        """As it was made, which knows what was connected and what people chose; else as the playbook would make it."""
        if kind not in self._offers:
            stored = self.row.proposal if kind is self.about.kind else None
            self._offers[kind] = Proposal.model_validate_json(stored) if stored else self._new_offer(kind)
        return self._offers[kind]

    def _new_offer(self, kind: Kind) -> Proposal:
        return Proposal(
            case_id=self.row.case_id,
            version=1,
            kind=kind,
            money=_money(self.row.money),
            actions=PLAYBOOKS[kind].actions(_subject(self.row, whole(self.row.case))),
            authors=(_SOMEBODY,) if self.row.by_person else (),
            created_at=self.row.opened_at,
        )


def _money(money: Sum | None) -> Money | None:
    return None if money is None else Money(amount_minor=money[0], currency=money[1])


def _subject(row: Stored, about: About) -> Subject:
    facts = {fact.name: fact for fact in about.facts}
    return Subject(row.root, row.case_id, about.details, facts, frozenset(), row.opened_at)


def _sort(lens: Evaluator, about: About) -> tuple[Kind | None, bool, bool]:
    presumed, confidence = lens.presumed(about.details), about.details.fields.confidence
    doubtful = confidence is not None and confidence < lens.floor
    return presumed, presumed in lens.off, doubtful


def kind_for(
    presumed: Kind | None, subject: Subject, policy: Policy, earlier: Sequence[Earlier], *, by_person: bool
) -> Kind:
    """As triage has it, when the case opens."""
    why = _why_review(presumed, subject, policy, by_person) or _already_paid_reason(presumed, subject, earlier, None)
    return presumed if presumed is not None and why is None else Kind.REVIEW


def channel(policy: Policy, kind: Kind) -> str:
    """The Slack channel of the kind's cards."""
    rules, channels = policy.kinds.get(kind), policy.channels
    name = (rules.channel if rules else None) or PLAYBOOKS[kind].channel
    return channels[name if name in channels else "fallback"]


def _approval(made: Given) -> Approval:
    people = () if made.user_id.startswith("policy:") else (made.user_id, *made.stood_in_for)
    return Approval(made.user_id, people, made.in_groups, made.decided_at.timestamp())
