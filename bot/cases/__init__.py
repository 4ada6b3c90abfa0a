"""Hold every transaction: load, ask core, save, audit. Plain functions of a store, which never await or call out."""

from storage import Database, Store

__all__ = ["Database", "Store"]
