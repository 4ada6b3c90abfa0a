"""What every door has: where rows go, how a person is answered, and who is woken after the commit."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.cases import Database
from bot.core.people import Person
from bot.core.policy import Policy


class DeskClosed(Exception):
    """Slack could not be asked or told just now; the sentence is for the person who clicked."""


class Desk(Protocol):
    """What a door needs of Slack. Every method but `answer` raises DeskClosed."""

    team_id: str | None  # of our workspace, once Slack has told us

    async def groups_of(self, user_id: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Which of the policy's groups this person is in at this moment."""

    async def open_form(self, trigger_id: str, view: Mapping[str, Any]) -> None: ...

    async def publish_home(self, user_id: str, view: Mapping[str, Any]) -> None: ...

    async def answer(self, response_url: str, text: str) -> None:
        """Tells one person; never fails."""


@dataclass(frozen=True)
class Doors:
    db: Database
    desk: Desk
    policy: Policy
    clock: Callable[[], datetime]
    wake: Callable[..., None]
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (door, what came) -> how often, for /metrics
    cases: dict[str, int] = field(default_factory=dict)  # by state, as last read for /metrics

    async def person(self, user_id: str) -> Person:
        """Who this is at this moment, with the groups of those who are away and named them. Raises DeskClosed."""
        now = self.clock()
        lent = await self.db.read(lambda store: store.delegations(now))
        away = [one.user_id for one in lent if one.delegate_id == user_id and one.covers(now)]
        groups, *others = [await self.desk.groups_of(one, self.policy.groups) for one in (user_id, *away)]
        return Person(user_id=user_id, groups=groups, stands_in_for=dict(zip(away, others, strict=True)))

    def count(self, door: str, what: str) -> None:
        self.counts[door, what] += 1
