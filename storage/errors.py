"""Define what storage raises; nothing outside this folder sees an error of a database driver."""


class StorageError(Exception):
    """Tell the operator, in a sentence, that the database cannot be opened or written."""


class RuleBroken(StorageError):
    """Report a row that a constraint or trigger of the database refused: a bug, never a user's mistake."""


class KeyReused(StorageError):
    """Report an idempotency key that exists with another fingerprint: the same key would mean two effects."""


class NotStored(StorageError):
    """Report that a row that was to be saved does not exist."""
