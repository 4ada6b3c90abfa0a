"""What somebody is told whose click came too late. Pure; the sentence is ours and may hold mentions."""

from collections.abc import Iterable

from bot.core.cards import mrkdwn
from bot.core.model import CaseFile, CaseState, Decision, Verdict


def how_it_stands(file: CaseFile) -> str:
    """ "Already approved by X at T", for a click that came too late."""
    approved, rejected = (_who(file.decisions, verdict) for verdict in (Verdict.APPROVE, Verdict.REJECT))
    match file.case.state:
        case CaseState.OPEN:
            return "This case is still open; nothing was run."
        case CaseState.APPROVED:
            return f"Already approved{approved}; its steps are running."
        case CaseState.DONE:
            return f"Already approved{approved} and done."
        case CaseState.REJECTED:
            return f"Already rejected{rejected}."
        case CaseState.EXPIRED:
            return "This case has expired: nobody decided in time."
        case CaseState.STUCK:
            return f"Already approved{approved}; a step is stuck and waits for a person."


def _who(decisions: Iterable[Decision], verdict: Verdict) -> str:
    made = [decision for decision in decisions if decision.verdict is verdict]
    if not made:
        return ""
    people = " and ".join(mrkdwn.who(decision.user_id) for decision in made)
    return f" by {people} {mrkdwn.date(made[-1].decided_at)}"
