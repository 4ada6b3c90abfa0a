"""Run the bot: `countersign serve`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from bot import app
from bot.cli.command import DOTENV, Commands, add_command
from bot.config import read_policies, read_settings


def register(commands: Commands) -> None:
    add_command(commands, "serve", "run the bot", serve)


def serve(_: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    settings = read_settings(DOTENV)
    policy = read_policies(settings)
    run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run
    if sys.platform != "win32":
        import uvloop

        run = uvloop.run
    run(app.serve(settings, policy))
    return 0
