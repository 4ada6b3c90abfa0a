"""Run a command, as `countersign` or `python -m bot`. Exit codes: 0 fine, 1 it fell short, 2 wrong use or settings."""

import argparse
import logging
import sys
from collections.abc import Sequence

from bot.cli import audit, backup, cases, check, demo, policy, serve
from bot.config import ConfigFaults
from storage import StorageError

COMMANDS = (demo, serve, check, policy, cases, audit, backup)
NOISY = ("httpx", "slack_sdk", "slack_bolt", "aiohttp.access")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name and return its exit code."""
    parser = argparse.ArgumentParser(prog="countersign", description="Approve in Slack; act exactly once.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.register(commands)
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return int(args.run(args))
    except ConfigFaults as faults:
        print("Countersign cannot start:", *(f"  {fault}" for fault in faults.faults), sep="\n", file=sys.stderr)
    except StorageError as error:
        print(f"Countersign cannot use its database: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
