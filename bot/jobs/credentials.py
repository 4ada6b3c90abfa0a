"""A vendor that does not accept our credentials pauses alone, whether a step or a look-up met it; and goes on again."""

import logging
from collections.abc import Sequence
from functools import partial

from bot.cases import pauses
from bot.connectors.base import Connector
from bot.http.errors import ConnectorError, CredentialsRefused, Refused
from bot.jobs.base import Shared
from bot.slack import SlackError

log = logging.getLogger("countersign.jobs")


class CredentialJobs(Shared):
    async def pause_for_credentials(self, connector: Connector, why: str) -> None:
        """The connector pauses for every process; the admins are told once, by whoever was first."""
        reason = f"{why} It goes on by itself once that is renewed."
        known = await self.db.read(pauses.auth_failed)
        if connector.name in known:
            return
        pause_for_credentials = partial(
            pauses.pause_for_credentials, scope=connector.name, reason=reason, tell=await self._admins()
        )
        if await self.db.write(partial(pause_for_credentials, now=self.clock())):
            log.error("%s is paused: %s", connector.title, why)

    async def _admins(self) -> Sequence[str]:
        """Who can renew credentials; where nobody is named, or Slack cannot tell, a channel hears of it."""
        try:
            return sorted(await self.outside.slack.people_of(self.policy.groups.get("admins", ()))) or ("fallback",)
        except SlackError:
            return ("fallback",)

    async def ask_doubted(self) -> None:
        """Whether a look-up failed because our credentials are not accepted; called every minute.

        A look-up leaves a fact that says why, and never holds its case up; so that the vendor is asked here.
        """
        while self.doubted:
            connector = self.outside.connectors[self.doubted.pop()]
            try:
                await connector.check()
            except CredentialsRefused as error:
                await self.pause_for_credentials(connector, error.sentence)
            except ConnectorError as error:
                log.info("%s does not answer as it should: %s", connector.title, error.sentence)

    async def try_locked(self) -> None:
        """Whether a vendor that did not accept our credentials takes them by now; called every minute."""
        for pause in await self.db.read(lambda store: store.pauses()):
            connector = self.outside.connectors.get(pause.scope)
            if pause.by != pauses.WORKER or connector is None:
                continue
            try:
                await connector.check()
            except Refused:  # another fault than the one that it was paused for
                pass
            except ConnectorError:
                continue
            now, scope = self.clock(), pause.scope
            await self.db.write(partial(pauses.resume, scope=scope, by=pauses.WORKER, now=now))
