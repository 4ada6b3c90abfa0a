"""Look at the history: `countersign audit verify|export`."""

import argparse

from bot.cli.command import Commands, add_command, add_group, add_json, with_database
from bot.cli.output import as_json, no_such_case


def register(commands: Commands) -> None:
    group = add_group(commands, "audit", "the history")
    add_json(add_command(group, "verify", "check every chain and seal; names the first broken entry", verify))
    export = add_command(group, "export", "the history of one case as JSON lines", export_history)
    export.add_argument("case_id")


def verify(args: argparse.Namespace) -> int:
    """Print whether every chain and seal holds; return 1 and name the first broken entry if not."""
    verified = with_database(lambda db: db.read(lambda store: store.verify()))
    if args.json:
        print(as_json(verified._asdict()))
    elif verified.broken is None:
        print(f"Whole: {verified.entries} entries of {verified.cases} cases, {verified.seals} seals.")
    else:
        print(f"BROKEN: {verified.broken}")
    return 0 if verified.broken is None else 1


def export_history(args: argparse.Namespace) -> int:
    """Print each audit entry of a case as a line of JSON; return 1 if there is no such case."""
    history = with_database(lambda db: db.read(lambda store: store.history(args.case_id)))
    for entry in history:
        print(entry.model_dump_json())
    return 0 if history else no_such_case(args.case_id)
