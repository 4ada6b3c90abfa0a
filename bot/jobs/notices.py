"""A message to one person, to a channel, or to a workflow that waits: sent once, looked for before it is sent again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from bot.cases import cards
from bot.cases import notices as case_notices
from bot.cases.notices import WORKFLOW, NoticeJob
from bot.core.cards import charts, notices
from bot.core.cards.charts import Chart
from bot.core.cards.mrkdwn import Block, is_person
from bot.core.money import HOME
from bot.core.notes import outputs
from bot.core.notices import Notice
from bot.core.slack_ids import EventType
from bot.jobs.base import LEASE, Shared
from bot.slack import BadPicture, ChannelClosed, Locked, NotNow, NotThere, SlackError

log = logging.getLogger("countersign.jobs")

FIRST_WAIT = timedelta(seconds=5)
MOST_WAIT = timedelta(minutes=5)
LOOKED_THROUGH = timedelta(seconds=2)  # Slack takes a moment before it shows a picture that it was sent
PATIENCE = 5  # tries; with the waits between them Slack had two and a half minutes for a picture
NEWS_FOR = timedelta(days=1)  # what could not be told by then is not news any more; the card tells it anyway


class NoticeJobs(Shared):
    async def claim_notices(self, limit: int) -> list[NoticeJob]:
        """Those whose recipient can take one; the others wait without holding anything up."""
        now, pace = self.clock(), self.outside.pace
        owner, closed = f"{self.owner}#{next(self._claims)}", pace.closed(now)
        return await self.db.write(
            lambda store: case_notices.claim_notices(
                store,
                owner=owner,
                until=now + LEASE,
                now=now,
                limit=limit,
                look_after=cards.LOOK_AFTER,
                closed=closed,
                may_post=lambda recipient: recipient.startswith(WORKFLOW) or pace.take(recipient, now),
            )
        )

    async def notify(self, sending: NoticeJob) -> None:
        notice = sending.notice
        try:
            if not await self._senders()[_kind_of(notice.recipient)](sending):
                return  # somebody else holds it by now
        except SlackError as error:
            await self._notice_failed(sending, error)
            return
        now = self.clock()
        await self.db.write(lambda store: case_notices.sent(store, notice, now))

    def _senders(self) -> Mapping[str, Callable[[NoticeJob], Awaitable[bool]]]:
        """By the kind of recipient; each returns False where this job has lost the notice to another."""
        return {"person": self._to_person, "channel": self._to_channel, "workflow": self._to_workflow}

    async def _to_person(self, sending: NoticeJob) -> bool:
        return await self._post(sending, await self.outside.slack.direct_messages(sending.notice.recipient))

    async def _to_channel(self, sending: NoticeJob) -> bool:
        """A channel that the policy does not name any more gives way to the fallback."""
        channels = self.policy.channels
        name = channels.get(sending.notice.recipient) or channels["fallback"]
        return await self._post(sending, await self.outside.slack.channel_id(name))

    async def _to_workflow(self, sending: NoticeJob) -> bool:
        """A step ends once, so there is nothing to look for: where it has ended, an earlier try did it."""
        notice, case_id = sending.notice, sending.notice.case_id
        file = await self.db.read(lambda store: store.case_file(case_id)) if case_id else None
        ended = {"outputs": outputs(file)} if file is not None else {"error": notice.text}  # no case came of it
        try:
            await self.outside.slack.end_step(notice.recipient.removeprefix(WORKFLOW), **ended)
        except NotThere:
            if not sending.look:
                raise
        return True

    async def _post(self, sending: NoticeJob, channel_id: str) -> bool:
        notice, slack = sending.notice, self.outside.slack
        key, since = {"notice": notice.notice_id}, notice.posting_since
        locale = self.policy.region(sending.place.channel).locale if sending.place else HOME
        picture = notices.picture(notice, await self._link(sending), locale)
        if (
            sending.look
            and since is not None
            and await slack.find(channel_id, event=EventType.NOTICE, key=key, since=since)
        ):
            return True
        if not await self._may_tell(sending):
            return False
        try:
            whole = charts.has_pictures(notice.blocks)
            await slack.post(channel_id, picture, event=EventType.NOTICE, key=key, whole=whole)
        except BadPicture as refused:
            log.warning("notice %s: %s", notice.notice_id, refused.sentence)
            await self._redraw(notice)
            return False
        return True

    async def _redraw(self, notice: Notice) -> None:
        """Charts become one image, written down with the notice so that it is uploaded once; else words remain."""
        drawn = charts.of(notice.blocks)
        if notice.failures >= PATIENCE:
            blocks = charts.without_pictures(notice.blocks)
        elif drawn:
            blocks = await self._with_image(notice.blocks, drawn)
        else:
            raise NotNow("Slack is not done with a picture yet.")
        due_at = self.clock() + LOOKED_THROUGH
        await self.db.write(lambda store: case_notices.redraw(store, notice, blocks, due_at=due_at))

    async def _with_image(self, blocks: Sequence[Block], drawn: tuple[Chart, ...]) -> list[Block]:
        content = await asyncio.to_thread(charts.png, drawn)
        try:
            file_id = await self.outside.slack.upload("digest.png", content, title=drawn[0].title)
        except (BadPicture, Locked) as refused:  # no files here; the words tell the same figures
            log.warning("a picture was not sent: %s", refused.sentence)
            return charts.without_pictures(blocks)
        return charts.with_image(blocks, file_id)

    async def _link(self, sending: NoticeJob) -> str | None:
        """Where the card of its case hangs; the news matters more than the way there."""
        place = sending.place
        if place is None or place.channel_id is None or place.message_ts is None:
            return None
        try:
            return await self.outside.slack.permalink(place.channel_id, place.message_ts)
        except SlackError:
            return None

    async def _may_tell(self, sending: NoticeJob) -> bool:
        """Whether this job still holds the notice, and what is written down says that the sending begins now."""
        noted = None if sending.look else sending.notice.posting_since
        for _ in range(3):  # a machine so slow that the note is never fresh leaves it to the end of the lease
            now = self.clock()
            if noted is not None and now - noted <= cards.FRESH:
                return True
            begin = partial(case_notices.begin, notice=sending.notice, until=now + LEASE, now=now)
            if not await self.db.write(begin):
                return False
            noted = now
        return False

    async def _notice_failed(self, sending: NoticeJob, error: SlackError) -> None:
        """It stays due, and what was begun stays written down; for somebody who is gone it ends here."""
        now, notice = self.clock(), sending.notice
        log.warning("notice %s: %s", notice.notice_id, error.sentence)
        update: dict[str, object] = {}
        if isinstance(error, NotNow) and not sending.look:  # nothing was sent, so there is nothing to look for
            update = {"posting_since": None}
        closed = isinstance(error, ChannelClosed | NotThere)
        if closed and _kind_of(notice.recipient) == "channel" and notice.recipient != "fallback":
            update = {"recipient": "fallback", "posting_since": None}
        elif closed or now - notice.created_at > NEWS_FOR:
            await self.db.write(lambda store: case_notices.give_up(store, notice, error.sentence, now))
            return
        wait = min(FIRST_WAIT * 2 ** min(notice.failures, 6), MOST_WAIT)
        if isinstance(error, NotNow | Locked) and error.retry_after_s is not None:
            wait = timedelta(seconds=error.retry_after_s)
            self.outside.pace.wait(notice.recipient, now + wait)
        await self.db.write(lambda store: case_notices.send_later(store, notice, due_at=now + wait, **update))


def _kind_of(recipient: str) -> str:
    if recipient.startswith(WORKFLOW):
        return "workflow"
    return "person" if is_person(recipient) else "channel"
