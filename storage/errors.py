"""What storage raises; nothing outside this folder sees an error of a database driver."""


class StorageError(Exception):
    """A sentence for the operator: the database cannot be opened, or cannot be written."""


class RuleBroken(StorageError):
    """The database refused a row: a constraint or a trigger stood against it. A bug, never a user's mistake."""


class KeyReused(StorageError):
    """An idempotency key exists with another fingerprint: the same key would mean two different effects."""


class NotStored(StorageError):
    """A row that was to be saved does not exist."""
