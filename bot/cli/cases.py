"""Look at the stored cases: `countersign cases list|search|show|export`."""

import argparse

from bot.cli.command import Commands, add_command, add_group, add_json, with_database
from bot.cli.output import as_json, case_story, cases_table, no_such_case
from bot.core.model import AuditEntry, Case, CaseFile
from storage import Store

EXPORT_AT_MOST = 1_000_000  # cases; an export of more belongs into a copy of the database


def register(commands: Commands) -> None:
    group = add_group(commands, "cases", "the cases")
    listing = add_json(add_command(group, "list", "by due time", list_cases))
    search = add_json(add_command(group, "search", "by id, customer, invoice, payment", list_cases))
    search.add_argument("text")
    for parser in (listing, search):
        parser.add_argument("--limit", type=int, default=50)
    show = add_json(add_command(group, "show", "one case with its history", show_case))
    show.add_argument("case_id")
    add_command(group, "export", "every case as JSON lines", export_cases)


def list_cases(args: argparse.Namespace) -> int:
    """Print the cases by due time, or those that contain a text."""
    cases = _find(getattr(args, "text", None), args.limit)
    if args.json:
        print(as_json([case.model_dump(mode="json") for case in cases]))
    else:
        print(cases_table(cases) if cases else "No cases.")
    return 0


def show_case(args: argparse.Namespace) -> int:
    """Print a case with its steps and its history; return 1 if there is no such case."""

    def read(store: Store) -> tuple[CaseFile | None, list[AuditEntry]]:
        return store.case_file(args.case_id), store.history(args.case_id)

    file, history = with_database(lambda db: db.read(read))
    if file is None:
        return no_such_case(args.case_id)
    if args.json:
        entries = [entry.model_dump(mode="json") for entry in history]
        print(as_json(file.model_dump(mode="json") | {"history": entries}))
    else:
        print(case_story(file, history))
    return 0


def export_cases(_: argparse.Namespace) -> int:
    """Print every case as a line of JSON."""
    for case in _find(None, EXPORT_AT_MOST):
        print(case.model_dump_json())
    return 0


def _find(text: str | None, limit: int) -> list[Case]:
    return with_database(lambda db: db.read(lambda store: store.find_cases(text=text, limit=limit)))
