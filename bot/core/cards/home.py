"""The App Home tab: unfinished cases by due time, and what each waits for.

Slack keeps showing an old tab until a new one is published, so it has no buttons.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.core.cards import wording
from bot.core.cards.mrkdwn import Block, code, context, data, date, header, numbered, section, who
from bot.core.model import Case, CaseState

SHOWN = 25  # cases in a group; a Home tab takes 100 blocks, and a person reads the first few

_UNFINISHED = frozenset({CaseState.OPEN, CaseState.APPROVED, CaseState.STUCK})


def home(cases: Sequence[Case], *, now: datetime) -> Block:
    """The view for `views.publish`: urgent cases first, then by due time."""
    waiting = sorted((case for case in cases if case.state in _UNFINISHED), key=_order)
    groups = (
        ("Stuck: a person has to look", [case for case in waiting if case.state is CaseState.STUCK]),
        ("Waiting for a person", [case for case in waiting if case.state is CaseState.OPEN]),
        ("Being carried out", [case for case in waiting if case.state is CaseState.APPROVED]),
    )
    blocks = [header("What waits"), section(_summary(waiting, now))]
    for label, group in groups:
        blocks += _group(label, group, now)
    blocks.append(context(f"As of {date(now)}"))
    return {"type": "home", "blocks": numbered(blocks, "home")}


def not_for_you() -> Block:
    """The view of a person who is in none of the policy's groups."""
    words = "This tab shows open cases to the people who decide them. Ask an admin if you should be one of them."
    return {"type": "home", "blocks": numbered([header("Countersign"), section(words)], "home")}


def _order(case: Case) -> tuple[bool, datetime, str]:
    return not case.urgent, case.due_at, case.case_id


def _summary(waiting: Sequence[Case], now: datetime) -> str:
    if not waiting:
        return ":white_check_mark: Nothing waits for anybody."
    late = sum(case.due_at < now for case in waiting)
    stuck = sum(case.state is CaseState.STUCK for case in waiting)
    parts = [f"*{len(waiting)}* unfinished"]
    parts += [f":alarm_clock: *{late}* overdue"] if late else []
    parts += [f":rotating_light: *{stuck}* stuck"] if stuck else []
    return " · ".join(parts)


def _group(label: str, cases: Sequence[Case], now: datetime) -> list[Block]:
    if not cases:
        return []
    left_out = len(cases) - SHOWN
    more = [context(f"… and {left_out} more")] if left_out > 0 else []
    return [section(f"*{label}*"), *(section(_row(case, now)) for case in cases[:SHOWN]), *more]


def _row(case: Case, now: datetime) -> str:
    late = ":alarm_clock: overdue since" if case.due_at < now else "due"
    title = data(wording.headline(case.kind, case.details, None, urgent=case.urgent), 200)
    parts = (data(wording.waits_for(case)), who(case.owner), f"{late} {date(case.due_at)}", code(case.case_id))
    return f"*{title}*\n{' · '.join(parts)}"
