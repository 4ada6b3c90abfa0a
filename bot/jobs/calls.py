"""A call that is due is looked up and becomes a case, or changes the case that it has."""

import asyncio

from bot.cases import intake
from bot.connectors.base import Connector
from bot.connectors.errors import Refused, Unavailable, Unsure
from bot.core.model import Details, Fact
from bot.core.triage import facts_wanted
from bot.jobs.shared import LEASE, Shared

FACTS_DEADLINE_S = 2.0


class CallJobs(Shared):
    async def claim_calls(self, limit: int) -> list[intake.Told]:
        now = self.clock()
        return await self.db.write(
            lambda store: intake.claim_calls(store, owner=self.owner, until=now + LEASE, now=now, limit=limit)
        )

    async def triage(self, told: intake.Told) -> None:
        details = told.details
        facts = await self._facts(details, facts_wanted(details, self.policy))
        now, able = self.clock(), self.outside.able
        await self.db.write(lambda store: intake.settle(store, told, facts, policy=self.policy, able=able, now=now))
        self.wake("cards")

    async def _facts(self, details: Details, wanted: frozenset[str]) -> tuple[Fact, ...]:
        """Look-ups in parallel under one deadline; a failing system never delays the card."""
        if not wanted:
            return ()
        looked = await asyncio.gather(
            *(self._look_up(connector, details, wanted) for connector in self.outside.connectors.values())
        )
        return tuple(fact for facts in looked for fact in facts)

    async def _look_up(self, connector: Connector, details: Details, wanted: frozenset[str]) -> tuple[Fact, ...]:
        now = self.clock()
        try:
            async with asyncio.timeout(FACTS_DEADLINE_S):
                return await connector.facts(details, wanted, now)
        except TimeoutError:
            why = f"{connector.title} did not answer in time."
        except (Refused, Unavailable, Unsure) as error:
            why = error.sentence
        return (Fact(name=f"{connector.name}", source=connector.title, observed_at=now, missing=why),)
