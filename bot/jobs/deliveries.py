"""Send what is due to Slack once: one claim, one look after a lost answer, one back-off, one way to fail.

A `Sender` for each kind of delivery says what is drawn, where it goes, and what is written down afterwards.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Generic, Protocol

from bot.cases import deliveries
from bot.cases.deliveries import DeliveryKind, Job
from bot.core.cards import Picture
from bot.core.slack_ids import EventType
from bot.jobs.base import LEASE, Base
from bot.slack import BadPicture, Locked, NotNow, Slack, SlackError
from storage import Store

log = logging.getLogger("countersign.jobs")

FIRST_WAIT = timedelta(seconds=5)  # after a lost answer; long enough for a slow post to appear in the history
MOST_WAIT = timedelta(minutes=5)

Due = Callable[[Store, datetime, int, frozenset[str]], Sequence[Job]]
Write = Callable[[Store], bool]


@dataclass(frozen=True)
class Arrived:
    """Describe what is in Slack; `found`: an earlier try sent it."""

    channel_id: str = ""
    ts: str = ""
    key: Mapping[str, Any] = field(default_factory=dict)
    found: bool = False


class Content(Protocol):
    """Describe what goes to Slack once it is drawn."""

    async def find(self, slack: Slack, since: datetime) -> Arrived | None:
        """Return what an earlier try sent whose answer was lost, if it is in Slack."""

    async def send(self, slack: Slack) -> Arrived: ...


@dataclass(frozen=True)
class Message:
    """Describe one message; with `ts` it is drawn again in its place."""

    channel_id: str
    picture: Picture
    event: EventType
    key: Mapping[str, object]  # by which it is found again
    says: Mapping[str, object] = field(default_factory=dict)  # goes along with the key
    thread_ts: str | None = None
    ts: str | None = None
    whole: bool = False  # blocks that Slack refuses raise BadPicture, and nothing was posted

    async def find(self, slack: Slack, since: datetime) -> Arrived | None:
        if self.ts is not None:
            return None
        found = await slack.find(self.channel_id, event=self.event, key=self.key, since=since, thread_ts=self.thread_ts)
        return found and Arrived(self.channel_id, *found, found=True)

    async def send(self, slack: Slack) -> Arrived:
        key, ts = {**self.key, **self.says}, self.ts
        if ts is None:
            post = partial(slack.post, self.channel_id, self.picture, event=self.event, key=key)
            ts = await post(thread_ts=self.thread_ts, whole=self.whole)
        else:
            await slack.update(self.channel_id, ts, self.picture)
        return Arrived(self.channel_id, ts, key)


class Sender(ABC, Generic[Job]):
    """Describe one kind of delivery."""

    def __init__(self, base: Base) -> None:
        self.base = base

    @abstractmethod
    async def draw(self, job: Job) -> Content:
        """Return what is sent, and with it where to."""

    @abstractmethod
    def arrived(self, store: Store, job: Job, arrived: Arrived, now: datetime) -> bool:
        """Write down that it is in Slack; return False if another job holds the delivery by now."""

    async def redrawn(self, job: Job, refused: BadPicture) -> Write:
        """Return what is written where Slack refused the blocks, so that others go in their place."""
        raise refused

    async def instead(self, job: Job, error: SlackError, due_at: datetime, now: datetime) -> Write | None:
        """Return what is written where trying again at `due_at` is not enough."""
        return None


class Deliveries(Generic[Job]):
    """Claim and send what one table holds."""

    def __init__(self, base: Base, due: Due[Job], senders: Mapping[DeliveryKind, Sender[Job]]) -> None:
        self.base = base
        self._due = due
        self._senders = senders
        self._claims = count()

    async def claim(self, limit: int) -> list[Job]:
        """Lease those whose recipient can take one; the others wait without holding anything up."""
        now, pace = self.base.clock(), self.base.outside.pace
        owner = f"{self.base.owner}#{next(self._claims)}"  # a process that lost a lease may hold the next one itself
        closed = pace.closed(now)

        def claim(store: Store) -> list[Job]:
            due = self._due(store, now, limit, closed)
            may_post = partial(pace.take, now=now)
            return deliveries.claim(store, due, owner=owner, until=now + LEASE, now=now, may_post=may_post)

        return await self.base.db.write(claim)

    async def deliver(self, job: Job) -> None:
        if job.kind is None:
            await self.base.db.write(partial(deliveries.settle, job=job))
            return
        sender = self._senders[job.kind]
        try:
            await self._send(sender, job)
        except SlackError as error:
            await self._failed(sender, job, error)

    async def _send(self, sender: Sender[Job], job: Job) -> None:
        content, slack = await sender.draw(job), self.base.outside.slack
        arrived = await self._found(content, job)
        if arrived is None:
            if not await self._may_send(job):
                return
            try:
                arrived = await content.send(slack)
            except BadPicture as refused:
                await self.base.db.write(await sender.redrawn(job, refused))
                return
        await self.base.db.write(partial(sender.arrived, job=job, arrived=arrived, now=self.base.clock()))

    async def _found(self, content: Content, job: Job) -> Arrived | None:
        return await content.find(self.base.outside.slack, job.since) if job.look and job.since is not None else None

    async def _may_send(self, job: Job) -> bool:
        """Return whether this job still holds the delivery, and its note says that the sending begins now."""
        noted = None if job.look else job.since
        for _ in range(3):  # a machine so slow that the note is never fresh leaves it to the end of the lease
            now = self.base.clock()
            if noted is not None and now - noted <= deliveries.FRESH:
                return True
            if not await self.base.db.write(partial(deliveries.begin, job=job, until=now + LEASE, now=now)):
                return False
            noted = now
        return False

    async def _failed(self, sender: Sender[Job], job: Job, error: SlackError) -> None:
        """Keep the delivery due with a longer wait each time; what was begun stays noted."""
        now, case_id = self.base.clock(), job.delivery.case_id
        log.warning("%s to %s about %s: %s", job.kind, job.recipient, case_id or "no case", error.sentence)
        wait = min(FIRST_WAIT * 2 ** min(job.delivery.failures, 6), MOST_WAIT)
        if isinstance(error, NotNow | Locked) and error.retry_after_s is not None:
            wait = timedelta(seconds=error.retry_after_s)
            self.base.outside.pace.wait(job.recipient, now + wait)
        instead = await sender.instead(job, error, now + wait, now)
        if instead is not None:
            await self.base.db.write(instead)
            return
        # Where surely nothing was sent there is nothing to look for.
        update = {job.note: None} if isinstance(error, NotNow) and not job.look else {}
        await self.base.db.write(partial(deliveries.release, job=job, due_at=now + wait, update=update))
