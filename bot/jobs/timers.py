"""Fire what is due by time alone: reminders, escalations, warnings, expiry, promised follow-ups."""

from bot.cases import timers
from bot.jobs.base import Base


class Timers:
    def __init__(self, base: Base) -> None:
        self.base = base

    async def claim(self, limit: int) -> list[str]:
        """Return the ids of cases; nothing is leased, since firing is one transaction that holds its case."""
        now = self.base.clock()
        return await self.base.db.read(lambda store: store.cases_due(now, limit))

    async def fire(self, case_id: str) -> None:
        now, policy = self.base.clock(), self.base.policy
        await self.base.db.write(lambda store: timers.fire(store, case_id, policy=policy, now=now))
