"""Open the case of a received call, and bring the case that exists up to what its calls say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from bot.cases import shadow
from bot.cases.approvals import decide_alone
from bot.cases.change import change_case, open_case
from bot.cases.duplicates import earlier_cases, lock_duplicates
from bot.core.cards.wording import headline
from bot.core.model import Call, Case, CaseState, Entry, Fact, Proposal
from bot.core.policy import Known, Policy
from bot.core.revise import CallHistory as CallHistory
from bot.core.revise import propose, revise, with_known
from bot.core.triage import Triaged, case_id_of, triage
from storage import Store

ANALYSIS_GRACE = timedelta(minutes=2)  # system C sends the analysis some 30 s after the transcript
LOOK_AGAIN = timedelta(seconds=20)  # where a look-up failed
LOOK_FOR = timedelta(minutes=10)  # after that what is missing stays missing


def receive(store: Store, call: Call, *, body_sha256: str, now: datetime) -> Literal["new", "changed", "duplicate"]:
    """Keep a call, of which a job makes a case; the same body twice is one call."""
    source = "A person's input" if call.author else "A call summary from DialNexa"
    return store.add_call(
        call,
        body_sha256=body_sha256,
        received_at=now,
        due_at=now if call.analysed else now + ANALYSIS_GRACE,
        chain=case_id_of(call.call_id),
        entry=Entry(
            actor=call.author or "dialnexa",
            what="call.received",
            sentence=f"{source} was received.",
            data={"event": call.event, "body_sha256": body_sha256, "call": call.call_id},
        ),
    )


def claim_calls(store: Store, *, owner: str, until: datetime, now: datetime, limit: int) -> list[CallHistory]:
    roots = store.due_calls(now, limit)
    if roots:
        store.lease_calls(roots, owner, until)
    return [CallHistory(root, tuple(store.calls_of(root))) for root in roots]


def settle(
    store: Store,
    told: CallHistory,
    facts: Sequence[Fact],
    *,
    policy: Policy,
    available_operations: frozenset[str],
    now: datetime,
    public_url: str | None = None,
) -> None:
    """Open the case of these calls, or bring the case that exists up to them."""
    details, case_id = told.details, case_id_of(told.root)
    case = store.case(case_id, lock=True)
    if case is not None and case.details == details:
        facts = with_known(case.facts, facts)
    lock_duplicates(store, details, facts)
    known = Known(details=details, facts=tuple(facts), earlier=earlier_cases(store, case_id, details, facts, now))
    triaged = triage(
        told.root,
        told.versions,
        details,
        facts,
        policy=policy,
        available_operations=available_operations,
        now=now,
        link=f"{public_url.rstrip('/')}/cases/{case_id}" if public_url else None,
        standing=case,
        earlier=known.earlier,
    )
    if case is not None and len(store.calls_of(told.root)) > len(told.versions):
        store.finish_calls(told.root, len(told.versions))  # what was told meanwhile is due, and waits for nobody
        return  # the job that knows all of it must not be undone by this one
    if case is None:
        _open(store, told, triaged, known, policy, now)
    elif (revision := revise(case, _offered(store, case), told, triaged, known, now)) is not None:
        change_case(store, case, now, revision.entry, proposal=revision.proposal, policy=policy, **revision.fields)
    if policy.shadow is not None:
        shadow.offered(
            store,
            told.root,
            told.versions,
            before=case,
            policy=policy,
            shadow=policy.shadow,
            available_operations=available_operations,
            now=now,
        )
    store.finish_calls(told.root, len(told.versions))
    looking = case is None or (case.state is CaseState.OPEN and now - case.opened_at < LOOK_FOR)
    # a version that came meanwhile is due already, and looked up with all that is known by then
    if looking and any(fact.failed for fact in facts) and len(store.calls_of(told.root)) == len(told.versions):
        store.look_again(told.root, now + LOOK_AGAIN)


def _open(store: Store, told: CallHistory, triaged: Triaged, known: Known, policy: Policy, now: datetime) -> None:
    case_id, details = case_id_of(told.root), known.details
    case = Case(
        case_id=case_id,
        root=told.root,
        call_id=None if case_id == told.root else told.root,
        kind=triaged.kind,
        state=CaseState.OPEN,
        version=1,
        revision=1,
        details=details,
        facts=known.facts,
        earlier=known.earlier,
        channel=triaged.channel,
        workflow=told.versions[0].workflow,
        urgent=triaged.urgent,
        owner=triaged.owner,
        due_at=triaged.due_at,
        opened_by=told.versions[0].author or "dialnexa",
        opened_at=now,
        updated_at=now,
    )
    title = headline(triaged.kind, details, details.money)
    sentence = f"Case opened: {title}. {triaged.because or ''}".strip()
    entry = Entry(actor="worker", what="case.opened", sentence=sentence)
    proposal = propose(case, triaged, details, told.authors, now, told.because)
    open_case(store, case, proposal, now, entry, policy=policy)
    decide_alone(store, case, proposal, policy=policy, now=now)


def _offered(store: Store, case: Case) -> Proposal:
    proposal = store.proposal(case.case_id, case.version)
    if proposal is None:  # the foreign key forbids it
        raise LookupError(f"case {case.case_id} has no proposal {case.version}")
    return proposal
