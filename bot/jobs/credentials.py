"""Pause a vendor that does not accept our credentials, whether a step or a look-up met it, and resume it later."""

import logging
from collections.abc import Sequence
from functools import partial

from bot.cases import pauses
from bot.connectors.base import Connector
from bot.http.errors import ConnectorError, CredentialsRefused, Refused
from bot.jobs.base import Base
from bot.slack import SlackError

log = logging.getLogger("countersign.jobs")


class Credentials:
    def __init__(self, base: Base) -> None:
        self.base = base
        self._doubted: set[str] = set()

    def doubt(self, name: str) -> None:
        """Note a connector of which a look-up failed, for `ask_doubted`."""
        self._doubted.add(name)

    async def pause(self, connector: Connector, why: str) -> None:
        """Pause the connector for every process; the admins are told once, by whoever was first."""
        reason = f"{why} It goes on by itself once that is renewed."
        if connector.name in await self.base.db.read(pauses.auth_failed):
            return
        pause = partial(pauses.pause_for_credentials, scope=connector.name, reason=reason, tell=await self._admins())
        if await self.base.db.write(partial(pause, now=self.base.clock())):
            log.error("%s is paused: %s", connector.title, why)

    async def _admins(self) -> Sequence[str]:
        """Return who can renew credentials, or a channel where nobody is named or Slack cannot tell."""
        members = self.base.policy.groups.get("admins", ())
        try:
            return sorted(await self.base.outside.slack.people_of(members)) or ("fallback",)
        except SlackError:
            return ("fallback",)

    async def ask_doubted(self) -> None:
        """Pause each connector whose look-up failed because our credentials are not accepted; called every minute.

        A look-up leaves a fact that says why, and never holds its case up; so that the vendor is asked here.
        """
        while self._doubted:
            connector = self.base.outside.connectors[self._doubted.pop()]
            try:
                await connector.check()
            except CredentialsRefused as error:
                await self.pause(connector, error.sentence)
            except ConnectorError as error:
                log.info("%s does not answer as it should: %s", connector.title, error.sentence)

    async def try_locked(self) -> None:
        """Resume each vendor that did not accept our credentials and takes them by now; called every minute."""
        for pause in await self.base.db.read(lambda store: store.pauses()):
            connector = self.base.outside.connectors.get(pause.scope)
            if pause.by != pauses.WORKER or connector is None:
                continue
            try:
                await connector.check()
            except Refused:  # another fault than the one that it was paused for
                pass
            except ConnectorError:
                continue
            now, scope = self.base.clock(), pause.scope
            await self.base.db.write(partial(pauses.resume, scope=scope, by=pauses.WORKER, now=now))
