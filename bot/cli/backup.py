"""Copy the SQLite database: `countersign backup`."""

import argparse
from pathlib import Path

from bot.cli.command import Commands, add_command, with_database


def register(commands: Commands) -> None:
    parser = add_command(commands, "backup", "a copy of the SQLite database, also while the bot runs", backup)
    parser.add_argument("to", type=Path)


def backup(args: argparse.Namespace) -> int:
    """Write a copy to a file that does not exist yet."""
    with_database(lambda db: db.backup(args.to))
    print(f"Written to {args.to}.")
    return 0
