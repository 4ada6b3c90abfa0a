"""Describe a command, and open the database that it looks at."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias, TypeVar

from bot.config import read_places
from storage import Database, open_database

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # argparse has no public name for it

DOTENV = Path(".env")

T = TypeVar("T")


def add_command(
    commands: Commands, name: str, help_text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """Add a command and return its parser; `run` gets the parsed arguments and returns the exit code."""
    parser = commands.add_parser(name, help=help_text, description=help_text)
    parser.set_defaults(run=run)
    return parser


def add_group(commands: Commands, name: str, help_text: str) -> Commands:
    """Add a command that only has commands of its own, and return where they are added."""
    return commands.add_parser(name, help=help_text).add_subparsers(required=True, metavar="what")


def add_json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the flag `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def with_database(use: Callable[[Database], Awaitable[T]]) -> T:
    """Return what `use` makes of the configured database, opened for reading only. Raises StorageError."""

    async def run() -> T:
        db = await open_database(read_places(DOTENV).database_url, read_only=True)
        try:
            return await use(db)
        finally:
            await db.close()

    return asyncio.run(run())
