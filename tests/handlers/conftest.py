"""Provide the bot on SQLite beside the sandbox: what a handler answers does not depend on the engine."""

from tests.support.world import open_world
from tests.support.world import sqlite_world as world

__all__ = ["open_world", "world"]
