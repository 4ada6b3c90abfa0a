"""Whether somebody is there for each case: asked of Slack every minute, written by one transaction a case."""

import logging
from collections.abc import Sequence
from functools import partial

from bot.cases import falling
from bot.core.accounts import account_of
from bot.jobs.shared import Shared
from bot.slack import SlackError

log = logging.getLogger("countersign.jobs")

SPARE = 8  # more than a quorum: those who asked for a case, or edited it, do not count alone


class PeopleJobs(Shared):
    async def leave_no_case_alone(self) -> None:
        """A group that was emptied or deleted, an owner who left: what nobody could decide falls to the admins."""
        policy = self.policy
        named = {rules.owner for rules in policy.kinds.values() if rules.owner is not None} - set(policy.groups)
        try:
            people = {name: await self._present(members) for name, members in policy.groups.items()}
            owners = await self.db.read(falling.owners) | named
            gone = frozenset([one for one in owners if not await self._takes_part(one)])
        except (SlackError, TimeoutError) as error:
            log.warning("who is there could not be asked: %s", error)
            return
        for case_id in await self.db.read(lambda store: falling.left_alone(store, policy, people, gone)):
            put_right = partial(falling.put_right, case_id=case_id, policy=policy, people=people, gone=gone)
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
