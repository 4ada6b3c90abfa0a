"""Reach outside between two transactions: claim what is due, call out, write what is known.

A lane claims due rows and handles each on its own; a chore runs every minute, and nobody waits for it.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.cases.cards import CardJob
from bot.cases.notices import NoticeJob
from bot.jobs.base import Base, Outside
from bot.jobs.calls import Calls
from bot.jobs.cards import card_deliveries
from bot.jobs.credentials import Credentials
from bot.jobs.deliveries import Deliveries
from bot.jobs.digests import Digests
from bot.jobs.executions import Executions
from bot.jobs.notices import notice_deliveries
from bot.jobs.presence import Presence
from bot.jobs.timers import Timers

__all__ = ["Base", "Jobs", "Outside", "make_jobs"]

Chore = Callable[[], Awaitable[None]]
Claim = Callable[[int], Awaitable[Sequence[Any]]]
Handle = Callable[[Any], Coroutine[Any, Any, None]]

REPEATS = timedelta(days=2)  # no sender repeats a delivery later; Slack's own signature lasts five minutes


class Seals:
    def __init__(self, base: Base) -> None:
        self.base = base

    async def seal(self) -> None:
        """Chain the heads of all cases, so that a case that was removed shows too."""
        now = self.base.clock()
        await self.base.db.write(lambda store: store.seal(now))
        await self.base.db.write(lambda store: store.forget_deliveries(now - REPEATS))


@dataclass(frozen=True)
class Jobs:
    """Hold one process's work."""

    base: Base
    calls: Calls
    executions: Executions
    cards: Deliveries[CardJob]
    timers: Timers
    notices: Deliveries[NoticeJob]
    credentials: Credentials
    presence: Presence
    seals: Seals
    digests: Digests

    @property
    def lanes(self) -> Sequence[tuple[str, Claim, Handle]]:
        return (
            ("calls", self.calls.claim, self.calls.triage),
            ("executions", self.executions.claim, self.executions.execute),
            ("cards", self.cards.claim, self.cards.deliver),
            ("timers", self.timers.claim, self.timers.fire),
            ("notices", self.notices.claim, self.notices.deliver),
        )

    @property
    def chores(self) -> Sequence[Chore]:
        credentials = self.credentials
        return (
            self.seals.seal,
            credentials.ask_doubted,
            credentials.try_locked,
            self.presence.leave_no_case_alone,
            self.digests.weekly_digest,
        )


def make_jobs(base: Base) -> Jobs:
    credentials = Credentials(base)
    return Jobs(
        base=base,
        calls=Calls(base, credentials),
        executions=Executions(base, credentials),
        cards=card_deliveries(base),
        timers=Timers(base),
        notices=notice_deliveries(base),
        credentials=credentials,
        presence=Presence(base),
        seals=Seals(base),
        digests=Digests(base),
    )
