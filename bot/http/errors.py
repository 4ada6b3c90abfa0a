"""The ways in which a vendor's answer is not a receipt.

    ConnectorError
    ├── Refused          the vendor said no and will say no again: a sentence for a finance person
    ├── Unavailable      surely nothing happened: try again after `retry_after_s`
    │   └── LockedOut    our credentials are not accepted: nothing goes on until somebody renews them
    └── Unsure           it may have happened: look it up, never send again blindly

Sentences go to cards and logs, so they hold no secret and no personal data.
"""


class ConnectorError(Exception):
    """`sentence` is for a finance person; `request_id` is the vendor's own id of the request, for their support."""

    passes = False  # whether a look-up that failed by it may well work a little later

    def __init__(self, sentence: str, *, request_id: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.request_id = request_id


class Refused(ConnectorError):
    """The vendor, or a rule of ours that looks first, said no; `reason` is a word for the connector that raised it."""

    def __init__(self, sentence: str, *, reason: str | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.reason = reason


class Unavailable(ConnectorError):
    """Surely nothing happened; `retry_after_s` is the vendor's own hint in seconds, where it gave one."""

    passes = True

    def __init__(self, sentence: str, *, retry_after_s: float | None = None, request_id: str | None = None) -> None:
        super().__init__(sentence, request_id=request_id)
        self.retry_after_s = retry_after_s


class CredentialsRefused(Unavailable):
    """Our credentials expired or were revoked: the connector pauses, and its executions wait."""


class Unsure(ConnectorError):
    """It may have happened."""
