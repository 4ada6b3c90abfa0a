"""Who somebody is at the moment of a click: their groups, and whom they stand in for."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from bot.core.model import Frozen


class Delegation(Frozen):
    """While somebody is away, another person may decide in their place. One at a time for each person."""

    user_id: str  # who is away
    delegate_id: str
    from_at: datetime
    until_at: datetime
    set_by: str  # Slack user id
    set_at: datetime

    def covers(self, at: datetime) -> bool:
        return self.from_at <= at < self.until_at


class Person(Frozen):
    """Looked up at the click. `stands_in_for`: who is away -> the policy's groups that person is in."""

    user_id: str
    groups: frozenset[str] = frozenset()  # names in the policy's [groups]
    stands_in_for: Mapping[str, frozenset[str]] = Field(default_factory=dict)

    @property
    def in_groups(self) -> frozenset[str]:
        """Their own groups and those lent to them."""
        return self.groups.union(*self.stands_in_for.values())


class Pause(Frozen):
    """Nothing of this scope is carried out until somebody resumes it."""

    scope: str  # EVERYTHING, or a connector's name
    since_at: datetime
    by: str  # Slack user id, or "worker" where a vendor does not accept our credentials
    reason: str


EVERYTHING = "everything"
