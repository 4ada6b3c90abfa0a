"""Ask Slack every minute whether somebody is there for each case, and put it right by one transaction a case."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bot.cases import presence
from bot.core.people import account_of
from bot.core.policy import People
from bot.jobs.base import Base
from bot.slack import SlackError

log = logging.getLogger("countersign.jobs")

PAGE = 200  # cases of one read, between which others may read too
LAG = timedelta(minutes=5)  # clocks of several processes differ, and a transaction may end long after its moment
SPARE = 8  # more than a quorum: those who asked for a case, or edited it, do not count alone


class Presence:
    def __init__(self, base: Base) -> None:
        self.base = base
        self._last: tuple[People, frozenset[str]] | None = None  # who was there, who was gone; None in a new process
        self._last_at = presence.EVER

    async def leave_no_case_alone(self) -> None:
        """Escalate to the admins what nobody could decide: a group was emptied or deleted, an owner left.

        While the same people are there only the cases that have changed meanwhile can have become anything else.
        """
        policy = self.base.policy
        named = {rules.owner for rules in policy.kinds.values() if rules.owner is not None} - set(policy.groups)
        try:
            people = {name: await self._present(members) for name, members in policy.groups.items()}
            owners = await self.base.db.read(presence.owners) | named
            gone = frozenset([owner for owner in owners if not await self._takes_part(owner)])
        except (SlackError, TimeoutError) as error:
            log.warning("who is there could not be asked: %s", error)
            return
        now, found = self.base.clock(), (people, gone)
        since = self._last_at - LAG if self._last == found else presence.EVER
        ids = await self.base.db.read(lambda store: presence.unfinished(store, since))
        for at in range(0, len(ids), PAGE):
            await self._put_right(ids[at : at + PAGE], people, gone)
        self._last, self._last_at = found, now

    async def _put_right(self, ids: Sequence[str], people: People, gone: frozenset[str]) -> None:
        policy = self.base.policy
        for case_id in await self.base.db.read(lambda store: presence.left_alone(store, policy, people, gone, ids)):
            put_right = partial(presence.put_right, case_id=case_id, policy=policy, people=people, gone=gone)
            await self.base.db.write(partial(put_right, now=self.base.clock()))

    async def _present(self, members: Sequence[str]) -> frozenset[str]:
        """Return those who can take part, and no more of them than any rule can need."""
        needed, found = max(band.quorum for band in self.base.policy.bands) + SPARE, set[str]()
        for user_id in sorted(await self.base.outside.slack.people_left(members)):
            if len(found) < needed and await self._takes_part(user_id):
                found.add(user_id)
        return frozenset(found)

    async def _takes_part(self, user_id: str) -> bool:
        return account_of(user_id, await self.base.outside.slack.user(user_id), None).refused is None
