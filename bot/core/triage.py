"""Triage what was said and looked up into a kind, a place and a proposal. The same input gives the same case."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core import timers
from bot.core.actions import Subject
from bot.core.duplicates import paid_already, pays
from bot.core.model import Action, Call, Case, Details, Earlier, Fact, Fields, Kind, Option
from bot.core.playbooks import PLAYBOOKS, Playbook
from bot.core.policy import Policy, is_vip
from bot.core.records import doubts_of, reason

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no letters that are misread aloud
_CASE_ID = re.compile(f"C-[{_ALPHABET}]{{10}}")


def case_id_of(root: str) -> str:
    """Return the id of the case of a call, which follows from the call: however often it arrives, it has one case."""
    if _CASE_ID.fullmatch(root):  # a person opened it: the case is its own root
        return root
    number = int.from_bytes(hashlib.sha256(root.encode()).digest()[:7])
    return "C-" + "".join(_ALPHABET[(number >> shift) & 31] for shift in range(45, -5, -5))


@dataclass(frozen=True)
class Triaged:
    kind: Kind
    because: str | None  # why it needs a look
    actions: tuple[Action, ...]
    options: tuple[Option, ...]
    channel: str
    owner: str
    urgent: bool
    due_at: datetime


def presumed_kind(details: Details, policy: Policy) -> Kind | None:
    """Return what the caller seems to want, by the stated intent alone; it decides which facts are looked up."""
    intent = (details.fields.call_intent or "").strip().lower().replace("-", "_").replace(" ", "_")
    return policy.intents.get(intent) or _INTENTS.get(intent)


_INTENTS = {intent: kind for kind, playbook in PLAYBOOKS.items() for intent in (kind.value, *playbook.intents)}


def facts_wanted(details: Details, policy: Policy) -> frozenset[str]:
    return PLAYBOOKS[presumed_kind(details, policy) or Kind.REVIEW].facts


def told_as(kind: Kind, details: Details) -> Details:
    """Return what choosing a kind tells a case: the kind, and the reason under that kind's own field."""
    why = {PLAYBOOKS[kind].reason_field: reason(details)}
    return Details(fields=Fields.model_validate({"call_intent": kind.value, **why}))


def triage(
    root: str,
    versions: Sequence[Call],
    details: Details,
    facts: Sequence[Fact],
    *,
    policy: Policy,
    available_operations: frozenset[str],
    now: datetime,
    link: str | None = None,
    standing: Case | None = None,
    earlier: Sequence[Earlier] = (),
) -> Triaged:
    """Triage a case; `details` is the merge of all `versions`, `available_operations` holds "connector.operation".

    `link` is where people open the case. `standing` is the case as it is: while its kind stays, so does its due time.
    `earlier` are its duplicates: what was paid for one of them is not paid again.
    """
    by_name = {fact.name: fact for fact in facts}
    subject = Subject(root, case_id_of(root), _believed(versions, details), by_name, available_operations, now, link)
    by_person = any(call.author for call in versions)
    presumed = presumed_kind(details, policy)
    because = _already_paid_reason(presumed, subject, earlier, standing) or _why_review(
        presumed, subject, policy, by_person
    )
    kind = presumed if presumed is not None and because is None else Kind.REVIEW
    playbook, rules = PLAYBOOKS[kind], policy.kinds.get(kind)
    channel = (rules.channel if rules else None) or playbook.channel
    urgent = playbook.urgent or is_vip(policy, details, facts)
    subject = _with_playbook(subject, playbook, policy, standing, channel, urgent=urgent)
    options = tuple(
        option.model_copy(update={"actions": _marked(option.actions, available_operations)})
        for option in playbook.options(subject)
    )
    return Triaged(
        kind=kind,
        because=because,
        actions=_marked(playbook.actions(subject), available_operations),
        options=options,
        channel=channel if channel in policy.channels else "fallback",
        owner=subject.owner,
        urgent=urgent,
        due_at=subject.due_at or now,
    )


def _with_playbook(
    subject: Subject, playbook: Playbook, policy: Policy, standing: Case | None, channel: str, *, urgent: bool
) -> Subject:
    rules = policy.kinds.get(playbook.kind)
    after = (rules.due if rules else None) or playbook.due
    due = playbook.due_at(subject, timers.due(policy, channel, after, subject.now, urgent=urgent) - subject.now)
    placed = replace(
        subject,
        kind=playbook.kind,
        title=playbook.title,
        asks=playbook.asks,
        owner=(rules.owner if rules else None) or playbook.owner,
        due_at=standing.due_at if standing and standing.kind is playbook.kind else due,
    )
    return replace(placed, note=playbook.note(placed))


def _believed(versions: Sequence[Call], details: Details) -> Details:
    """Drop how a recipient was verified, unless a person said it of the very address that is asked for."""
    verified = [call.details.fields for call in versions if call.author and call.details.fields.verified]
    how = verified[-1].verified if verified and verified[-1].email == details.fields.email else None
    return details.model_copy(update={"fields": details.fields.model_copy(update={"verified": how})})


def _marked(actions: tuple[Action, ...], available_operations: frozenset[str]) -> tuple[Action, ...]:
    """Mark the steps that will be a person's, so that who approves sees them beforehand."""
    return tuple(
        action.model_copy(update={"by_hand": f"{action.connector}.{action.operation}" not in available_operations})
        for action in actions
    )


def missing_needs(playbook: Playbook, details: Details) -> tuple[str, ...]:
    return tuple(need.words for need in playbook.needs if not need.met(details))


def _why_review(kind: Kind | None, subject: Subject, policy: Policy, by_person: bool) -> str | None:
    """Return the first reason for a review; who completed the case vouches for doubts and confidence, not for gaps."""
    fields = subject.fields
    if kind is None:
        intent = fields.call_intent
        return f"There is no playbook for “{intent}”." if intent else "The call did not state what the caller wants."
    if kind is Kind.REVIEW:
        return "The call asks for a person to look at it."
    playbook = PLAYBOOKS[kind]
    rules = policy.kinds.get(kind)
    if rules is not None and not rules.enabled:
        return f"The policy has switched off “{kind}”."
    if objection := playbook.objection(subject):
        return objection
    if gaps := missing_needs(playbook, subject.details):
        return f"Not stated: {', '.join(gaps)}."
    if kind is Kind.VIP_BLOCKER and not is_vip(policy, subject.details, subject.facts.values()):
        return "The caller cannot pay, but nothing marks them as a VIP."
    return None if by_person else _doubt(subject, policy)


def _already_paid_reason(
    kind: Kind | None, subject: Subject, earlier: Sequence[Earlier], standing: Case | None
) -> str | None:
    """Return a reason against paying twice, which also a person who completed the case cannot get round.

    How long ago is counted from when the case was opened, so that time alone makes no other offer.
    """
    since = standing.opened_at if standing else subject.now
    if kind is None or (paid := paid_already(earlier, since)) is None:
        return None
    playbook = PLAYBOOKS[kind]
    offered = [playbook.actions(subject), *(option.actions for option in playbook.options(subject))]
    return paid if any(pays(action) or action.name == "refund" for actions in offered for action in actions) else None


def _doubt(subject: Subject, policy: Policy) -> str | None:
    doubts = [*subject.details.doubts, *doubts_of(subject.facts.values())]
    if doubts:
        return doubts[0]
    confidence = subject.fields.confidence
    floor = policy.intake.confidence_floor
    if confidence is not None and confidence < floor:
        return f"The summary is only {confidence:.0%} certain; below {floor:.0%} a person looks first."
    return None
