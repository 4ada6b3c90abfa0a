"""Count the weekly digest once its time has come, by whichever process is first."""

from functools import partial

from bot.cases import digests
from bot.jobs.base import Base


class Digests:
    def __init__(self, base: Base) -> None:
        self.base = base

    async def weekly_digest(self) -> None:
        """Note the digest if it is due; called every minute, and the notice's id makes it one a week."""
        now, policy, db = self.base.clock(), self.base.policy, self.base.db
        moment = digests.weekly_due(policy, now)
        if policy.digest is None or moment is None:
            return
        notice_id, region = digests.weekly_id(policy, moment), digests.region_of(policy)
        if await db.read(lambda store: store.notice(notice_id)) is not None:
            return
        picture = await db.read(lambda store: digests.drawn(store, moment, region))  # a scan: no part of the write
        note = partial(digests.note, notice_id=notice_id, recipient=policy.digest.channel, now=now)
        await db.write(partial(note, picture=picture))
