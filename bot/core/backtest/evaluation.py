"""Say what two policies make of one stored case by itself, as the bot would when it opens.

It asks triage and the policy themselves. What is connected is not stored: a step that the stored proposal does not have
counts as connected.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.duplicates import customer_key
from bot.core.model import Call, Case, Decision, Kind, Proposal, Verdict
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Known, Policy, Spent, automatic, payout_of
from bot.core.triage import Triaged, triage


class Stored(NamedTuple):
    """Hold a case as it is stored, with what belongs to its current version; JSON that is not read yet."""

    case: str
    proposal: str
    decisions: tuple[str, ...] = ()  # earliest first
    paid: bool = False  # its payment was approved
    by_person: bool = False  # a person opened it or completed it


@dataclass(frozen=True)
class Trial:
    """Hold the policy in force, and the one that is tried."""

    now: Policy
    new: Policy


class Offer(NamedTuple):
    """Hold what one policy makes of a case before the sums of a day count."""

    proposal: Proposal
    channel: str  # in Slack
    alone: bool  # nothing but those sums could stop it from deciding without a person


class Evaluation(NamedTuple):
    """Hold what both policies make of a case, and what people decided on it."""

    case_id: str
    opened_at: datetime
    customer: str | None
    known: Known | None  # None: neither policy could decide it alone
    approvals: tuple[Decision, ...]  # earliest first
    rejected: bool
    paid: bool
    fallen_to_admins: bool
    offers: tuple[Offer, Offer]  # by the policy in force, by the new one

    @property
    def moves(self) -> bool:
        """Say whether its outcome depends on what else happened that day, or that of other cases on it."""
        pays = self.paid or any(payout_of(offer.proposal) is not None for offer in self.offers)
        return self.known is not None or (bool(self.approvals) and pays)


def evaluate(trial: Trial, row: Stored) -> Evaluation:
    """Say what both policies make of a stored case."""
    case, proposal = Case.model_validate_json(row.case), Proposal.model_validate_json(row.proposal)
    decisions = [Decision.model_validate_json(text) for text in row.decisions]
    # What other cases paid after this one had opened stands in it too, and was not known then.
    earlier = tuple(other for other in case.earlier if other.paid_at is None or other.paid_at <= case.opened_at)
    case = case.model_copy(update={"earlier": earlier})
    known = Known(details=case.details, facts=case.facts, earlier=earlier)
    offers = (
        _offer(trial.now, case, proposal, known, by_person=row.by_person),
        _offer(trial.new, case, proposal, known, by_person=row.by_person),
    )
    return Evaluation(
        case_id=case.case_id,
        opened_at=case.opened_at,
        customer=customer_key(case.details),
        known=known if any(offer.alone for offer in offers) else None,
        approvals=tuple(decision for decision in decisions if decision.verdict is Verdict.APPROVE),
        rejected=any(decision.verdict is Verdict.REJECT for decision in decisions),
        paid=row.paid,
        fallen_to_admins=case.fallen_to_admins,
        offers=offers,
    )


def _offer(policy: Policy, case: Case, proposal: Proposal, known: Known, *, by_person: bool) -> Offer:
    triaged = triage_again(policy, case, by_person=by_person)
    if triaged.kind is not proposal.kind:
        actions = tuple(action.model_copy(update={"by_hand": False}) for action in triaged.actions)
        proposal = proposal.model_copy(update={"kind": triaged.kind, "actions": actions, "options": triaged.options})
    alone = not by_person and automatic(policy, proposal, known, spent=Spent()).allowed
    return Offer(proposal, policy.channels[triaged.channel], alone)


def triage_again(policy: Policy, case: Case, *, by_person: bool) -> Triaged:
    """Triage a stored case as it would be if it opened under this policy; `by_person`: one has completed it."""
    form = Call(call_id=case.root, author="somebody", event="form", details=case.details)
    return triage(
        case.root,
        [form] if by_person else [],
        case.details,
        case.facts,
        policy=policy,
        available_operations=frozenset(),
        now=case.opened_at,
        earlier=case.earlier,
    )


def channel(policy: Policy, kind: Kind) -> str:
    """Return the Slack channel of the kind's cards."""
    rules, channels = policy.kinds.get(kind), policy.channels
    name = (rules.channel if rules else None) or PLAYBOOKS[kind].channel
    return channels[name if name in channels else "fallback"]
