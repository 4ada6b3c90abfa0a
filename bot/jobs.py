"""Every step that reaches outside, between two transactions: claim, call out, write what is known."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from bot.cases import intake, running, showing
from bot.cases.running import Ended, Work
from bot.cases.showing import Show
from bot.connectors.base import Connector, Repeat
from bot.connectors.errors import Refused, Unavailable, Unsure
from bot.core import cards
from bot.core.model import Details, Fact, Outcome, Receipt
from bot.core.names import EventType
from bot.core.policy import Policy, standing
from bot.core.triage import facts_wanted
from bot.slack import ChannelClosed, Locked, MessageGone, NotNow, Pace, Slack, SlackError
from storage import Database

log = logging.getLogger("countersign.jobs")

Found = tuple[str, Mapping[str, Any]]  # a message of ours: its ts and its key

LEASE = timedelta(seconds=60)  # longer than any time-out below, so that a lease that ran out means a stopped process
FACTS_DEADLINE_S = 2.0
SLACK_AGAIN = timedelta(seconds=5)  # after a lost answer; long enough for a slow post to appear in the history
REPEATS = timedelta(days=2)  # no sender repeats a delivery later; Slack's own signature lasts five minutes
MOST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class Outside:
    """Everything beyond the process that jobs talk to."""

    slack: Slack
    pace: Pace
    connectors: Mapping[str, Connector]

    @property
    def able(self) -> frozenset[str]:
        """ "connector.operation" of all that can be run; the rest is for people."""
        return frozenset(
            f"{name}.{operation}" for name, made in self.connectors.items() for operation in made.operations
        )


@dataclass(frozen=True)
class Jobs:
    """`owner` names this process in leases; `clock` gives aware UTC; `wake` tells the named lanes to look again."""

    db: Database
    outside: Outside
    policy: Policy
    owner: str
    clock: Callable[[], datetime]
    wake: Callable[..., None]
    _claims: Iterator[int] = field(default_factory=count, repr=False)

    # --- calls ------------------------------------------------------------------------------------------------------

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

    # --- executions -------------------------------------------------------------------------------------------------

    async def claim_executions(self, limit: int) -> list[Work]:
        now, able = self.clock(), self.outside.able
        works = await self.db.write(
            lambda store: running.claim_executions(
                store, owner=self.owner, until=now + LEASE, now=now, limit=limit, able=able
            )
        )
        self.wake("cards")  # a step that was handed to a person shows
        return works

    async def execute(self, work: Work) -> None:
        connector = self.outside.connectors[work.execution.action.connector]
        end = await self._attempt(connector, work)
        now = self.clock()
        if not await self.db.write(lambda store: running.ended(store, work, end, now)):
            log.warning("lost the lease of execution %s; its outcome is looked up again", work.execution.key)
        self.wake("cards", "executions")

    async def _attempt(self, connector: Connector, work: Work) -> Ended:
        action, key, looks = work.execution.action, work.execution.key, work.attempt.looks_first
        try:
            if looks and (found := await connector.find(action, key)) is not None:
                return _succeeded(found)
            if looks and (why := self._only_a_person(connector, work)) is not None:
                return Ended(Outcome.UNSURE, why, person=True)
        except (Refused, Unavailable, Unsure) as error:  # the look itself failed: still not known
            after = error.retry_after_s if isinstance(error, Unavailable) else None
            return Ended(Outcome.UNSURE, f"Could not look it up: {error.sentence}", retry_after_s=after)
        try:
            return _succeeded(await connector.perform(action, key))
        except Refused as error:
            return Ended(Outcome.REFUSED, error.sentence, request_id=error.request_id)
        except Unavailable as error:
            outcome = Outcome.UNSURE if looks else Outcome.UNAVAILABLE  # the earlier try may still have happened
            return Ended(outcome, error.sentence, retry_after_s=error.retry_after_s, request_id=error.request_id)
        except Unsure as error:
            return Ended(Outcome.UNSURE, error.sentence, request_id=error.request_id)

    def _only_a_person(self, connector: Connector, work: Work) -> str | None:
        """Nothing was found, yet a second send could be a second effect."""
        operation = connector.operations[work.execution.action.operation]
        if operation.repeat is Repeat.PERSON:
            return f"{connector.title} shows no trace of it, and sending it again could do it twice. Check there."
        first = work.execution.first_sent_at
        if operation.key_lasts is not None and first is not None and self.clock() - first > operation.key_lasts:
            return f"{connector.title} shows no trace of it, and its key has expired there. Check there."
        return None

    # --- cards ------------------------------------------------------------------------------------------------------

    async def claim_cards(self, limit: int) -> list[Show]:
        """Cards whose channel can take them; the others wait without holding anything up."""
        now, pace = self.clock(), self.outside.pace
        closed = pace.closed(now)
        owner = f"{self.owner}#{next(self._claims)}"  # a process that lost a lease may hold the next one itself
        return await self.db.write(
            lambda store: showing.claim_cards(
                store,
                owner=owner,
                until=now + LEASE,
                now=now,
                limit=limit,
                closed=closed,
                may_post=lambda channel: pace.take(channel, now),
            )
        )

    async def show(self, show: Show) -> None:
        try:
            if show.trail_due:
                await self._show_trail(show)
            elif show.stale or show.place.message_ts is None:
                await self._show_card(show)
            else:
                await self.db.write(lambda store: showing.nothing_to_show(store, show.place))
        except SlackError as error:
            await self._show_failed(show, error)
        self.wake("cards")

    async def _show_card(self, show: Show) -> None:
        file, place, slack = show.file, show.place, self.outside.slack
        channel_id = place.channel_id or await slack.channel_id(self.policy.channels[place.channel])
        picture = await self._picture(show)
        revision, ts = file.case.revision, place.message_ts
        key = {"case": file.case.case_id, "place": place.place}
        if ts is None and (found := await self._found(show, channel_id, EventType.CARD, key)) is not None:
            ts, revision = found[0], 0  # it may show an older revision: draw it again
        elif not await self._may_send(show):
            return
        elif ts is not None:
            await slack.update(channel_id, ts, picture)
        else:
            ts = await slack.post(channel_id, picture, event=EventType.CARD, key=key)
        now, sent = self.clock(), ts
        await self.db.write(
            lambda store: showing.shown(
                store, place, revision=revision, channel_id=channel_id, message_ts=sent, now=now
            )
        )

    async def _found(self, show: Show, channel_id: str, event: EventType, key: Mapping[str, object],
                     thread_ts: str | None = None) -> Found | None:  # fmt: skip
        if not show.look or show.since is None:
            return None
        return await self.outside.slack.find(channel_id, event=event, key=key, since=show.since, thread_ts=thread_ts)

    async def _may_send(self, show: Show) -> bool:
        """Whether this job still holds the card, and what is written down says that the sending begins now."""
        noted = None if show.look else show.since
        for _ in range(3):  # a machine so slow that the note is never fresh leaves it to the end of the lease
            now = self.clock()
            if noted is not None and now - noted <= showing.FRESH:
                return True
            begin = partial(showing.begin, show=show, until=now + LEASE, now=now)
            if not await self.db.write(begin):
                return False
            noted = now
        return False

    async def _picture(self, show: Show) -> cards.Picture:
        if show.place.channel != show.file.case.channel:
            return cards.moved(show.file, self.policy.channels[show.file.case.channel])
        case, owners = show.file.case, frozenset[str]()
        if case.urgent:  # its owner is called by name; everybody else finds theirs in the channel
            owners = await self.outside.slack.mentions_of(self.policy.groups.get(case.owner, (case.owner,)))
        made = standing(self.policy, show.file.proposal, show.file.decisions)
        return cards.card(show.file, made, owners=sorted(owners))

    async def _show_trail(self, show: Show) -> None:
        place, slack = show.place, self.outside.slack
        channel_id, thread, last = str(place.channel_id), str(place.message_ts), show.trail[-1].n
        key = {"case": place.case_id, "n": show.trail[0].n}
        found = await self._found(show, channel_id, EventType.TRAIL, key, thread)
        if found is not None:
            last = int(found[1]["to"])  # what was posted then; later entries follow in the next reply
        elif await self._may_send(show):
            picture = cards.trail(show.trail)
            await slack.post(channel_id, picture, event=EventType.TRAIL, key={**key, "to": last}, thread_ts=thread)
        else:
            return
        now, more = self.clock(), last < show.trail[-1].n
        await self.db.write(lambda store: showing.trail_shown(store, place, n=last, more=more, now=now))

    async def _show_failed(self, show: Show, error: SlackError) -> None:
        """Nothing is lost: the card stays due, and what was begun stays written down."""
        now, place = self.clock(), show.place
        log.warning("card of %s: %s", place.case_id, error.sentence)
        wait = min(SLACK_AGAIN * 2 ** min(place.failures, 6), MOST_WAIT)
        if isinstance(error, NotNow | Locked) and error.retry_after_s is not None:
            wait = timedelta(seconds=error.retry_after_s)
            self.outside.pace.wait(place.channel, now + wait)
        update: dict[str, object] = {}
        if isinstance(error, NotNow) and not show.look:  # nothing was sent, so there is nothing to look for
            update = {show.note: None}
        if isinstance(error, MessageGone):
            update = {"message_ts": None, "posting_since": None, "shown_revision": 0}
        fallback = "fallback" if place.channel != "fallback" else "review"
        if isinstance(error, ChannelClosed):
            channel_id = await self._fallback_id(fallback)
            if channel_id is not None and channel_id != place.channel_id:
                await self.db.write(
                    lambda store: showing.move_to_fallback(
                        store, place, channel_id=channel_id, why=error.sentence, now=now
                    )
                )
                return
        await self.db.write(lambda store: showing.show_later(store, place, due_at=now + wait, failed=True, **update))

    async def _fallback_id(self, name: str) -> str | None:
        try:
            return await self.outside.slack.channel_id(self.policy.channels[name])
        except SlackError:
            return None

    # --- the seal ---------------------------------------------------------------------------------------------------

    async def seal(self) -> None:
        """Chain the heads of all cases, so that a case that was removed shows too."""
        now = self.clock()
        await self.db.write(lambda store: store.seal(now))
        await self.db.write(lambda store: store.forget_deliveries(now - REPEATS))


def _succeeded(receipt: Receipt) -> Ended:
    return Ended(Outcome.SUCCEEDED, receipt=receipt, request_id=receipt.request_id)
