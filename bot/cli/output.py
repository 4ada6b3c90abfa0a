"""Print tables, cases and JSON for an operator."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from bot.core import money
from bot.core.model import AuditEntry, Case, CaseFile
from bot.core.records import masked


def no_such_case(case_id: str) -> int:
    """Print that there is no such case, and return the exit code for it."""
    print(f"There is no case {case_id}.", file=sys.stderr)
    return 1


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of equal length with their columns aligned."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def cases_table(cases: Sequence[Case]) -> str:
    head = ("case", "kind", "state", "amount", "customer", "due")
    rows = [
        (
            case.case_id,
            case.kind.value,
            case.state.value,
            money.show(case.details.money) if case.details.money else "not stated",
            (case.details.fields.customer_name or case.details.fields.email or "")[:30],
            f"{case.due_at:%Y-%m-%d %H:%M} UTC",
        )
        for case in cases
    ]
    return table([head, *rows])


def case_story(file: CaseFile, history: Sequence[AuditEntry]) -> str:
    """Return a case as text: what it is, its steps, and its history line by line."""
    case = file.case
    lines = [
        f"{case.case_id}  {case.kind}  {case.state}  version {case.version}",
        f"call      {case.call_id or 'opened by ' + case.opened_by}",
        f"amount    {money.show(case.details.money) if case.details.money else 'not stated'}",
        f"summary   {masked(case.details).summary or ('hidden' if case.details.sensitive else 'not stated')}",
        *(f"why       {file.proposal.because}" for _ in (1,) if file.proposal.because),
        *(f"fact      {fact.source}: {fact.sentence or fact.missing or fact.name}" for fact in case.facts),
        *(f"step      {step.action.sentence}: {step.state}  key {step.key}" for step in file.executions),
        "",
        *(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.n:>3}  {entry.entry.actor:<12}  {entry.entry.what:<22} "
            f"{entry.entry.sentence or ''}".rstrip()
            for entry in history
        ),
    ]
    return "\n".join(lines)


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
