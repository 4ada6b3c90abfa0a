"""What is due by time alone happens: reminders, escalations, warnings, expiry, promised follow-ups."""

from bot.cases import timers
from bot.jobs.base import Shared


class TimerJobs(Shared):
    async def claim_timers(self, limit: int) -> list[str]:
        """Ids of cases. Nothing is leased: firing needs no network, so it is one transaction that holds its case."""
        now = self.clock()
        return await self.db.read(lambda store: store.cases_due(now, limit))

    async def fire(self, case_id: str) -> None:
        now = self.clock()
        await self.db.write(lambda store: timers.fire(store, case_id, policy=self.policy, now=now))
