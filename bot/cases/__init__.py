"""Every transaction: load, ask core, save, audit. Plain functions of a store; they never await and never call out."""

from storage import Database, Store

__all__ = ["Database", "Store"]
