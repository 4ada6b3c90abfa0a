"""Name the ways in which a vendor's answer is not a receipt.

    ConnectorError
    ├── Refused          the vendor said no and will say no again: a sentence for a finance person
    ├── Unavailable      surely nothing happened: try again after `retry_after_s`
    │   └── CredentialsRefused  nothing goes on until somebody renews them
    └── Unsure           it may have happened: look it up, never send again blindly

Sentences go to cards and logs, so they hold no secret and no personal data.
"""


class ConnectorError(Exception):
    """Report a failed exchange; `sentence` is for a finance person, `request_id` for the vendor's support."""

    passes = False  # whether a look-up that failed by it may well work a little later

    def __init__(self, sentence: str, *, request_id: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.request_id = request_id


class Refused(ConnectorError):
    """Report a no of the vendor, or of a rule of ours that looks first; `reason` is a word for the connector."""

    def __init__(self, sentence: str, *, reason: str | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.reason = reason


class Unavailable(ConnectorError):
    """Report that surely nothing happened; `retry_after_s` is the vendor's own hint, where it gave one."""

    passes = True

    def __init__(self, sentence: str, *, retry_after_s: float | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.retry_after_s = retry_after_s


class CredentialsRefused(Unavailable):
    """Report expired or revoked credentials: the connector pauses, and its executions wait."""


class Unsure(ConnectorError):
    """Report that it may have happened."""
