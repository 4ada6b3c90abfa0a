"""Decide what a later call, a late look-up or another amount does to a case that exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.intake import merge
from bot.core.model import Call, Case, CaseState, Details, Entry, Fact, Proposal
from bot.core.policy import Known
from bot.core.records import HIDDEN_FIELDS
from bot.core.triage import Triaged

LOWERED, RAISED = "amount lowered", "amount raised"  # events of a call by a person


@dataclass(frozen=True)
class CallHistory:
    """Hold all calls about one case, in the order in which they were received."""

    root: str
    versions: tuple[Call, ...]

    @property
    def details(self) -> Details:
        """Return the details of all calls together; what a person filled in wins over what a call said."""
        return merge([call.details for call in sorted(self.versions, key=lambda call: call.author is not None)])

    @property
    def authors(self) -> tuple[str, ...]:
        """Return who asked for it or edited it; who only lowered the amount wants no more than was offered."""
        edits = (call for call in self.versions if call.event != LOWERED)
        return tuple(dict.fromkeys(call.author for call in edits if call.author))

    @property
    def because(self) -> str | None:
        """Return why a person changed the amount, as they last said."""
        return next((call.because for call in reversed(self.versions) if call.because), None)


@dataclass(frozen=True)
class Revision:
    """Describe one change of a case: its entry in the history, the new fields and, for a new version, its proposal."""

    entry: Entry
    fields: Mapping[str, Any] = field(default_factory=dict)
    proposal: Proposal | None = None


REDELIVERED = Revision(Entry(actor="worker", what="call.told_again"))


def propose(
    case: Case, triaged: Triaged, details: Details, authors: tuple[str, ...], now: datetime, because: str | None
) -> Proposal:
    """Return what is offered for these details, whose amount decides who must approve it."""
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


def revise(
    case: Case, offered: Proposal, history: CallHistory, triaged: Triaged, known: Known, now: datetime
) -> Revision | None:
    """Return what changes about the case, or None where nothing is to be written.

    `offered` is its current proposal; `known` are the details, facts and duplicates that `triaged` was made from.
    """
    unchanged, last = known.details == case.details, history.versions[-1]
    if case.state is not CaseState.OPEN:
        return REDELIVERED if unchanged else _late_change(case, known.details)
    authors = tuple(dict.fromkeys((*offered.authors, *history.authors)))
    proposal = propose(case, triaged, known.details, authors, now, history.because)
    proposal = _carried_on(offered, proposal, lowered=last.event == LOWERED)
    same_offer, nobody_new = _is_same_offer(offered, proposal), authors == offered.authors
    looked_again = any(fact.failed for fact in case.facts)
    learned = learned_facts(case.facts, known.facts) if looked_again else []
    if looked_again and unchanged and nobody_new and not learned:
        return None
    # the same call again undoes no choice and no approval; what a look-up tells late may
    by_a_call = nobody_new and last.author is None
    if unchanged and (same_offer or by_a_call) and not looked_again:
        return REDELIVERED
    words = (
        f"Looked up late: {', '.join(learned)}."
        if learned
        else f"Updated: {what_changed(case.details, known.details)}."
    )
    if not same_offer:
        words += f" This is version {case.version + 1}; earlier approvals do not count for it."
    actor = "worker" if learned and unchanged else last.author or "dialnexa"
    entry = Entry(actor=actor, what="case.updated", sentence=words)
    return Revision(entry, _new_fields(case, triaged, known), None if same_offer else proposal)


def _late_change(case: Case, details: Details) -> Revision:
    """Tell people in the thread; the decision stands."""
    words = f"The call summary changed after the case was {case.state}: {what_changed(case.details, details)}."
    words += " Nothing was done about it."
    return Revision(Entry(actor="dialnexa", what="call.changed_late", sentence=words))


def _new_fields(case: Case, triaged: Triaged, known: Known) -> Mapping[str, Any]:
    fields: dict[str, Any] = {
        "kind": triaged.kind,
        "details": known.details,
        "facts": known.facts,
        "earlier": known.earlier,
        "channel": triaged.channel,
        "urgent": triaged.urgent,
    }
    if triaged.kind is not case.kind:  # else it may have been escalated or taken
        fields |= {"owner": triaged.owner, "due_at": triaged.due_at}
    return fields


def _carried_on(offered: Proposal, proposal: Proposal, *, lowered: bool) -> Proposal:
    """Keep the amount that was offered first, and a choice where only its amount changes."""
    highest, money = offered.amount_for_policy if lowered else offered.highest, proposal.money
    if highest and money and highest.currency == money.currency and highest.amount_minor > money.amount_minor:
        proposal = proposal.model_copy(update={"highest": highest})
    chosen = next((one.name for one in offered.options if one.actions and one.actions == offered.actions), None)
    option = next((one for one in proposal.options if one.name == chosen), None)
    amount_only = offered.money != money and proposal.because is not None
    return proposal.model_copy(update={"actions": option.actions}) if option and amount_only else proposal


def _is_same_offer(offered: Proposal, proposal: Proposal) -> bool:
    """Compare offers; a choice is the same offer while the options that it was one of are the same."""
    if any(option.actions and option.actions == offered.actions for option in offered.options):
        offered = offered.model_copy(update={"actions": proposal.actions, "because": proposal.because})
    return _offer(offered) == _offer(proposal)


def _offer(proposal: Proposal) -> tuple[object, ...]:
    return (proposal.kind, proposal.money, proposal.actions, proposal.options, proposal.because, proposal.authors)


def with_known(before: Sequence[Fact], after: Sequence[Fact]) -> tuple[Fact, ...]:
    """Return the new facts, and the old ones of each system that could not be looked up again just now."""
    away, fresh = {fact.source for fact in after if fact.failed}, {fact.name for fact in after if not fact.failed}
    kept = [fact for fact in before if fact.source in away and not fact.failed and fact.name not in fresh]
    names = {fact.name for fact in kept}
    return (*kept, *(fact for fact in after if not fact.failed or fact.name not in names))


def learned_facts(before: Sequence[Fact], after: Sequence[Fact]) -> list[str]:
    """Return the names of facts that say something only now; else the systems that answer again."""
    known = {fact.name for fact in before if not fact.failed}
    names = [fact.name.replace("_", " ") for fact in after if not fact.failed and fact.name not in known]
    away = {fact.source for fact in after if fact.failed}
    return names or sorted({fact.source for fact in before if fact.failed} - away)


def what_changed(old: Details, new: Details) -> str:
    """Return, for example, "amount 129.50 → 139.50, currency stated", without ever repeating a long text."""
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
