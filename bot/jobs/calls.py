"""Look up a call that is due, and make it a case or change the case that it has."""

import asyncio
from datetime import datetime
from functools import partial

from bot.cases import calls
from bot.connectors.base import Connector
from bot.core.model import Details, Fact
from bot.core.triage import facts_wanted
from bot.http.errors import ConnectorError
from bot.jobs.base import LEASE, Base
from bot.jobs.credentials import Credentials


class Calls:
    def __init__(self, base: Base, credentials: Credentials) -> None:
        self.base = base
        self._credentials = credentials

    async def claim(self, limit: int) -> list[calls.CallHistory]:
        now = self.base.clock()
        claim = partial(calls.claim_calls, owner=self.base.owner, until=now + LEASE, now=now, limit=limit)
        return await self.base.db.write(claim)

    async def triage(self, told: calls.CallHistory) -> None:
        details = told.details
        facts = await self._facts(details, facts_wanted(details, self.base.policy))
        now, available_operations = self.base.clock(), self.base.outside.available_operations
        settle = partial(
            calls.settle,
            told=told,
            facts=facts,
            policy=self.base.policy,
            available_operations=available_operations,
            now=now,
            public_url=self.base.public_url,
        )
        await self.base.db.write(settle)

    async def _facts(self, details: Details, wanted: frozenset[str]) -> tuple[Fact, ...]:
        """Look facts up in parallel under one deadline; a failing system never delays the card."""
        if not wanted:
            return ()
        looked = await asyncio.gather(
            *(self._look_up(connector, details, wanted) for connector in self.base.outside.connectors.values())
        )
        return tuple(fact for facts in looked for fact in facts)

    async def _look_up(self, connector: Connector, details: Details, wanted: frozenset[str]) -> tuple[Fact, ...]:
        now = self.base.clock()
        try:
            async with asyncio.timeout(self.base.facts_deadline_s):
                found = await connector.facts(details, wanted, now)
        except TimeoutError:
            found = (_failed(connector, now, f"{connector.title} did not answer in time.", passes=True),)
        except ConnectorError as error:
            found = (_failed(connector, now, error.sentence, passes=error.passes),)
        if any(fact.failed for fact in found):
            self._credentials.doubt(connector.name)
        return found


def _failed(connector: Connector, now: datetime, why: str, *, passes: bool) -> Fact:
    return Fact(name=connector.name, source=connector.title, observed_at=now, missing=why, failed=passes)
