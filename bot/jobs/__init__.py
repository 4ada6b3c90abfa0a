"""Every step that reaches outside, between two transactions: claim, call out, write what is known."""

from datetime import timedelta

from bot.jobs.base import Outside
from bot.jobs.calls import CallJobs
from bot.jobs.cards import CardJobs
from bot.jobs.digests import DigestJobs
from bot.jobs.executions import ExecutionJobs
from bot.jobs.notices import NoticeJobs
from bot.jobs.presence import PeopleJobs
from bot.jobs.timers import TimerJobs

__all__ = ["Jobs", "Outside"]

REPEATS = timedelta(days=2)  # no sender repeats a delivery later; Slack's own signature lasts five minutes


class Jobs(CallJobs, ExecutionJobs, CardJobs, TimerJobs, NoticeJobs, DigestJobs, PeopleJobs):
    """One process's work, a lane each."""

    async def seal(self) -> None:
        """Chain the heads of all cases, so that a case that was removed shows too."""
        now = self.clock()
        await self.db.write(lambda store: store.seal(now))
        await self.db.write(lambda store: store.forget_deliveries(now - REPEATS))
