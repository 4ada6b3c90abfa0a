"""Draw how far a case is: the state line, the steps, and the buttons that its state allows."""

from collections.abc import Mapping

from bot.core.cards import wording
from bot.core.cards.mrkdwn import (
    CONFIRM_LIMIT,
    Block,
    code,
    data,
    date,
    fit,
    is_person,
    link,
    literal,
    ours,
    plain,
    section,
    who,
)
from bot.core.model import Action, CaseFile, CaseState, Decision, Execution, ExecutionState, Kind, Verdict
from bot.core.money import HOME
from bot.core.policy import Standing, payout_of
from bot.core.records import customer, unverified_recipient
from bot.core.slack_ids import CHOICES, ActionId, CaseRef, More

_ROOM = 2200  # characters for all steps, of the 12,000 that Slack takes for all blocks of a message

LOG = "Log and close"  # the button that approves where there is nothing but a record to make

_ICONS: Mapping[ExecutionState, str] = {
    ExecutionState.PENDING: ":white_circle:",
    ExecutionState.RUNNING: ":arrows_counterclockwise:",
    ExecutionState.SUCCEEDED: ":white_check_mark:",
    ExecutionState.REFUSED: ":x:",
    ExecutionState.UNSURE: ":grey_question:",
    ExecutionState.BY_HAND: ":raised_hand:",
}
_STEP_WORDS: Mapping[ExecutionState, str] = {
    ExecutionState.RUNNING: "running",
    ExecutionState.REFUSED: "refused",
    ExecutionState.UNSURE: "not known whether it happened; it is looked up before anything is sent again",
    ExecutionState.BY_HAND: "a person does this step",
}


def current_step(file: CaseFile) -> Execution | None:
    """Return the first step that has not succeeded; steps run in order."""
    return next((step for step in steps(file) if step.state is not ExecutionState.SUCCEEDED), None)


def rejection(file: CaseFile) -> Decision | None:
    return next((decision for decision in reversed(file.decisions) if decision.verdict is Verdict.REJECT), None)


def steps(file: CaseFile) -> list[Execution]:
    return sorted(file.executions, key=lambda step: (step.version, step.position))


# --- the state line -------------------------------------------------------------------------------------------------


ESCALATED_TO_ADMINS = ":sos: Nobody else can decide or go on with this now, so it fell to the admins."


def state_line(file: CaseFile, standing: Standing) -> str:
    unfinished = file.case.state in (CaseState.OPEN, CaseState.APPROVED, CaseState.STUCK)
    draw = {
        CaseState.OPEN: lambda: _waiting(file, standing),
        CaseState.APPROVED: lambda: _under_way(file),
        CaseState.DONE: lambda: f":white_check_mark: *Done.* {_closing(file)}\n{_approvals(file)}",
        CaseState.REJECTED: lambda: f":no_entry: *Rejected* {_rejected(file)}",
        CaseState.EXPIRED: lambda: f":hourglass: *Expired:* nobody decided in time. {_closing(file)}",
        CaseState.STUCK: lambda: f":rotating_light: *Stuck.* {_closing(file)}\n*What to do:* {_way_out(file)}",
    }
    escalated = [ESCALATED_TO_ADMINS] if file.case.fallen_to_admins and unfinished else []
    return "\n".join([draw[file.case.state]().strip(), *escalated, *_new_version(file)])


def _new_version(file: CaseFile) -> list[str]:
    """Say why people are asked again; approval of an earlier version says nothing about this one."""
    proposal = file.proposal
    if file.case.kind is Kind.REVIEW or not (proposal.because or proposal.version > 1):
        return []
    why = f": {data(proposal.because, 400)}" if proposal.because else ""
    return [f":memo: Version {proposal.version}{why}"]


def _waiting(file: CaseFile, standing: Standing) -> str:
    if (paid := wording.paid_elsewhere(file)) is not None:
        return f":no_entry: *Already paid* in case {code(paid.case_id)}: nobody can approve this too. Reject it."
    if wording.needs_completing(file):
        return ":mag: *Waiting for a person* who says what this is and fills in what is missing."
    if not file.proposal.actions:
        return ":hourglass_flowing_sand: *Waiting for a person* who chooses how to settle it."
    given = _by(file.decisions, Verdict.APPROVE)
    line = f":hourglass_flowing_sand: *{wording.approvals(standing.approvals, standing.quorum)}*"
    line += f" ({given})" if given else ""
    line += f" · {data(standing.missing)}" if standing.missing else ""
    return f"{line}\nRule: {data(standing.rule, 400)}"


def _by(decisions: tuple[Decision, ...], verdict: Verdict) -> str:
    word = "approved" if verdict is Verdict.APPROVE else "rejected"
    given = [decision for decision in decisions if decision.verdict is verdict]
    return fit(
        [f"{who(decision.user_id)} {word}{_in_place_of(decision)} {date(decision.decided_at)}" for decision in given],
        500,
        ", ",
    )


def _in_place_of(decision: Decision) -> str:
    """Return whom this person stood in for."""
    return f" for {' and '.join(who(user_id) for user_id in decision.stood_in_for)}" if decision.stood_in_for else ""


def _approvals(file: CaseFile) -> str:
    return _by(file.decisions, Verdict.APPROVE)


def _under_way(file: CaseFile) -> str:
    approvals = _approvals(file)
    line = ":arrows_counterclockwise: *Approved*" + (f" ({approvals})" if approvals else "")
    step = current_step(file)
    if step is None:
        return line
    number, of = steps(file).index(step) + 1, len(file.executions)
    doing = "a person does" if step.state is ExecutionState.BY_HAND else "now"
    return f"{line}\n{doing.capitalize()} step {number} of {of}: {data(step.action.sentence)}"


def _closing(file: CaseFile) -> str:
    people = [file.case.opened_by, file.case.owner, *(decision.user_id for decision in file.decisions)]
    return ours(file.case.closing, people) if file.case.closing else ""


def _rejected(file: CaseFile) -> str:
    last = rejection(file)
    if last is None:
        return _closing(file)
    why = f"\n“{data(last.reason, 600)}”" if last.reason else ""
    return f"by {who(last.user_id)} {date(last.decided_at)}{why}"


def _way_out(file: CaseFile) -> str:
    step = current_step(file)
    if step is None:
        return "press Retry, or settle it by hand and say what was done."
    place = data(wording.system(step.action))
    if step.state is ExecutionState.UNSURE:
        return (
            f"it may have happened, so look at {place} first. Then Retry, or settle it by hand and say what was done."
        )
    return f"mend the cause ({place}) and press Retry, or do it yourself and press Settle by hand."


# --- the steps ------------------------------------------------------------------------------------------------------


def work(file: CaseFile) -> list[Block]:
    """Draw what an approval will do, or how far each step is."""
    is_open, proposal = file.case.state is CaseState.OPEN, file.proposal
    lists = [("Steps", [_step(n, step) for n, step in enumerate(steps(file), 1)])]
    if is_open:
        lists.append((_heading(file), _planned(proposal.actions)))
        others = [option for option in proposal.options if option.actions != proposal.actions]
        lists += [(f"If “{data(option.label, 60)}”", _planned(option.actions)) for option in others]
    elif not file.executions:
        lists.append(("Was proposed", _planned(proposal.actions)))
    shown = [(label, lines) for label, lines in lists if lines]
    return [section(f"*{label}*\n{fit(lines, _ROOM // len(shown))}") for label, lines in shown]


def _heading(file: CaseFile) -> str:
    if wording.paid_elsewhere(file) is not None:
        return "Was proposed"
    return f"On “{LOG}”" if wording.needs_completing(file) else "On approval"


def _planned(actions: tuple[Action, ...]) -> list[str]:
    return [f"{n}. {data(action.sentence)} _({data(_doer(action))})_" for n, action in enumerate(actions, 1)]


def _doer(action: Action) -> str:
    return f"by hand, in {wording.system(action)}" if action.by_hand else wording.system(action)


def _step(number: int, step: Execution) -> str:
    parts = [f"{_ICONS[step.state]} {number}. {data(step.action.sentence)} _({data(wording.system(step.action))})_"]
    parts += [_STEP_WORDS[step.state]] if step.state in _STEP_WORDS else []
    if step.detail and step.state is not ExecutionState.SUCCEEDED:
        parts.append(data(step.detail, 300))
    if step.receipt:
        receipt = step.receipt
        note = [data(receipt.note)] if receipt.note else []
        if is_person(receipt.vendor_id):
            parts.append(" ".join([*note, who(receipt.vendor_id)]))
        else:
            parts += [*note, link(receipt.url, receipt.vendor_id) if receipt.url else code(receipt.vendor_id)]
    return " · ".join(parts)


# --- the buttons ----------------------------------------------------------------------------------------------------


def buttons(file: CaseFile, locale: str = HOME) -> list[Block]:
    """Draw the buttons that the state allows; a decided or finished case has none."""
    reference = str(CaseRef(file.case.case_id, file.proposal.version))
    elements = [{**button, "value": reference} for button in _allowed(file, locale)]
    return [{"type": "actions", "elements": [*elements, _menu(file, reference)]}] if elements else []


def _menu(file: CaseFile, reference: str) -> Block:
    """Draw the menu of what is needed now and then, so that the buttons beside it stay few."""
    is_open = file.case.state is CaseState.OPEN
    payable = is_open and payout_of(file.proposal) is not None and wording.paid_elsewhere(file) is None
    labels = {More.AMOUNT: "Change the amount"} if payable else {}
    labels |= {More.TAKE: "Take it: I own this now", More.ASK: "Ask the account owner"}
    options = [{"text": plain(label, 75), "value": f"{name} {reference}"} for name, label in labels.items()]
    return {"type": "overflow", "action_id": ActionId.MORE.value, "options": options}


def _allowed(file: CaseFile, locale: str) -> list[Block]:
    state, step = file.case.state, current_step(file)
    if state is CaseState.OPEN:
        return _decisions(file, locale)
    if state is CaseState.APPROVED and step is not None and step.state is ExecutionState.BY_HAND:
        done = _confirm("Is this step done?", step.action.sentence, "It is done")
        return [_button(ActionId.STEP_DONE, "Mark step done", "primary", done)]
    if state is CaseState.STUCK:
        return [_button(ActionId.RETRY, "Retry", "primary"), _button(ActionId.SETTLE, "Settle by hand")]
    return []


def _decisions(file: CaseFile, locale: str) -> list[Block]:
    if wording.needs_completing(file):
        log = [_button(ActionId.APPROVE, LOG, None, _approval(file, locale))] if file.proposal.actions else []
        return [
            _button(ActionId.COMPLETE, "Complete this", "primary"),
            *log,
            _button(ActionId.REJECT, "Close without action", "danger"),
        ]
    can_run = bool(file.proposal.actions) and wording.paid_elsewhere(file) is None
    approve = [_button(ActionId.APPROVE, "Approve", "primary", _approval(file, locale))] if can_run else []
    choices = [
        _button(name, option.label)
        for name, option in zip(CHOICES, file.proposal.options, strict=False)
        if option.actions != file.proposal.actions
    ]
    confirm = [_button(ActionId.CONFIRM_RECIPIENT, "Confirm recipient")] if unverified_recipient(file) else []
    return [*approve, *choices, *confirm, _button(ActionId.REJECT, "Reject", "danger")]


def _approval(file: CaseFile, locale: str) -> Block:
    """Return the last confirmation before money moves: how much, to whom, and what happens first."""
    case, actions = file.case, file.proposal.actions
    sum_ = wording.amount(case.kind, case.details, file.proposal.money, locale)
    rest = f" Then {len(actions) - 1} more." if len(actions) > 1 else ""
    for_whom = f"{sum_ or wording.TITLES[case.kind]}, for {literal(customer(case.details), 80)}."
    return _confirm(
        "Approve this?", f"{for_whom} First: {literal(actions[0].sentence.rstrip('.'), 150)}.{rest}", "Approve"
    )


def _confirm(title: str, text: str, yes: str) -> Block:
    return {
        "title": plain(title, 100),
        "text": plain(text, CONFIRM_LIMIT),
        "confirm": plain(yes, 30),
        "deny": plain("Not yet", 30),
    }


def _button(action: ActionId, label: str, style: str | None = None, confirm: Block | None = None) -> Block:
    button: Block = {"type": "button", "action_id": action.value, "text": plain(label, 30)}
    return button | ({"style": style} if style else {}) | ({"confirm": confirm} if confirm else {})
