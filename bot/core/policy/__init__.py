"""Who decides on which proposal, and how many must. Pure: memberships and decisions are passed in.

The rules come from "Rules that cut across" of the playbooks. The words of the policy can be imported from here too.
"""

from collections.abc import Mapping, Sequence

from bot.core.model import Decision, Details, Frozen, Kind, Money, Proposal, Verdict
from bot.core.policy.model import Band, KindRules, Policy
from bot.core.policy.words import either, missing, rule

__all__ = [
    "Band",
    "Judgement",
    "KindRules",
    "Policy",
    "Standing",
    "band_for",
    "bands_of",
    "groups_needed",
    "is_vip",
    "judge",
    "may_act",
    "may_reject",
    "standing",
]


class Judgement(Frozen):
    """Whether a person may do what they ask for."""

    allowed: bool
    complete: bool  # with this the matter is settled: enough approvals, or one reject
    rule: str  # "over 100.00 USD: two people, at least one of leads"
    missing: str | None = None  # "waiting for a lead"; after this person's approval, if it is allowed
    why_not: str | None = None  # sentences for the person; only if it is not allowed


class Standing(Frozen):
    """How far a proposal version is, for its card."""

    quorum: int
    approvals: int
    rule: str
    missing: str | None = None  # None: nothing is


def bands_of(policy: Policy, kind: Kind) -> tuple[Band, ...]:
    """The bands that a case of this kind can meet, lowest first; the first without a limit is the last of them."""
    found: list[Band] = []
    for band in policy.bands:
        if band.kinds is None or kind in band.kinds:
            found.append(band)
            if band.up_to is None:
                break
    return tuple(found) or policy.bands[-1:]


def band_for(policy: Policy, kind: Kind, money: Money | None) -> Band:
    """The first band that fits; an amount that no limit covers, or that is not stated, needs the highest."""
    bands = bands_of(policy, kind)
    at = next((n for n, band in enumerate(bands) if band.fits(money)), len(bands) - 1)
    if bands[at].kinds is not None:
        return bands[at]
    # "Everything else" does not name this kind: being over a band that does must never ask for less than that band.
    passed = [n for n in range(at) if bands[n].kinds is not None]
    return bands[max([*passed, at], key=lambda n: (bands[n].quorum, sum(bands[n].at_least.values()), n))]


def judge(
    policy: Policy, proposal: Proposal, decisions: Sequence[Decision], user_id: str, in_groups: frozenset[str]
) -> Judgement:
    """May this person approve this version now, and does that complete it; `in_groups` are theirs at the click."""
    now = standing(policy, proposal, decisions)
    band = band_for(policy, proposal.kind, proposal.money)
    after = {**_approvals(band, proposal, decisions), user_id: in_groups.intersection(band.groups)}
    why_not = _why_not(band, proposal, decisions, user_id, after)
    if why_not is not None:
        why_not = f"{why_not} Rule: {now.rule}."
        return Judgement(allowed=False, complete=False, rule=now.rule, missing=now.missing, why_not=why_not)
    complete = _complete(band, proposal.authors, after)
    return Judgement(allowed=True, complete=complete, rule=now.rule, missing=missing(band, proposal.authors, after))


def may_reject(policy: Policy, proposal: Proposal, user_id: str, in_groups: frozenset[str]) -> Judgement:
    """Anyone who could be asked to approve may reject, its authors included, and one reject is enough."""
    return _member(band_for(policy, proposal.kind, proposal.money).groups, in_groups)


def may_act(policy: Policy, proposal: Proposal, in_groups: frozenset[str]) -> Judgement:
    """Who may complete, choose, retry, settle or do a step by hand: the groups of every band of this kind."""
    return _member(_groups_of(policy, proposal.kind), in_groups)


def standing(policy: Policy, proposal: Proposal, decisions: Sequence[Decision]) -> Standing:
    band = band_for(policy, proposal.kind, proposal.money)
    approvals = _approvals(band, proposal, decisions)
    return Standing(
        quorum=band.quorum,
        approvals=len(approvals),
        rule=rule(bands_of(policy, proposal.kind), band, proposal.money),
        missing=missing(band, proposal.authors, approvals),
    )


def groups_needed(policy: Policy, proposal: Proposal) -> frozenset[str]:
    """The groups of the policy whose members a door has to know before it asks anything above."""
    return frozenset(_groups_of(policy, proposal.kind))


def is_vip(policy: Policy, details: Details) -> bool:
    """By the flag on the call, or by the e-mail or account that the policy lists, whatever their case."""
    fields = details.fields
    return (
        fields.vip is True
        or _listed(fields.email, policy.vip.emails)
        or _listed(fields.account_id, policy.vip.accounts)
    )


def _listed(value: str | None, listed: Sequence[str]) -> bool:
    return value is not None and value.strip().casefold() in {entry.strip().casefold() for entry in listed}


def _groups_of(policy: Policy, kind: Kind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group for band in bands_of(policy, kind) for group in band.groups))


def _member(groups: Sequence[str], in_groups: frozenset[str]) -> Judgement:
    allowed = not in_groups.isdisjoint(groups)
    why_not = None if allowed else f"Only {either(groups)} may do this."
    return Judgement(allowed=allowed, complete=allowed, rule=f"anyone of {either(groups)}", why_not=why_not)


def _approvals(band: Band, proposal: Proposal, decisions: Sequence[Decision]) -> dict[str, frozenset[str]]:
    """Who approved this version, with their groups that count in this band; those who have none do not count."""
    found: dict[str, frozenset[str]] = {}
    for decision in _of_version(proposal, decisions):
        groups = frozenset(decision.in_groups).intersection(band.groups)
        if decision.verdict is Verdict.APPROVE and groups:
            found.setdefault(decision.user_id, groups)
    return found


def _complete(band: Band, authors: Sequence[str], approvals: Mapping[str, frozenset[str]]) -> bool:
    enough = len(approvals) >= band.quorum
    balanced = all(sum(group in groups for groups in approvals.values()) >= n for group, n in band.at_least.items())
    return enough and balanced and not approvals.keys() <= set(authors)


def _of_version(proposal: Proposal, decisions: Sequence[Decision]) -> list[Decision]:
    return [d for d in decisions if d.case_id == proposal.case_id and d.version == proposal.version]


def _why_not(
    band: Band, proposal: Proposal, decisions: Sequence[Decision], user_id: str, after: Mapping[str, frozenset[str]]
) -> str | None:
    decided = _of_version(proposal, decisions)
    if not after[user_id]:
        return f"Only {either(band.groups)} may approve this."
    if any(decision.user_id == user_id for decision in decided):
        return "You have already decided on this version, and each person decides once."
    if any(decision.verdict is Verdict.REJECT for decision in decided):
        return "This version was already rejected."
    if len(after) >= band.quorum and after.keys() <= set(proposal.authors):
        return "You asked for this or edited it, so somebody who did neither has to approve it."
    return None
