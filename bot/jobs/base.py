"""Hold what every job needs: rows, the world outside, the policy, a clock, and who it is in leases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.connectors.base import Connector
from bot.core.policy import Policy
from bot.slack import Pace, Slack
from storage import Database

LEASE = timedelta(seconds=60)  # longer than any time-out, so that a lease that ran out means a stopped process


@dataclass(frozen=True)
class Outside:
    """Hold everything beyond the process that jobs talk to."""

    slack: Slack
    pace: Pace
    connectors: Mapping[str, Connector]

    @cached_property
    def available_operations(self) -> frozenset[str]:
        """Return "connector.operation" of all that can be run; the rest is for people."""
        return frozenset(
            f"{name}.{operation}" for name, connector in self.connectors.items() for operation in connector.operations
        )


@dataclass(frozen=True)
class Base:
    """Hold what the jobs of one process share.

    `owner` names the process in leases; `clock` gives aware UTC.
    """

    db: Database
    outside: Outside
    policy: Policy
    owner: str
    clock: Callable[[], datetime]
    public_url: str | None = None  # where people reach us: a record links back to its case
    facts_deadline_s: float = 2.0  # for all look-ups of one case together
