"""Whether the people that the policy asks for are still there. Pure: who is there is passed in."""

from collections.abc import Collection, Mapping

from bot.core.model import CaseFile, CaseState, Decision, Verdict
from bot.core.policy.bands import groups_of
from bot.core.policy.judgement import deciding_band
from bot.core.policy.model import Policy

People = Mapping[str, Collection[str]]  # a group of the policy -> Slack ids of those of it who can take part


def somebody_can_go_on(policy: Policy, file: CaseFile, people: People) -> bool:
    """Enough people to decide on an open case, or anybody at all to act where no decision is to be made.

    A case that fell to the admins is looked at as if it had not, so that it can go back.
    """
    file = file.model_copy(update={"case": file.case.model_copy(update={"fallen_to_admins": False})})
    acting = {who for group in groups_of(policy, file.proposal.kind) for who in people.get(group, ())}
    if not acting or file.case.state is not CaseState.OPEN or not file.proposal.actions:
        return bool(acting)
    return _enough(policy, file, people)


def _enough(policy: Policy, file: CaseFile, people: People) -> bool:
    band, authors = deciding_band(policy, file), file.proposal.authors
    given = [frozenset(one.in_groups) for one in _approvals(file)]
    gave = {who for one in _approvals(file) for who in (one.user_id, *one.stood_in_for)}
    others = {who for group in band.groups for who in people.get(group, ())} - gave
    for group, n in band.at_least.items():
        if n > sum(group in groups for groups in given) + len(others.intersection(people.get(group, ()))):
            return False
    return len(given) + len(others) >= band.quorum and (not authors or not (gave | others).issubset(authors))


def _approvals(file: CaseFile) -> list[Decision]:
    return [one for one in file.decisions if one.verdict is Verdict.APPROVE and one.version == file.case.version]
