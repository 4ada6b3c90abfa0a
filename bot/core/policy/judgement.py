"""Judge whether a person may decide a version now, and what is still missing. Every path asks here only.

How delegation works. Each approval stands for the person who gave it, and for those whose lent groups it needed. Nobody
is stood for twice in one version: who has approved lends nothing more, and who was stood in for cannot approve any
more. So as many people agree as approvals are counted, by their own hand and by their own right. An approval that
stands for an author of the version is that author's, as if they had pressed the button themselves; what an author lends
counts only for somebody who has no group of their own in the band.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from bot.core.model import CaseFile, CaseState, Decision, Frozen, Proposal, Verdict
from bot.core.people import Person
from bot.core.policy.bands import (
    Limit,
    Spent,
    band_for,
    either,
    groups_of,
    in_words,
    limits_passed,
    missing,
    rule,
    with_admins,
)
from bot.core.policy.model import Band, Policy


class PolicyAction(StrEnum):
    """Name what somebody wants to do to a case."""

    APPROVE = "approve"
    REJECT = "reject"
    ACT = "act"  # complete, choose, take, retry, settle, do a step by hand


class Question(Frozen):
    """Ask whether somebody may do something to a version. Among `decisions` may be those of other versions and cases.

    `fallen`: nobody of the groups that the policy names could go on with the case, so it fell to the admins.
    """

    deed: PolicyAction
    person: Person
    proposal: Proposal
    decisions: tuple[Decision, ...] = ()
    spent: Spent = Spent()
    fallen: bool = False


class Standing(Frozen):
    """Say how far a proposal version is, for its card: "1 of 2, waiting for a lead"."""

    quorum: int
    approvals: int
    rule: str  # "over 100.00 USD: two people, at least one of leads"
    missing: str | None = None  # "waiting for a lead"; None: nothing is


class Judgement(Standing):
    """Answer a question; how far it is counts this person's approval already, if it is allowed."""

    allowed: bool
    complete: bool  # with this the matter is settled: enough approvals, or one reject
    why_not: str | None = None  # sentences for the person; only if it is not allowed
    in_groups: tuple[str, ...] = ()  # what the person decides by, lent ones included
    stood_in_for: tuple[str, ...] = ()  # those whose lent groups were needed
    over_limits: tuple[Limit, ...] = ()  # passed by this version, and so it is one band up
    limit: str | None = None  # the same in words: "over the limit of 500.00 USD in 24 hours for this customer"


class Voice(NamedTuple):
    """Hold one approval: who gave it, for whom besides, and by which groups of the band."""

    user_id: str
    groups: frozenset[str]
    stood_in_for: tuple[str, ...] = ()

    @property
    def people(self) -> frozenset[str]:
        return frozenset((self.user_id, *self.stood_in_for))


def judge(policy: Policy, question: Question) -> Judgement:
    """Answer by the playbooks, "Who decides"; the caller has made sure that case and version are the current ones."""
    if question.deed is PolicyAction.APPROVE:
        return _approval(policy, question)
    acting = question.deed is PolicyAction.ACT
    kind, fallen = question.proposal.kind, question.fallen
    groups = groups_of(policy, kind, fallen=fallen) if acting else _asked(policy, question)
    return _membership(policy, question, groups)


def question_of(deed: PolicyAction, person: Person, file: CaseFile, spent: Spent | None = None) -> Question:
    """Ask whether somebody may do something to a case as it stands."""
    case, spent = file.case, spent or Spent()
    return Question(
        deed=deed,
        person=person,
        proposal=file.proposal,
        decisions=file.decisions,
        spent=spent,
        fallen=case.fallen_to_admins,
    )


def standing_of(policy: Policy, file: CaseFile) -> Standing:
    return standing(policy, file.proposal, file.decisions, fallen=file.case.fallen_to_admins)


def standing(policy: Policy, proposal: Proposal, decisions: Sequence[Decision], *, fallen: bool = False) -> Standing:
    """Say how far a version is by what is stored alone; limits count as soon as an approval met them."""
    decisions = _of_version(proposal, decisions)
    over = limits_passed(policy.limits, proposal, Spent(), decisions)
    return _standing(policy, _band(policy, proposal, over, fallen), proposal, decisions, over, ())


def deciding_band(policy: Policy, file: CaseFile) -> Band:
    """Return the band that has to agree on the version as it stands."""
    over = limits_passed(policy.limits, file.proposal, Spent(), file.decisions)
    return _band(policy, file.proposal, over, file.case.fallen_to_admins)


def _band(policy: Policy, proposal: Proposal, over: Sequence[Limit], fallen: bool) -> Band:
    """Find the band by the amount that was offered before it was lowered: lowering is no way round a rule."""
    band = band_for(policy, proposal.kind, proposal.amount_for_policy, over)
    return with_admins(policy, band) if fallen else band


def _standing(
    policy: Policy,
    band: Band,
    proposal: Proposal,
    decisions: Sequence[Decision],
    over: tuple[Limit, ...],
    more: Sequence[Voice],
) -> Standing:
    voices = [*_voices(band, decisions), *more]
    return Standing(
        quorum=band.quorum,
        approvals=len(voices),
        rule=rule(policy, band, proposal, over),
        missing=missing(band, [voice.groups for voice in voices], only_authors=_only_authors(voices, proposal)),
    )


# --- approve --------------------------------------------------------------------------------------------------------


def _approval(policy: Policy, question: Question) -> Judgement:
    proposal, person = question.proposal, question.person
    decisions = _of_version(proposal, question.decisions)
    over = limits_passed(policy.limits, proposal, question.spent, decisions)
    band = _band(policy, proposal, over, question.fallen)
    before = _voices(band, decisions)
    voice = _voice(band, proposal, before, person)
    now = _standing(policy, band, proposal, decisions, over, ())
    currency = proposal.money.currency if proposal.money else ""
    limit = {"over_limits": over, "limit": in_words(policy.limits, over, currency) or None}
    why_not = _why_not(band, question, decisions, before, voice)
    if why_not is not None:
        named = f"{why_not} Rule: {now.rule}." if proposal.actions else why_not
        return Judgement(**now.model_dump(), **limit, allowed=False, complete=False, why_not=named)
    after = _standing(policy, band, proposal, decisions, over, (voice,))
    return Judgement(
        **after.model_dump(),
        **limit,
        allowed=True,
        complete=after.missing is None,
        in_groups=tuple(sorted(person.groups | voice.groups)),
        stood_in_for=voice.stood_in_for,
    )


def _why_not(
    band: Band, question: Question, decisions: Sequence[Decision], before: Sequence[Voice], voice: Voice
) -> str | None:
    proposal, person = question.proposal, question.person
    if not proposal.actions:
        return "Choose first how to settle it." if proposal.options else "Complete this case first."
    if person.in_groups.isdisjoint(band.groups):
        return f"Only {either(band.groups)} may approve this."
    if any(decision.user_id == person.user_id for decision in decisions):
        return "You have already decided on this version, and each person decides once."
    if any(person.user_id in other.stood_in_for for other in before):
        return "Somebody who stands in for you has approved this version, and each person counts once."
    if not voice.groups:
        return "The person you stand in for counts for this version already, and each person counts once."
    if any(decision.verdict is Verdict.REJECT for decision in decisions):
        return "This version was already rejected."
    if len(before) + 1 >= band.quorum and _only_authors([*before, voice], proposal):
        if voice.user_id in proposal.authors:
            return "You asked for this or edited it, so somebody who did neither has to approve it."
        return "You stand in for somebody who asked for this or edited it, so it takes somebody who did neither."
    return None


def _voices(band: Band, decisions: Sequence[Decision]) -> list[Voice]:
    """Return the approvals of this version that count in this band, one a person."""
    found: dict[str, Voice] = {}
    for decision in decisions:
        groups = frozenset(decision.in_groups).intersection(band.groups)
        if decision.verdict is Verdict.APPROVE and groups:
            found.setdefault(decision.user_id, Voice(decision.user_id, groups, decision.stood_in_for))
    return list(found.values())


def _voice(band: Band, proposal: Proposal, before: Sequence[Voice], person: Person) -> Voice:
    """Count a person by their own groups; of lent ones only what they lack, and of as few people as give it."""
    counted = frozenset[str]().union(*(voice.people for voice in before))
    own = person.groups.intersection(band.groups)
    groups, stood_in_for = own, tuple[str, ...]()
    for away in sorted(person.stands_in_for, key=lambda who: (who in proposal.authors, who)):
        lent = person.stands_in_for[away].intersection(band.groups) - groups
        usable = away not in counted and away != person.user_id and not (own and away in proposal.authors)
        if lent and usable:
            groups, stood_in_for = groups | lent, (*stood_in_for, away)
    return Voice(person.user_id, groups, stood_in_for)


def _only_authors(voices: Sequence[Voice], proposal: Proposal) -> bool:
    """Say whether all who agree asked for it or edited it: then nobody decides alone, nor do several."""
    return bool(proposal.authors) and not any(voice.people.isdisjoint(proposal.authors) for voice in voices)


def _of_version(proposal: Proposal, decisions: Sequence[Decision]) -> list[Decision]:
    return [d for d in decisions if d.case_id == proposal.case_id and d.version == proposal.version]


# --- reject, and everything else ------------------------------------------------------------------------------------


def _asked(policy: Policy, question: Question) -> tuple[str, ...]:
    """Return who could be asked to approve: any of them may reject, authors included, and one reject is enough."""
    proposal = question.proposal
    over = limits_passed(policy.limits, proposal, question.spent, _of_version(proposal, question.decisions))
    asked = (_band(policy, proposal, raised, question.fallen) for raised in ((), over))
    return tuple(dict.fromkeys(group for band in asked for group in band.groups))


def _membership(policy: Policy, question: Question, groups: tuple[str, ...]) -> Judgement:
    person = question.person
    allowed = not person.in_groups.isdisjoint(groups)
    lenders = [away for away, lent in sorted(person.stands_in_for.items()) if not lent.isdisjoint(groups)]
    now = standing(policy, question.proposal, question.decisions, fallen=question.fallen)
    return Judgement(
        **(now.model_dump() | {"rule": f"anyone of {either(groups)}"}),
        allowed=allowed,
        complete=allowed,
        why_not=None if allowed else f"Only {either(groups)} may do this.",
        in_groups=tuple(sorted(person.in_groups)) if allowed else (),
        stood_in_for=tuple(lenders) if person.groups.isdisjoint(groups) else (),
    )


# --- whether the people that it takes are still there -----------------------------------------------------------------


People = Mapping[str, Collection[str]]  # a group of the policy -> Slack ids of those of it who can take part


def somebody_can_go_on(policy: Policy, file: CaseFile, people: People) -> bool:
    """Look for enough people to decide on an open case, or for anybody to act where no decision is to be made.

    A case that fell to the admins is looked at as if it had not, so that it can go back.
    """
    file = file.model_copy(update={"case": file.case.model_copy(update={"fallen_to_admins": False})})
    acting = {who for group in groups_of(policy, file.proposal.kind) for who in people.get(group, ())}
    if not acting or file.case.state is not CaseState.OPEN or not file.proposal.actions:
        return bool(acting)
    return _enough(policy, file, people)


def _enough(policy: Policy, file: CaseFile, people: People) -> bool:
    band, authors = deciding_band(policy, file), file.proposal.authors
    given = [frozenset(approval.in_groups) for approval in _approvals(file)]
    gave = {who for approval in _approvals(file) for who in (approval.user_id, *approval.stood_in_for)}
    others = {who for group in band.groups for who in people.get(group, ())} - gave
    for group, n in band.at_least.items():
        if n > sum(group in groups for groups in given) + len(others.intersection(people.get(group, ()))):
            return False
    return len(given) + len(others) >= band.quorum and (not authors or not (gave | others).issubset(authors))


def _approvals(file: CaseFile) -> list[Decision]:
    return [
        decision
        for decision in file.decisions
        if decision.verdict is Verdict.APPROVE and decision.version == file.case.version
    ]
