"""Reach outside between two transactions: claim what is due, call out, write what is known.

A lane claims due rows and handles each on its own; a chore runs every minute, and nobody waits for it.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from bot.jobs.base import Base, Outside
from bot.jobs.calls import Calls
from bot.jobs.cards import card_deliveries
from bot.jobs.credentials import Credentials
from bot.jobs.digests import Digests
from bot.jobs.executions import Executions
from bot.jobs.notices import notice_deliveries
from bot.jobs.presence import Presence
from bot.jobs.timers import Timers

__all__ = ["Base", "Jobs", "Outside"]

Chore = Callable[[], Awaitable[None]]
Claim = Callable[[int], Awaitable[Sequence[Any]]]
Handle = Callable[[Any], Coroutine[Any, Any, None]]

REPEATS = timedelta(days=2)  # no sender repeats a delivery later; Slack's own signature lasts five minutes


class Jobs:
    """Hold one process's work: its lanes (name, claim, handle) and its chores."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.credentials = Credentials(base)
        self.presence = Presence(base)
        self.digests = Digests(base)
        calls, executions = Calls(base, self.credentials), Executions(base, self.credentials)
        cards, notices, timers = card_deliveries(base), notice_deliveries(base), Timers(base)
        self.lanes: Sequence[tuple[str, Claim, Handle]] = (
            ("calls", calls.claim, calls.triage),
            ("executions", executions.claim, executions.execute),
            ("cards", cards.claim, cards.deliver),
            ("timers", timers.claim, timers.fire),
            ("notices", notices.claim, notices.deliver),
        )
        self.chores: Sequence[Chore] = (
            self.seal,
            self.credentials.ask_doubted,
            self.credentials.try_locked,
            self.presence.leave_no_case_alone,
            self.digests.weekly_digest,
        )

    async def seal(self) -> None:
        """Chain the heads of all cases, so that a case that was removed shows too."""
        now = self.base.clock()
        await self.base.db.write(lambda store: store.seal(now))
        await self.base.db.write(lambda store: store.forget_deliveries(now - REPEATS))
