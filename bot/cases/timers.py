"""Fire what happens to a case by time alone, once each."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.cases.change import change_case
from bot.core import timers
from bot.core.cards import wording
from bot.core.model import CaseFile, CaseState, Entry
from bot.core.notices import Timer
from bot.core.policy import Policy, deciding_band, standing_of
from storage import Store


def fire(store: Store, case_id: str, *, policy: Policy, now: datetime) -> bool:
    """Fire all that is due for this case, in one transaction that holds it. False: another process was faster."""
    file = store.case_file(case_id, lock=True)
    due = [timer for timer in store.timers(case_id) if timer.fired_at is None and timer.due_at <= now]
    fired = [timer for timer in due if store.fire_timer(timer, now)]
    for timer in timers.sensible(fired):
        if file is None:  # the foreign key forbids it
            break
        _HAPPENS[timer.name.partition(":")[0]](store, file, timer, policy, now)
        file = store.case_file(case_id)
    return bool(fired)


# --- what each does -------------------------------------------------------------------------------------------------


def _remind(store: Store, file: CaseFile, timer: Timer, policy: Policy, now: datetime) -> None:
    case = file.case
    was = "was" if case.due_at < now else "is"
    due = timers.when(policy, case.channel, case.due_at)
    sentence = f"Reminder: {_waits(file, policy)}. It {was} due {due}."
    _say(store, file, timer, "case.reminded", sentence, _deciders(file, policy), now)


def _escalate(store: Store, file: CaseFile, timer: Timer, policy: Policy, now: datetime) -> None:
    rules, n = timers.escalations(policy, file.case), int(timer.name.partition(":")[2])
    if n > len(rules):  # the policy has fewer by now
        return
    owner = rules[n - 1].to
    members = policy.groups.get(owner, (owner,))
    name = owner if owner in policy.groups else f"<@{owner}>"
    sentence = f"Escalated to {name}: {_waits(file, policy)}."
    _say(store, file, timer, "case.escalated", sentence, members, now, owner=owner)


def _warn(store: Store, file: CaseFile, timer: Timer, policy: Policy, now: datetime) -> None:
    case = file.case
    ends = next((one.due_at for one in store.timers(case.case_id) if one.name == timers.EXPIRY), None)
    if ends is None:
        return
    at = timers.when(policy, case.channel, ends)
    sentence = f"This case expires {at} unless it is decided: {_waits(file, policy)}."
    _say(store, file, timer, "case.warned", sentence, _deciders(file, policy), now)


def _expire(store: Store, file: CaseFile, timer: Timer, policy: Policy, now: datetime) -> None:
    closing = f"Nobody decided by {timers.when(policy, file.case.channel, now)}; nothing was run."
    _say(store, file, timer, "case.expired", f"Expired. {closing}", (), now, state=CaseState.EXPIRED, closing=closing)


def _follow_up(store: Store, file: CaseFile, timer: Timer, policy: Policy, now: datetime) -> None:
    """Remind of the follow-up whatever became of the case: the caller was told that they would hear from us."""
    case = file.case
    day = timers.when(policy, case.channel, timer.due_at).partition(",")[0]
    sentence = f"A follow-up was promised to the caller for {day}. The case is {wording.STATES[case.state]}."
    _say(store, file, timer, "case.follow_up", sentence, policy.groups.get(case.owner, (case.owner,)), now)


_HAPPENS: Mapping[str, Callable[[Store, CaseFile, Timer, Policy, datetime], None]] = {
    timers.REMINDER: _remind,
    timers.ESCALATION: _escalate,
    timers.WARNING: _warn,
    timers.EXPIRY: _expire,
    timers.FOLLOW_UP: _follow_up,
}


def _say(
    store: Store,
    file: CaseFile,
    timer: Timer,
    what: str,
    sentence: str,
    mentions: tuple[str, ...],
    now: datetime,
    *,
    owner: str | None = None,
    state: CaseState | None = None,
    closing: str | None = None,
) -> None:
    """`mentions`: members of the policy's groups, by id or @handle; the card's thread calls them."""
    data = {"timer": timer.name, "due_at": timer.due_at.isoformat(), "mentions": list(mentions)}
    entry = Entry(actor="worker", what=what, sentence=sentence, data=data)
    owner = owner or file.case.owner
    change_case(store, file.case, now, entry, state=state, closing=closing, owner=owner)


def _deciders(file: CaseFile, policy: Policy) -> tuple[str, ...]:
    """Return the members of the group that owns it and of those that can decide it."""
    groups = (file.case.owner, *deciding_band(policy, file).groups)
    return tuple(dict.fromkeys(member for group in groups for member in policy.groups.get(group, (group,))))


def _waits(file: CaseFile, policy: Policy) -> str:
    """Return, for example, "waiting for a lead", or what a person has to do first."""
    if wording.needs_completing(file):
        return "a person has to complete it"
    if not file.proposal.actions:
        return f"a person has to {'choose how to settle it' if file.proposal.options else 'look at it'}"
    return standing_of(policy, file).missing or "it waits for a decision"
