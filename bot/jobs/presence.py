"""Whether somebody is there for each case: asked of Slack every minute, written by one transaction a case."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bot.cases import presence
from bot.core.people import account_of
from bot.core.policy import People
from bot.jobs.base import Shared
from bot.slack import SlackError

log = logging.getLogger("countersign.jobs")

PAGE = 200  # cases of one read, between which others may read too
LAG = timedelta(minutes=5)  # clocks of several processes differ, and a transaction may end long after its moment
SPARE = 8  # more than a quorum: those who asked for a case, or edited it, do not count alone


class PeopleJobs(Shared):
    async def leave_no_case_alone(self) -> None:
        """A group that was emptied or deleted, an owner who left: what nobody could decide falls to the admins.

        While the same people are there only the cases that have changed meanwhile can have become anything else.
        """
        policy = self.policy
        named = {rules.owner for rules in policy.kinds.values() if rules.owner is not None} - set(policy.groups)
        try:
            people = {name: await self._present(members) for name, members in policy.groups.items()}
            owners = await self.db.read(presence.owners) | named
            gone = frozenset([one for one in owners if not await self._takes_part(one)])
        except (SlackError, TimeoutError) as error:
            log.warning("who is there could not be asked: %s", error)
            return
        now, last = self.clock(), self.last_look
        since = presence.EVER if last.at is None or (last.people, last.gone) != (people, gone) else last.at - LAG
        ids = await self.db.read(lambda store: presence.unfinished(store, since))
        for at in range(0, len(ids), PAGE):
            await self._put_right(ids[at : at + PAGE], people, gone)
        last.people, last.gone, last.at = people, gone, now

    async def _put_right(self, ids: Sequence[str], people: People, gone: frozenset[str]) -> None:
        policy = self.policy
        for case_id in await self.db.read(lambda store: presence.left_alone(store, policy, people, gone, ids)):
            put_right = partial(presence.put_right, case_id=case_id, policy=policy, people=people, gone=gone)
            if await self.db.write(partial(put_right, now=self.clock())):
                self.wake("cards", "notices")

    async def _present(self, members: Sequence[str]) -> frozenset[str]:
        """Those who can take part, and no more of them than any rule can need."""
        needed, found = max(band.quorum for band in self.policy.bands) + SPARE, set[str]()
        for user_id in sorted(await self.outside.slack.people_left(members)):
            if len(found) < needed and await self._takes_part(user_id):
                found.add(user_id)
        return frozenset(found)

    async def _takes_part(self, user_id: str) -> bool:
        return account_of(user_id, await self.outside.slack.user(user_id), None).refused is None
