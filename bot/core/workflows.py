"""The step "Ask finance to approve" of Slack's Workflow Builder: what it gives back when its case has ended."""

from bot.core.model import CaseFile, CaseState, ExecutionState, Verdict


def outputs(file: CaseFile) -> dict[str, str]:
    """The outputs that the manifest names. Only `decided_by` may be absent: nobody decided on what has expired."""
    case, verdict = file.case, Verdict.REJECT if file.case.state is CaseState.REJECTED else Verdict.APPROVE
    deciders = [made for made in file.decisions if made.verdict is verdict]
    said = {"outcome": outcome(file), "case_id": case.case_id, "reason": case.closing or f"The case is {case.state}."}
    return said | ({"decided_by": deciders[-1].user_id} if deciders else {})


def outcome(file: CaseFile) -> str:
    """ "done", "settled" (by hand), "rejected" or "expired"; what the next steps of a workflow may branch on."""
    by_hand = any(step.state is not ExecutionState.SUCCEEDED for step in file.executions)
    return "settled" if file.case.state is CaseState.DONE and by_hand else file.case.state.value
