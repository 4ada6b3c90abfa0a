"""Send an execution that is due, or look it up first where an earlier try may have had its effect."""

import logging
from functools import partial

from bot.cases import executions
from bot.cases.executions import AttemptResult, ClaimedExecution
from bot.connectors.base import Connector, Repeat
from bot.core.model import Outcome, Receipt
from bot.http.errors import CredentialsRefused, Refused, Unavailable, Unsure
from bot.jobs.base import LEASE, Base
from bot.jobs.credentials import Credentials

log = logging.getLogger("countersign.jobs")


class Executions:
    def __init__(self, base: Base, credentials: Credentials) -> None:
        self.base = base
        self._credentials = credentials

    async def claim(self, limit: int) -> list[ClaimedExecution]:
        now = self.base.clock()
        claim = partial(
            executions.claim_executions,
            owner=self.base.owner,
            until=now + LEASE,
            now=now,
            limit=limit,
            available_operations=self.base.outside.available_operations,
        )
        return await self.base.db.write(claim)

    async def execute(self, work: ClaimedExecution) -> None:
        connector = self.base.outside.connectors[work.execution.action.connector]
        end = await self._attempt(connector, work)
        now = self.base.clock()
        if not await self.base.db.write(lambda store: executions.ended(store, work, end, now)):
            log.warning("lost the lease of execution %s; its outcome is looked up again", work.execution.key)
        if end.locked:
            await self._credentials.pause(connector, end.sentence or "")

    async def _attempt(self, connector: Connector, work: ClaimedExecution) -> AttemptResult:
        action, key, looks = work.execution.action, work.execution.key, work.attempt.looks_first
        try:
            if looks and (found := await connector.find(action, key)) is not None:
                return _succeeded(found)
            if looks and (why := self._only_a_person(connector, work)) is not None:
                return AttemptResult(Outcome.UNSURE, why, person=True)
        except CredentialsRefused as error:
            return AttemptResult(Outcome.UNSURE, error.sentence, request_id=error.request_id, locked=True)
        except (Refused, Unavailable, Unsure) as error:  # the look itself failed: still not known
            after = error.retry_after_s if isinstance(error, Unavailable) else None
            return AttemptResult(Outcome.UNSURE, f"Could not look it up: {error.sentence}", retry_after_s=after)
        try:
            return _succeeded(await connector.perform(action, key))
        except Refused as error:
            return AttemptResult(Outcome.REFUSED, error.sentence, request_id=error.request_id)
        except Unavailable as error:
            outcome = Outcome.UNSURE if looks else Outcome.UNAVAILABLE  # the earlier try may still have happened
            return AttemptResult(
                outcome,
                error.sentence,
                retry_after_s=error.retry_after_s,
                request_id=error.request_id,
                locked=isinstance(error, CredentialsRefused),
            )
        except Unsure as error:
            return AttemptResult(Outcome.UNSURE, error.sentence, request_id=error.request_id)

    def _only_a_person(self, connector: Connector, work: ClaimedExecution) -> str | None:
        """Return why a person must check: nothing was found, yet a second send could be a second effect."""
        operation = connector.operations[work.execution.action.operation]
        if operation.repeat is Repeat.PERSON:
            return f"{connector.title} shows no trace of it, and sending it again could do it twice. Check there."
        first = work.execution.first_sent_at
        if operation.key_lasts is not None and first is not None and self.base.clock() - first > operation.key_lasts:
            return f"{connector.title} shows no trace of it, and its key has expired there. Check there."
        return None


def _succeeded(receipt: Receipt) -> AttemptResult:
    return AttemptResult(Outcome.SUCCEEDED, receipt=receipt, request_id=receipt.request_id)
