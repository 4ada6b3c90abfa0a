"""From a received call to an open case, and from a changed call to a changed case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.cases.running import save
from bot.core.cards.wording import headline
from bot.core.intake import merge
from bot.core.model import Call, CardPlace, Case, CaseState, Details, Entry, Fact, Proposal
from bot.core.policy import Policy
from bot.core.triage import Triaged, case_id_of, triage
from storage import Store

ANALYSIS_GRACE = timedelta(minutes=2)  # system C sends the analysis some 30 s after the transcript


@dataclass(frozen=True)
class Told:
    """All that has been told about one case, in the order it came."""

    root: str
    versions: tuple[Call, ...]

    @property
    def details(self) -> Details:
        """What a person filled in wins over what the call said, whichever came last."""
        return merge([call.details for call in sorted(self.versions, key=lambda call: call.author is not None)])

    @property
    def authors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(call.author for call in self.versions if call.author))


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


def claim_calls(store: Store, *, owner: str, until: datetime, now: datetime, limit: int) -> list[Told]:
    roots = store.due_calls(now, limit)
    if roots:
        store.lease_calls(roots, owner, until)
    return [Told(root, tuple(store.calls_of(root))) for root in roots]


def settle(store: Store, told: Told, facts: Sequence[Fact], *, policy: Policy, able: frozenset[str],
           now: datetime) -> None:  # fmt: skip
    """Open the case of these calls, or bring the case that exists up to what they say."""
    details = told.details
    triaged = triage(told.root, told.versions, details, facts, policy=policy, able=able, now=now)
    case = store.case(case_id_of(told.root), lock=True)
    if case is not None and len(store.calls_of(told.root)) > len(told.versions):
        return  # more was told meanwhile: the job that knows all of it must not be undone by this one
    if case is None:
        _open(store, told, triaged, details, tuple(facts), now)
    elif case.state is CaseState.OPEN:
        _bring_up(store, case, told, triaged, details, tuple(facts), now)
    elif details != case.details:
        _note_late_change(store, case, details, now)
    else:
        _told_again(store, case, now)
    store.finish_calls(told.root, len(told.versions))


def _open(store: Store, told: Told, triaged: Triaged, details: Details, facts: tuple[Fact, ...], now: datetime) -> None:
    case_id = case_id_of(told.root)
    case = Case(
        case_id=case_id,
        root=told.root,
        call_id=None if case_id == told.root else told.root,
        kind=triaged.kind,
        state=CaseState.OPEN,
        version=1,
        revision=1,
        details=details,
        facts=facts,
        channel=triaged.channel,
        urgent=triaged.urgent,
        owner=triaged.owner,
        due_at=triaged.due_at,
        opened_by=told.versions[0].author or "dialnexa",
        opened_at=now,
        updated_at=now,
    )
    title = headline(triaged.kind, details, details.money)
    sentence = f"Case opened: {title}. {triaged.because or ''}".strip()
    store.add_case(case, now=now, entry=Entry(actor="worker", what="case.opened", sentence=sentence))
    store.add_proposal(_proposal(case, triaged, details, told.authors, now))
    store.add_card(CardPlace(case_id=case_id, place=case.channel, channel=case.channel, due_at=now))


def _bring_up(store: Store, case: Case, told: Told, triaged: Triaged, details: Details, facts: tuple[Fact, ...],
              now: datetime) -> None:  # fmt: skip
    """A new offer is a new proposal version: an approval of the old one says nothing about it."""
    offered = store.proposal(case.case_id, case.version)
    authors = tuple(dict.fromkeys((*(offered.authors if offered else ()), *told.authors)))
    proposal = _proposal(case, triaged, details, authors, now)
    same_offer = offered is not None and _offer(offered) == _offer(proposal)
    by_a_call = told.versions[-1].author is None
    if details == case.details and (same_offer or by_a_call):  # the same call again undoes no choice and no approval
        _told_again(store, case, now)
        return
    version = case.version if same_offer else case.version + 1
    changed = case.model_copy(
        update={
            "kind": triaged.kind,
            "version": version,
            "revision": case.revision + 1,
            "details": details,
            "facts": facts,
            "channel": triaged.channel,
            "urgent": triaged.urgent,
            "owner": triaged.owner,
            "due_at": case.due_at if triaged.kind is case.kind else triaged.due_at,
            "updated_at": now,
        }
    )
    words = f"Updated: {what_changed(case.details, details)}."
    if not same_offer:
        store.add_proposal(proposal.model_copy(update={"version": version}))
        words += f" This is version {version}; earlier approvals do not count for it."
    actor = told.versions[-1].author or "dialnexa"
    store.save_case(changed, now=now, entry=Entry(actor=actor, what="case.updated", sentence=words))
    if store.card(case.case_id, place=triaged.channel) is None:
        store.add_card(CardPlace(case_id=case.case_id, place=triaged.channel, channel=triaged.channel, due_at=now))


def _told_again(store: Store, case: Case, now: datetime) -> None:
    """Nothing changed but the history, and the thread shows that too."""
    save(store, case, now, Entry(actor="worker", what="call.told_again"))


def _note_late_change(store: Store, case: Case, details: Details, now: datetime) -> None:
    """The decision stands; people are told in the thread."""
    words = f"The call summary changed after the case was {case.state}: {what_changed(case.details, details)}."
    entry = Entry(actor="dialnexa", what="call.changed_late", sentence=words + " Nothing was done about it.")
    save(store, case, now, entry)


def _proposal(case: Case, triaged: Triaged, details: Details, authors: tuple[str, ...], now: datetime) -> Proposal:
    """`details` as they are from now on: the amount decides who must approve."""
    return Proposal(
        case_id=case.case_id,
        version=case.version,
        kind=triaged.kind,
        money=details.money,
        actions=triaged.actions,
        options=triaged.options,
        authors=authors,
        because=triaged.because,
        created_at=now,
    )


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
        short = isinstance(value, str) and len(value) <= 60
        parts.append(f"{label} {was or 'not stated'} → {value}" if short else f"{label} changed")
    if old.summary != new.summary:
        parts.append("summary changed")
    return ", ".join(parts) or "details changed"
