"""Carry out an approval by people or by the policy: write the executions and count what they pay.

Keys of limits are held last in a transaction, after the case and after the keys that link cases, and in one order.
"""

from datetime import datetime

from bot.cases.change import change_case
from bot.cases.duplicates import notify_paid
from bot.cases.executions import executions_of
from bot.core.duplicates import customer_key
from bot.core.model import Case, CaseState, Decision, Details, Entry, Proposal, Verdict
from bot.core.people import Person
from bot.core.policy import DAY, Known, Policy, Spent, automatic, groups_of, payout_of
from storage import Store
from storage.duplicates import Payout


def spent_by_people(
    store: Store,
    policy: Policy,
    case: Case,
    proposal: Proposal,
    made: tuple[Decision, ...],
    person: Person,
    now: datetime,
) -> Spent:
    """Return what was spent in the 24 hours before this approval, and hold these sums until the transaction ends."""
    money = payout_of(proposal)
    if money is None:
        return Spent()
    limits, currency, since = policy.limits, money.currency, now - DAY
    customer = customer_key(case.details) if currency in limits.per_customer_per_day else None
    approvers = _approvers(policy, proposal, made, person) if currency in limits.per_approver_per_day else ()
    store.hold_keys([f"limit:{one}:{currency}" for one in (customer, *approvers) if one is not None])
    return Spent(
        customer=store.paid_to(customer, currency, since) if customer is not None else 0,
        approvers={user_id: store.approved_by(user_id, currency, since) for user_id in approvers},
    )


def _approvers(policy: Policy, proposal: Proposal, made: tuple[Decision, ...], person: Person) -> tuple[str, ...]:
    """List everybody who would have approved it; who acts by lent groups alone spends for the lender, too."""
    approved = [one for one in made if one.verdict is Verdict.APPROVE]
    people = [user_id for one in approved for user_id in (one.user_id, *one.stood_in_for)]
    lent = person.stands_in_for if person.groups.isdisjoint(groups_of(policy, proposal.kind)) else ()
    return tuple(dict.fromkeys((*people, person.user_id, *lent)))


def set_going(
    store: Store, case: Case, proposal: Proposal, now: datetime, *, rule: str, policy: Policy, alone: bool = False
) -> None:
    """Approve the case, write its executions and count its payout. `alone`: the policy decided without a person."""
    approved = Entry(actor=f"policy:{policy.version}", what="case.approved", data={"rule": rule})
    change_case(store, case, now, approved, state=CaseState.APPROVED)
    executions = executions_of(case, proposal, now)
    written = Entry(actor="worker", what="executions.written", data={"keys": [made.key for made in executions]})
    store.add_executions(executions, now=now, entry=written)
    money = payout_of(proposal)
    if money is not None:
        payout = Payout(
            case_id=case.case_id,
            version=proposal.version,
            kind=proposal.kind,
            customer=customer_key(case.details),
            money=money,
            approved_at=now,
            automatic=alone,
        )
        store.add_payout(payout)
        notify_paid(store, case, now)


def decide_alone(store: Store, case: Case, proposal: Proposal, *, policy: Policy, now: datetime) -> bool:
    """Let the policy decide on a case that opens, and return whether it did; the history says why not."""
    rules = policy.automatic.get(proposal.kind)
    if rules is None or not rules.enabled or not proposal.actions:
        return False
    known = Known(details=case.details, facts=case.facts, earlier=case.earlier)
    paused = [pause.scope for pause in store.pauses()]
    spent = _spent_alone(store, case.details, proposal, now)
    answer = automatic(policy, proposal, known, spent=spent, paused=paused)
    actor = f"policy:{policy.version}"
    if not answer.allowed:
        told = {"rule": answer.rule, "why": answer.why_not}
        store.append(case.case_id, Entry(actor=actor, what="case.not_automatic", data=told), now)
        return False
    decision = Decision(
        case_id=case.case_id,
        version=proposal.version,
        user_id=actor,
        verdict=Verdict.APPROVE,
        rule=answer.rule,
        policy_version=policy.version,
        decided_at=now,
    )
    entry = Entry(
        actor=actor,
        what="decision.automatic",
        sentence=f"Approved by the policy without a person: {answer.rule}.",
        data={"version": proposal.version, "rule": answer.rule, "policy": policy.version},
    )
    store.add_decision(decision, entry=entry)
    set_going(store, case, proposal, now, rule=answer.rule, policy=policy, alone=True)
    return True


def _spent_alone(store: Store, details: Details, proposal: Proposal, now: datetime) -> Spent:
    money, customer, since = payout_of(proposal), customer_key(details), now - DAY
    if money is None:
        return Spent()
    currency = money.currency
    keys = [f"limit:automatic:{proposal.kind}:{currency}", *([f"limit:{customer}:{currency}"] if customer else [])]
    store.hold_keys(keys)
    return Spent(
        customer=store.paid_to(customer, currency, since) if customer else 0,
        automatic=store.paid_automatically(proposal.kind, currency, since),
    )
