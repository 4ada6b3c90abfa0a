"""Decide on cases: every click and form, judged by the policy and written in one transaction."""

import hashlib
from datetime import datetime

from bot.cases import shadow
from bot.cases.approvals import set_going, spent_by_people
from bot.cases.calls import receive
from bot.cases.change import change_case
from bot.cases.clicks import Answer, Click, load, not_permitted, permitted, refuse, refused
from bot.cases.duplicates import paid_elsewhere
from bot.cases.executions import go_on
from bot.core.lifecycle import move_execution
from bot.core.model import (
    Call,
    CaseFile,
    CaseState,
    Decision,
    Entry,
    ExecutionState,
    Kind,
    Receipt,
    Verdict,
)
from bot.core.policy import Judgement, Policy, PolicyAction, judge, payout_of, question_of
from bot.core.records import unverified_recipient
from bot.core.triage import told_as
from storage import Store


def approve(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    file = load(store, click, now)
    if isinstance(file, Answer):
        return file
    return approve_file(store, click, file, policy=policy, now=now)


def approve_file(
    store: Store, click: Click, file: CaseFile, *, policy: Policy, now: datetime, reason: str | None = None
) -> Answer:
    """Approve the version that was loaded; `reason`: why this person wanted it so, where they say."""
    judgement = may_approve(store, click, file, policy=policy, now=now)
    if isinstance(judgement, Answer):
        return judgement
    case, proposal = file.case, file.proposal
    decision = _decision(click, Verdict.APPROVE, judgement, policy, now, reason)
    sentence = f"Approved version {case.version}" + (f", {judgement.limit}." if judgement.limit else ".")
    entry = Entry(
        actor=click.user_id,
        what="decision.approve",
        sentence=sentence + (f" Still {judgement.missing}." if judgement.missing else ""),
        data=_proof(decision) | {"approvals": judgement.approvals},
    )
    store.add_decision(decision, entry=entry)
    if policy.shadow is not None:
        shadow.decided(store, click.person, file, judgement, PolicyAction.APPROVE, shadow=policy.shadow, now=now)
    if judgement.complete:
        set_going(store, case, proposal, now, rule=judgement.rule, policy=policy)
    else:
        change_case(store, case, now, Entry(actor="worker", what="case.progress"))
    return Answer()


def may_approve(store: Store, click: Click, file: CaseFile, *, policy: Policy, now: datetime) -> Judgement | Answer:
    """Return the judgement if this person's approval counts, or the refusal, already audited."""
    case, proposal = file.case, file.proposal
    # whoever may not even approve without the sums of the day is told that, and nothing of what was paid
    first = judge(policy, question_of(PolicyAction.APPROVE, click.person, file))
    if not first.allowed:
        return refused(store, click, first, now)
    if payout_of(proposal) is not None and (paid := paid_elsewhere(store, case, now)):
        return Answer(f"{paid} Nothing was approved.")
    spent = spent_by_people(store, policy, case, proposal, file.decisions, click.person, now)
    judgement = judge(policy, question_of(PolicyAction.APPROVE, click.person, file, spent))
    if not judgement.allowed:
        return refused(store, click, judgement, now)
    if (why := unverified_recipient(file)) is not None:
        refuse(store, click.user_id, why, case_id=case.case_id, now=now)
        return Answer(f"{why} Press “Confirm recipient”; nothing was approved.")
    return judgement


def reject(store: Store, click: Click, reason: str, *, policy: Policy, now: datetime) -> Answer:
    file = load(store, click, now)
    if isinstance(file, Answer):
        return file
    judgement = judge(policy, question_of(PolicyAction.REJECT, click.person, file))
    if not judgement.allowed:
        return refused(store, click, judgement, now)
    decision = _decision(click, Verdict.REJECT, judgement, policy, now, reason)
    added = store.add_decision(
        decision,
        entry=Entry(
            actor=click.user_id,
            what="decision.reject",
            sentence=f"Rejected version {file.case.version}: {reason}",
            data=_proof(decision),
        ),
    )
    if not added:
        return Answer("You have already approved this version; ask somebody else to reject it.")
    if policy.shadow is not None:
        shadow.decided(store, click.person, file, judgement, PolicyAction.REJECT, shadow=policy.shadow, now=now)
    entry = Entry(actor=f"policy:{policy.version}", what="case.rejected", data={"rule": judgement.rule})
    change_case(store, file.case, now, entry, state=CaseState.REJECTED, closing=reason)
    return Answer()


def choose(store: Store, click: Click, number: int, *, policy: Policy, now: datetime) -> Answer:
    """Settle it this way: a new proposal version, by somebody who then cannot approve it alone."""
    file = load(store, click, now)
    if isinstance(file, Answer):
        return file
    judgement = judge(policy, question_of(PolicyAction.ACT, click.person, file))
    if not judgement.allowed:
        return refused(store, click, judgement, now)
    if number > len(file.proposal.options):
        return Answer("That choice is no longer offered.")
    authors = (*file.proposal.authors, click.user_id, *judgement.stood_in_for)
    option = file.proposal.options[number - 1]
    if option.kind is not None:
        return _turn(store, click, file, option.kind, now)
    offer = {
        "actions": option.actions,
        "authors": tuple(dict.fromkeys(authors)),
        "because": f"Chosen: {option.label}.",
        "created_at": now,
    }
    sentence = (
        f"Chose “{option.label}”. This is version {file.case.version + 1} and needs approval by somebody else too."
    )
    entry = Entry(actor=click.user_id, what="case.chosen", sentence=sentence, data={"option": option.name})
    change_case(store, file.case, now, entry, proposal=file.proposal.model_copy(update=offer))
    return Answer()


def _turn(store: Store, click: Click, file: CaseFile, kind: Kind, now: datetime) -> Answer:
    """Receive the other kind as by a form, so that its playbook makes the offer."""
    call = Call(call_id=file.case.root, author=click.user_id, event="choice", details=told_as(kind, file.case.details))
    receive(store, call, body_sha256=hashlib.sha256(click.identity.encode()).hexdigest(), now=now)
    return Answer()


def step_done(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """Record that a step by hand is done; only for the card as it stands, so that a double click is one step."""
    file = load(store, click, now, CaseState.APPROVED)
    if isinstance(file, Answer):
        return file
    step = next((made for made in file.executions if made.state is not ExecutionState.SUCCEEDED), None)
    if step is None or step.state is not ExecutionState.BY_HAND or click.revision != file.case.revision:
        return Answer("The card has moved on since. Please look at it again.")
    if refused := not_permitted(store, click, file, policy, now):
        return refused
    receipt = Receipt(vendor_id=click.user_id, note="done by hand by")  # the person is the proof
    done = step.model_copy(
        update={"state": move_execution(step.state, ExecutionState.SUCCEEDED), "receipt": receipt, "due_at": None}
    )
    entry = Entry(actor=click.user_id, what="execution.by_hand", sentence=f"Done by hand: {step.action.sentence}.")
    store.save_execution(done, entry=entry, now=now)
    go_on(store, file, done, now)
    return Answer()


def retry(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """Continue the step that stopped, with the same key; it is looked up first where it is unsure."""
    file = permitted(store, click, load(store, click, now, CaseState.STUCK), policy, now)
    if isinstance(file, Answer):
        return file
    stopped = next(made for made in file.executions if made.state is not ExecutionState.SUCCEEDED)
    state = stopped.state
    if state is ExecutionState.REFUSED:
        state = move_execution(state, ExecutionState.PENDING)
    store.save_execution(
        stopped.model_copy(update={"state": state, "due_at": now, "failures": 0}),
        now=now,
        entry=Entry(actor=click.user_id, what="execution.retry", sentence=f"Trying again: {stopped.action.sentence}."),
    )
    entry = Entry(actor=click.user_id, what="case.retry")
    change_case(store, file.case, now, entry, state=CaseState.APPROVED)
    return Answer()


def settle_by_hand(store: Store, click: Click, note: str, *, policy: Policy, now: datetime) -> Answer:
    file = permitted(store, click, load(store, click, now, CaseState.STUCK), policy, now)
    if isinstance(file, Answer):
        return file
    closing = f"Settled by hand: {note}"
    entry = Entry(actor=click.user_id, what="case.settled", sentence=f"Settled by hand: {note}")
    change_case(store, file.case, now, entry, state=CaseState.DONE, closing=closing)
    return Answer()


def _decision(
    click: Click, verdict: Verdict, judgement: Judgement, policy: Policy, now: datetime, reason: str | None = None
) -> Decision:
    return Decision(
        case_id=click.ref.case_id,
        version=click.ref.version,
        user_id=click.user_id,
        verdict=verdict,
        reason=reason,
        in_groups=judgement.in_groups,
        stood_in_for=judgement.stood_in_for,
        over_limits=judgement.over_limits,
        rule=judgement.rule,
        policy_version=policy.version,
        decided_at=now,
    )


def _proof(decision: Decision) -> dict[str, object]:
    return {
        "version": decision.version,
        "rule": decision.rule,
        "policy": decision.policy_version,
        "in_groups": list(decision.in_groups),
        "stood_in_for": list(decision.stood_in_for),
        "over_limits": list(decision.over_limits),
        "reason": decision.reason,
    }
