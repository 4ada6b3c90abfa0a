"""The weekly digest is counted once its time has come, by whichever process is first."""

from datetime import datetime

from bot.cases import digests
from bot.core.notices import Notice
from bot.jobs.base import Shared


class DigestJobs(Shared):
    async def weekly_digest(self) -> None:
        """Looks every minute; the notice's id makes it one digest a week."""
        now, rule = self.clock(), self.policy.digest
        moment = digests.weekly_due(self.policy, now)
        if rule is None or moment is None:
            return
        notice_id = digests.weekly_id(self.policy, moment)
        if await self.db.read(lambda store: store.notice(notice_id)) is None:
            await self._note(notice_id, rule.channel, moment, now)

    async def _note(self, notice_id: str, recipient: str, until: datetime, now: datetime) -> None:
        region = digests.region_of(self.policy)
        drawn = await self.db.read(lambda store: digests.drawn(store, until, region))  # a scan: no part of the write
        notice = Notice(
            notice_id=notice_id,
            recipient=recipient,
            text=drawn.text,
            blocks=tuple(drawn.blocks),
            created_at=now,
            due_at=now,
        )
        await self.db.write(lambda store: store.add_notice(notice))
