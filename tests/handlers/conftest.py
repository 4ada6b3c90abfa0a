"""Provide the bot on SQLite beside the sandbox: what a handler answers does not depend on the engine."""

from tests.support.world import open_world, sqlite_world

__all__ = ["open_world", "sqlite_world"]
