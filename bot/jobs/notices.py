"""Tell one person, a channel, or a workflow that waits what happened."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.cases import deliveries
from bot.cases import notices as case_notices
from bot.cases.deliveries import DeliveryKind
from bot.cases.notices import WORKFLOW, NoticeJob
from bot.core.cards import charts, notices
from bot.core.cards.charts import Chart
from bot.core.cards.mrkdwn import Block
from bot.core.money import HOME
from bot.core.notes import outputs
from bot.core.slack_ids import EventType
from bot.jobs.base import Base
from bot.jobs.deliveries import Arrived, Deliveries, Message, Sender, Write
from bot.slack import BadPicture, ChannelClosed, Locked, NotNow, NotThere, Slack, SlackError
from storage import Store

log = logging.getLogger("countersign.jobs")

LOOKED_THROUGH = timedelta(seconds=2)  # Slack takes a moment before it shows a picture that it was sent
PATIENCE = 5  # tries; with the waits between them Slack had two and a half minutes for a picture
NEWS_FOR = timedelta(days=1)  # what could not be told by then is not news any more; the card tells it anyway


class _NoticeSender(Sender[NoticeJob]):
    def arrived(self, store: Store, job: NoticeJob, arrived: Arrived, now: datetime) -> bool:
        return deliveries.settle(store, job, sent_at=now)

    async def instead(self, job: NoticeJob, error: SlackError, due_at: datetime, now: datetime) -> Write | None:
        """Give up a notice for somebody who is gone, and one that is no news any more."""
        if isinstance(error, ChannelClosed | NotThere) or now - job.delivery.created_at > NEWS_FOR:
            return partial(case_notices.give_up, job=job, why=error.sentence, now=now)
        return None


class DirectMessage(_NoticeSender):
    async def draw(self, job: NoticeJob) -> Message:
        notice = job.delivery
        channel_id = await self._channel_id(job.recipient)
        locale = self.base.policy.region(job.card.channel).locale if job.card else HOME
        picture = notices.picture(notice, await self._link(job), locale)
        key, whole = {"notice": notice.notice_id}, charts.has_pictures(notice.blocks)
        return Message(channel_id, picture, EventType.NOTICE, key, whole=whole)

    async def redrawn(self, job: NoticeJob, refused: BadPicture) -> Write:
        """Replace charts by one image, stored with the notice so that it is uploaded once; else words remain."""
        notice = job.delivery
        log.warning("notice %s: %s", notice.notice_id, refused.sentence)
        drawn = charts.of(notice.blocks)
        if notice.failures >= PATIENCE:
            blocks = charts.without_pictures(notice.blocks)
        elif drawn:
            blocks = await self._with_image(notice.blocks, drawn)
        else:
            raise NotNow("Slack is not done with a picture yet.")
        due_at = self.base.clock() + LOOKED_THROUGH
        return partial(deliveries.settle, job=job, due_at=due_at, blocks=tuple(blocks))  # these go as if the first

    async def _channel_id(self, recipient: str) -> str:
        return await self.base.outside.slack.direct_messages(recipient)

    async def _link(self, job: NoticeJob) -> str | None:
        """Return the link to the card of its case; the news matters more than the way there."""
        card = job.card
        if card is None or card.channel_id is None or card.message_ts is None:
            return None
        try:
            return await self.base.outside.slack.permalink(card.channel_id, card.message_ts)
        except SlackError:
            return None

    async def _with_image(self, blocks: Sequence[Block], drawn: tuple[Chart, ...]) -> list[Block]:
        content = await asyncio.to_thread(charts.png, drawn)
        try:
            file_id = await self.base.outside.slack.upload("digest.png", content, title=drawn[0].title)
        except (BadPicture, Locked) as refused:  # no files here; the words tell the same figures
            log.warning("a picture was not sent: %s", refused.sentence)
            return charts.without_pictures(blocks)
        return charts.with_image(blocks, file_id)


class ChannelMessage(DirectMessage):
    async def instead(self, job: NoticeJob, error: SlackError, due_at: datetime, now: datetime) -> Write | None:
        """Send to the fallback channel what a closed channel should hear."""
        if isinstance(error, ChannelClosed | NotThere) and job.recipient != "fallback":
            fallback: dict[str, object] = {"recipient": "fallback", job.note: None}
            return partial(deliveries.release, job=job, due_at=due_at, update=fallback)
        return await super().instead(job, error, due_at, now)

    async def _channel_id(self, recipient: str) -> str:
        """Return the id of the channel; one that the policy does not name any more gives way to the fallback."""
        channels = self.base.policy.channels
        return await self.base.outside.slack.channel_id(channels.get(recipient) or channels["fallback"])


@dataclass(frozen=True)
class StepEnd:
    """Describe the end of a workflow's step; a step ends once, so there is nothing to look for."""

    execution_id: str
    ended: Mapping[str, object]
    again: bool  # an earlier try may have ended it

    async def find(self, slack: Slack, since: datetime) -> Arrived | None:
        return None

    async def send(self, slack: Slack) -> Arrived:
        try:
            await slack.end_step(self.execution_id, **self.ended)
        except NotThere:
            if not self.again:
                raise
        return Arrived()


class WorkflowAnswer(_NoticeSender):
    async def draw(self, job: NoticeJob) -> StepEnd:
        notice, case_id = job.delivery, job.delivery.case_id
        file = await self.base.db.read(lambda store: store.case_file(case_id)) if case_id else None
        ended = {"outputs": outputs(file)} if file is not None else {"error": notice.text}  # no case came of it
        return StepEnd(job.recipient.removeprefix(WORKFLOW), ended, again=job.look)


def notice_deliveries(base: Base) -> Deliveries[NoticeJob]:
    """Return the lane of direct messages, digests and answers to workflows."""
    senders = {
        DeliveryKind.DIRECT_MESSAGE: DirectMessage(base),
        DeliveryKind.CHANNEL_MESSAGE: ChannelMessage(base),
        DeliveryKind.WORKFLOW_ANSWER: WorkflowAnswer(base),
    }
    return Deliveries(base, case_notices.due, senders)
