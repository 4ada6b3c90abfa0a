"""What every job has: rows, the world outside, the policy, a clock, and who it is in leases."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.connectors.base import Connector
from bot.core.policy import Policy
from bot.slack import Pace, Slack
from storage import Database

LEASE = timedelta(seconds=60)  # longer than any time-out, so that a lease that ran out means a stopped process


@dataclass(frozen=True)
class Outside:
    """Everything beyond the process that jobs talk to."""

    slack: Slack
    pace: Pace
    connectors: Mapping[str, Connector]

    @property
    def available_operations(self) -> frozenset[str]:
        """ "connector.operation" of all that can be run; the rest is for people."""
        return frozenset(
            f"{name}.{operation}" for name, made in self.connectors.items() for operation in made.operations
        )


@dataclass
class LastLook:
    """Who was there when every unfinished case was looked at last; nobody, and never, in a new process."""

    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    at: datetime | None = None


@dataclass(frozen=True)
class Shared:
    """`owner` names this process in leases; `clock` gives aware UTC."""

    db: Database
    outside: Outside
    policy: Policy
    owner: str
    clock: Callable[[], datetime]
    public_url: str | None = None  # where people reach us: a record links back to its case
    facts_deadline_s: float = 2.0  # for all look-ups of one case together
    doubted: set[str] = field(default_factory=set)  # connectors of which a look-up failed within the last minute
    last_look: LastLook = field(default_factory=LastLook)
    _claims: Iterator[int] = field(default_factory=count, repr=False)
