"""From a received call to an open case, and from a changed call to a changed case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.cases import shadow
from bot.cases.approvals import decide_alone
from bot.cases.change import change_case, open_case
from bot.cases.duplicates import earlier_cases, lock_duplicates
from bot.core.cards.wording import headline
from bot.core.intake import merge
from bot.core.masked import HIDDEN_FIELDS
from bot.core.model import Call, Case, CaseState, Details, Entry, Fact, Proposal
from bot.core.policy import Known, Policy
from bot.core.triage import Triaged, case_id_of, triage
from storage import Store

ANALYSIS_GRACE = timedelta(minutes=2)  # system C sends the analysis some 30 s after the transcript
LOOK_AGAIN = timedelta(seconds=20)  # where a look-up failed
LOOK_FOR = timedelta(minutes=10)  # after that what is missing stays missing
LOWERED, RAISED = "amount lowered", "amount raised"  # events of a call by a person


@dataclass(frozen=True)
class CallHistory:
    """All that has been told about one case, in the order it came."""

    root: str
    versions: tuple[Call, ...]

    @property
    def details(self) -> Details:
        """What a person filled in wins over what the call said, whichever came last."""
        return merge([call.details for call in sorted(self.versions, key=lambda call: call.author is not None)])

    @property
    def authors(self) -> tuple[str, ...]:
        """Who asked for it or edited it; who only lowered the amount wants no more than was offered."""
        told = (call for call in self.versions if call.event != LOWERED)
        return tuple(dict.fromkeys(call.author for call in told if call.author))

    @property
    def because(self) -> str | None:
        """Why a person changed the amount, as they last said."""
        return next((call.because for call in reversed(self.versions) if call.because), None)


def receive(store: Store, call: Call, *, body_sha256: str, now: datetime) -> Literal["new", "changed", "duplicate"]:
    """Keep what a door was told; a job makes a case of it. The same body twice is one call."""
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
    """Open the case of these calls, or bring the case that exists up to what they say."""
    details, case_id = told.details, case_id_of(told.root)
    case = store.case(case_id, lock=True)
    if case is not None and case.details == details:
        facts = _with_known(case.facts, facts)
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
    elif case.state is CaseState.OPEN:
        _bring_up(store, case, told, triaged, known, policy, now)
    elif details != case.details:
        _note_late_change(store, case, details, now)
    else:
        _redelivered(store, case, now)
    shadow.offered(
        store, told.root, told.versions, before=case, policy=policy, available_operations=available_operations, now=now
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
    proposal = _proposal(case, triaged, details, told.authors, now, told.because)
    open_case(store, case, proposal, now, entry, policy=policy)
    decide_alone(store, case, proposal, policy=policy, now=now)


def _bring_up(
    store: Store, case: Case, told: CallHistory, triaged: Triaged, known: Known, policy: Policy, now: datetime
) -> None:
    """A new offer is a new proposal version: an approval of the old one says nothing about it."""
    details, offered = known.details, store.proposal(case.case_id, case.version)
    authors = tuple(dict.fromkeys((*(offered.authors if offered else ()), *told.authors)))
    proposal = _proposal(case, triaged, details, authors, now, told.because)
    if offered is not None:
        proposal = _carried_on(offered, proposal, lowered=told.versions[-1].event == LOWERED)
    same_offer = offered is not None and _same_offer(offered, proposal)
    looked_again = any(fact.failed for fact in case.facts)
    vouched = offered is not None and set(told.authors) <= set(offered.authors)  # nobody new has told us anything
    by_a_call = vouched and told.versions[-1].author is None
    if looked_again and vouched and details == case.details and not _learned(case.facts, known.facts):
        return
    # the same call again undoes no choice and no approval; what a look-up tells late may
    if details == case.details and (same_offer or by_a_call) and not looked_again:
        _redelivered(store, case, now)
        return
    same_kind = triaged.kind is case.kind
    fields: dict[str, Any] = {
        "kind": triaged.kind,
        "details": details,
        "facts": known.facts,
        "earlier": known.earlier,
        "channel": triaged.channel,
        "urgent": triaged.urgent,
        "owner": case.owner if same_kind else triaged.owner,  # it may have been escalated or taken
        "due_at": case.due_at if same_kind else triaged.due_at,
    }
    learned = ", ".join(_learned(case.facts, known.facts)) if looked_again else ""
    words = f"Looked up late: {learned}." if learned else f"Updated: {what_changed(case.details, details)}."
    if not same_offer:
        words += f" This is version {case.version + 1}; earlier approvals do not count for it."
    actor = "worker" if learned and details == case.details else told.versions[-1].author or "dialnexa"
    entry = Entry(actor=actor, what="case.updated", sentence=words)
    change_case(store, case, now, entry, proposal=None if same_offer else proposal, policy=policy, **fields)


def _with_known(before: Sequence[Fact], after: Sequence[Fact]) -> tuple[Fact, ...]:
    """What was looked up before about the same details stays known where it cannot be looked up again just now."""
    away, fresh = {fact.source for fact in after if fact.failed}, {fact.name for fact in after if not fact.failed}
    kept = [fact for fact in before if fact.source in away and not fact.failed and fact.name not in fresh]
    names = {fact.name for fact in kept}
    return (*kept, *(fact for fact in after if not fact.failed or fact.name not in names))


def _learned(before: Sequence[Fact], after: Sequence[Fact]) -> list[str]:
    """The names of the facts that say something now and did not before; else the systems that answer again."""
    known = {fact.name for fact in before if not fact.failed}
    names = [fact.name.replace("_", " ") for fact in after if not fact.failed and fact.name not in known]
    away = {fact.source for fact in after if fact.failed}
    return names or sorted({fact.source for fact in before if fact.failed} - away)


def _redelivered(store: Store, case: Case, now: datetime) -> None:
    """Nothing changed but the history, and the thread shows that too."""
    change_case(store, case, now, Entry(actor="worker", what="call.told_again"))


def _note_late_change(store: Store, case: Case, details: Details, now: datetime) -> None:
    """The decision stands; people are told in the thread."""
    words = f"The call summary changed after the case was {case.state}: {what_changed(case.details, details)}."
    entry = Entry(actor="dialnexa", what="call.changed_late", sentence=words + " Nothing was done about it.")
    change_case(store, case, now, entry)


def _carried_on(offered: Proposal, proposal: Proposal, *, lowered: bool) -> Proposal:
    """What was lowered once is still judged by what it was; and a choice stands where only its amount changes."""
    highest, money = offered.amount_for_policy if lowered else offered.highest, proposal.money
    if highest and money and highest.currency == money.currency and highest.amount_minor > money.amount_minor:
        proposal = proposal.model_copy(update={"highest": highest})
    chosen = next((one.name for one in offered.options if one.actions and one.actions == offered.actions), None)
    option = next((one for one in proposal.options if one.name == chosen), None)
    amount_only = offered.money != money and proposal.because is not None
    return proposal.model_copy(update={"actions": option.actions}) if option and amount_only else proposal


def _proposal(
    case: Case, triaged: Triaged, details: Details, authors: tuple[str, ...], now: datetime, because: str | None
) -> Proposal:
    """`details` as they are from now on: the amount decides who must approve."""
    return Proposal(
        case_id=case.case_id,
        version=case.version,
        kind=triaged.kind,
        money=details.money,
        actions=triaged.actions,
        options=triaged.options,
        authors=authors,
        because=triaged.because or because,
        created_at=now,
    )


def _same_offer(offered: Proposal, proposal: Proposal) -> bool:
    """Also where a person has chosen among the options, and they are still the same."""
    if any(one.actions and one.actions == offered.actions for one in offered.options):
        stands = offered.model_copy(update={"actions": proposal.actions, "because": proposal.because})
        return _offer(stands) == _offer(proposal)
    return _offer(offered) == _offer(proposal)


def _offer(proposal: Proposal) -> tuple[object, ...]:
    return (proposal.kind, proposal.money, proposal.actions, proposal.options, proposal.because, proposal.authors)


def what_changed(old: Details, new: Details) -> str:
    """ "amount 129.50 → 139.50, currency stated" without ever repeating a long text."""
    parts: list[str] = []
    before, after = old.fields.model_dump(), new.fields.model_dump()
    for name, value in after.items():
        was = before[name]
        if value == was or name == "confidence":
            continue
        label = name.replace("_", " ")
        short = isinstance(value, str) and len(value) <= 60 and not (new.sensitive and name in HIDDEN_FIELDS)
        parts.append(f"{label} {was or 'not stated'} → {value}" if short else f"{label} changed")
    if old.summary != new.summary:
        parts.append("summary changed")
    return ", ".join(parts) or "details changed"
