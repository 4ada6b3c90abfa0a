"""Write every change of a case, with all that belongs to a change, in the caller's transaction."""

from datetime import datetime

from bot.cases import notices
from bot.core import timers
from bot.core.duplicates import keys_of
from bot.core.lifecycle import move_case
from bot.core.model import CardCopy, Case, CaseState, Entry, Proposal
from bot.core.policy import Policy
from storage import Store


def open_case(store: Store, case: Case, proposal: Proposal, now: datetime, entry: Entry, *, policy: Policy) -> None:
    """Write a new case with its first proposal, its card, its timers and the keys that link it to its duplicates."""
    store.add_case(case, now=now, entry=entry)
    store.add_proposal(proposal)
    _hang_card(store, case, now)
    _link_duplicates(store, case, now)
    store.set_timers(timers.schedule(policy, case, case.opened_at))
    notices.notify(store, case, entry, now)


def change_case(
    store: Store,
    case: Case,
    now: datetime,
    entry: Entry,
    *,
    state: CaseState | None = None,
    closing: str | None = None,
    proposal: Proposal | None = None,
    policy: Policy | None = None,
    **fields: object,
) -> Case:
    """Write what is new about a case, as it was loaded, and return it as it is now.

    `proposal` becomes its next version; `closing` is kept with a new `state`; `policy` is needed where kind, channel,
    urgency or the promised follow-up may change. Raises WrongMove for a state that does not follow.
    """
    if proposal is not None:
        fields["version"] = case.version + 1
        entry = entry.model_copy(update={"data": entry.data | {notices.REPLACES: case.version}})
        store.add_proposal(proposal.model_copy(update={"version": case.version + 1}))
    if state is not None:
        fields |= {"state": move_case(case.state, state), "closing": closing}
    changed = case.model_copy(update={"revision": case.revision + 1, "updated_at": now} | fields)
    store.save_case(changed, entry=entry, now=now)
    _keep_timers(store, case, changed, policy, now)
    if changed.channel != case.channel and store.card(case.case_id, changed.channel) is None:
        _hang_card(store, changed, now)
    if (changed.details, changed.facts) != (case.details, case.facts):
        _link_duplicates(store, changed, now)
    notices.notify(store, changed, entry, now)
    return changed


def _hang_card(store: Store, case: Case, now: datetime) -> None:
    store.add_card(CardCopy(case_id=case.case_id, place=case.channel, channel=case.channel, due_at=now))


def _keep_timers(store: Store, case: Case, changed: Case, policy: Policy | None, now: datetime) -> None:
    """Begin anew as another kind of case, in another place or urgency; a new promise moves only its follow-up."""
    if changed.state is not case.state and case.state is CaseState.OPEN:
        store.stop_timers(case.case_id, keep=(timers.FOLLOW_UP,))  # what was promised to the caller stays promised
    elif (case.kind, case.channel, case.urgent) != (changed.kind, changed.channel, changed.urgent):
        store.stop_timers(case.case_id)
        store.set_timers(timers.schedule(_needed(policy), changed, now))
    elif case.details.fields.follow_up_deadline != changed.details.fields.follow_up_deadline:
        others = [timer.name for timer in store.timers(case.case_id) if timer.name != timers.FOLLOW_UP]
        store.stop_timers(case.case_id, keep=others)
        store.set_timers(timers.follow_up(_needed(policy), changed, now))


def _needed(policy: Policy | None) -> Policy:
    if policy is None:
        raise TypeError("the timers of a case follow its policy, which was not given")
    return policy


def _link_duplicates(store: Store, case: Case, now: datetime) -> None:
    """Let a later call about the same charge find this case, and tell the cases that it found."""
    store.add_keys(case.case_id, keys_of(case.details, case.facts))
    for duplicate in case.earlier:
        other = store.case(duplicate.case_id, lock=True) if duplicate.exact else None
        if other is not None and other.state not in (CaseState.REJECTED, CaseState.EXPIRED):
            words = f"Case {case.case_id} is about {duplicate.why} too."
            change_case(store, other, now, Entry(actor="worker", what="case.linked", sentence=words))
