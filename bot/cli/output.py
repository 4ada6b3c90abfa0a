"""What the command line shows of the database: cases, the audit history, and what `check` finds."""

import json
from collections.abc import Sequence
from typing import Any

from bot.core import money
from bot.core.masked import masked
from bot.core.model import AuditEntry, Case, CaseFile
from storage import Database


async def list_cases(db: Database, *, text: str | None, limit: int) -> list[Case]:
    return await db.read(lambda store: store.find_cases(text=text, limit=limit))


async def show_case(db: Database, case_id: str) -> tuple[CaseFile, list[AuditEntry]] | None:
    def look(store: Any) -> tuple[CaseFile, list[AuditEntry]] | None:
        file = store.case_file(case_id)
        return (file, store.history(case_id)) if file is not None else None

    return await db.read(look)


def table(rows: Sequence[Sequence[str]]) -> str:
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
    """A case as text: what it is, its steps, and its history line by line."""
    case = file.case
    lines = [
        f"{case.case_id}  {case.kind}  {case.state}  version {case.version}",
        f"call      {case.call_id or 'opened by ' + case.opened_by}",
        f"amount    {money.show(case.details.money) if case.details.money else 'not stated'}",
        f"summary   {masked(case.details).summary or ('hidden' if case.details.sensitive else 'not stated')}",
        *(f"why       {file.proposal.because}" for _ in (1,) if file.proposal.because),
        *(f"fact      {fact.source}: {fact.sentence or fact.missing or fact.name}" for fact in case.facts),
        *(f"step      {one.action.sentence}: {one.state}  key {one.key}" for one in file.executions),
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
