"""From what was said and looked up to a kind, a place and a proposal. Pure: the same input gives the same case."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.actions import Subject
from bot.core.model import Action, Call, Details, Fact, Kind, Option
from bot.core.playbooks import PLAYBOOKS, Playbook
from bot.core.policy import Policy, is_vip

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no letters that are misread aloud
_CASE_ID = re.compile(f"C-[{_ALPHABET}]{{10}}")


def case_id_of(root: str) -> str:
    """The case of a call is named by its call, so one call has one case however often it arrives."""
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
    """What the caller seems to want, by the stated intent alone; it decides which facts are looked up."""
    intent = (details.fields.call_intent or "").strip().lower().replace("-", "_").replace(" ", "_")
    kind = policy.intents.get(intent) or (Kind(intent) if intent in set(Kind) else None)
    return kind if kind in PLAYBOOKS else None


def facts_wanted(details: Details, policy: Policy) -> frozenset[str]:
    return PLAYBOOKS[presumed_kind(details, policy) or Kind.REVIEW].facts


def triage(root: str, versions: Sequence[Call], details: Details, facts: Sequence[Fact], *, policy: Policy,
           able: frozenset[str], now: datetime) -> Triaged:  # fmt: skip
    """`details` is the merge of all `versions`; `able` holds "connector.operation" of what is configured."""
    subject = Subject(root, case_id_of(root), details, {fact.name: fact for fact in facts}, able)
    by_person = any(call.author for call in versions)
    kind = presumed_kind(details, policy)
    because = _why_review(kind, subject, policy, by_person)
    vip = is_vip(policy, details)
    if kind is None or because is not None:
        return _placed(PLAYBOOKS[Kind.REVIEW], because, (), (), policy=policy, vip=vip, now=now)
    playbook = PLAYBOOKS[kind]
    actions = _marked(playbook.actions(subject), able)
    options = tuple(
        option.model_copy(update={"actions": _marked(option.actions, able)}) for option in playbook.options(subject)
    )
    return _placed(playbook, None, actions, options, policy=policy, vip=vip, now=now)


def _marked(actions: tuple[Action, ...], able: frozenset[str]) -> tuple[Action, ...]:
    """Who approves sees beforehand which steps will be theirs."""
    return tuple(
        action.model_copy(update={"by_hand": f"{action.connector}.{action.operation}" not in able})
        for action in actions
    )


def missing_needs(playbook: Playbook, details: Details) -> tuple[str, ...]:
    return tuple(need.words for need in playbook.needs if not need.met(details))


def _why_review(kind: Kind | None, subject: Subject, policy: Policy, by_person: bool) -> str | None:
    """The first reason wins; a person who completed the case vouches for doubts and confidence, not for gaps."""
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
    if kind is Kind.VIP_BLOCKER and not is_vip(policy, subject.details):
        return "The caller cannot pay, but nothing marks them as a VIP."
    return None if by_person else _doubt(subject, policy)


def _doubt(subject: Subject, policy: Policy) -> str | None:
    doubts = [*subject.details.doubts, *(fact.doubt for fact in subject.facts.values() if fact.doubt)]
    if doubts:
        return doubts[0]
    confidence = subject.fields.confidence
    floor = policy.intake.confidence_floor
    if confidence is not None and confidence < floor:
        return f"The summary is only {confidence:.0%} certain; below {floor:.0%} a person looks first."
    return None


def _placed(playbook: Playbook, because: str | None, actions: tuple[Action, ...], options: tuple[Option, ...], *,
            policy: Policy, vip: bool, now: datetime) -> Triaged:  # fmt: skip
    rules = policy.kinds.get(playbook.kind)
    channel = (rules.channel if rules else None) or playbook.channel
    due = (rules.due if rules else None) or playbook.due
    owner = (rules.owner if rules else None) or playbook.owner
    return Triaged(
        kind=playbook.kind,
        because=because,
        actions=actions,
        options=options,
        channel=channel if channel in policy.channels else "fallback",
        owner=owner,
        urgent=playbook.urgent or vip,
        due_at=now + due,
    )
