"""A card behind its case is drawn again; the sentences of its history follow in its thread."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from bot.cases import cards as case_cards
from bot.cases.cards import CardJob
from bot.core import cards
from bot.core.policy import standing_of
from bot.core.records import account_owner
from bot.core.slack_ids import EventType
from bot.jobs.base import LEASE, Shared
from bot.slack import ChannelClosed, Locked, MessageGone, NotNow, SlackError

log = logging.getLogger("countersign.jobs")

Found = tuple[str, Mapping[str, Any]]  # a message of ours: its ts and its key

SLACK_AGAIN = timedelta(seconds=5)  # after a lost answer; long enough for a slow post to appear in the history
MOST_WAIT = timedelta(minutes=5)


class CardJobs(Shared):
    async def claim_cards(self, limit: int) -> list[CardJob]:
        """Cards whose channel can take them; the others wait without holding anything up."""
        now, pace = self.clock(), self.outside.pace
        closed = pace.closed(now)
        owner = f"{self.owner}#{next(self._claims)}"  # a process that lost a lease may hold the next one itself
        return await self.db.write(
            lambda store: case_cards.claim_cards(
                store,
                owner=owner,
                until=now + LEASE,
                now=now,
                limit=limit,
                closed=closed,
                may_post=lambda channel: pace.take(channel, now),
            )
        )

    async def show(self, show: CardJob) -> None:
        try:
            if show.thread_log_due:
                await self._post_thread_log(show)
            elif show.stale or show.place.message_ts is None:
                await self._show_card(show)
            else:
                await self.db.write(lambda store: case_cards.nothing_to_show(store, show.place))
        except SlackError as error:
            await self._show_failed(show, error)
        self.wake("cards")

    async def _show_card(self, show: CardJob) -> None:
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
            lambda store: case_cards.shown(
                store, place, revision=revision, channel_id=channel_id, message_ts=sent, now=now
            )
        )

    async def _found(
        self, show: CardJob, channel_id: str, event: EventType, key: Mapping[str, object], thread_ts: str | None = None
    ) -> Found | None:
        if not show.look or show.since is None:
            return None
        return await self.outside.slack.find(channel_id, event=event, key=key, since=show.since, thread_ts=thread_ts)

    async def _may_send(self, show: CardJob) -> bool:
        """Whether this job still holds the card, and what is written down says that the sending begins now."""
        noted = None if show.look else show.since
        for _ in range(3):  # a machine so slow that the note is never fresh leaves it to the end of the lease
            now = self.clock()
            if noted is not None and now - noted <= case_cards.FRESH:
                return True
            begin = partial(case_cards.begin, show=show, until=now + LEASE, now=now)
            if not await self.db.write(begin):
                return False
            noted = now
        return False

    async def _picture(self, show: CardJob) -> cards.Picture:
        if show.place.channel != show.file.case.channel:
            return cards.moved(show.file, self.policy.channels[show.file.case.channel])
        case, owners = show.file.case, frozenset[str]()
        if case.urgent:  # its owner is called by name; everybody else finds theirs in the channel
            owners = await self.outside.slack.mentions_of(self.policy.groups.get(case.owner, (case.owner,)))
            email = account_owner(case.facts)
            if email and (account := await self.outside.slack.user_by_email(email)):
                owners |= {account}
        made, locale = standing_of(self.policy, show.file), self._locale(show)
        return cards.card(show.file, made, owners=sorted(owners), locale=locale, belongs_to=await self._closed(show))

    async def _closed(self, show: CardJob) -> str | None:
        """The card's own channel, where it hangs in another."""
        own = self.policy.channels[show.place.channel]
        try:
            channel_id = await self.outside.slack.channel_id(own)
        except ChannelClosed:
            channel_id = None
        return own if show.place.channel_id not in (None, channel_id) else None

    def _locale(self, show: CardJob) -> str:
        return self.policy.region(show.place.channel).locale

    async def _post_thread_log(self, show: CardJob) -> None:
        place, slack = show.place, self.outside.slack
        channel_id, thread, last = str(place.channel_id), str(place.message_ts), show.trail[-1].n
        key = {"case": place.case_id, "n": show.trail[0].n}
        found = await self._found(show, channel_id, EventType.THREAD_LOG, key, thread)
        if found is not None:
            last = int(found[1]["to"])  # what was posted then; later entries follow in the next reply
        elif await self._may_send(show):
            picture = cards.thread_log(show.trail, await self._called(show), locale=self._locale(show))
            await slack.post(channel_id, picture, event=EventType.THREAD_LOG, key={**key, "to": last}, thread_ts=thread)
        else:
            return
        now, more = self.clock(), last < show.trail[-1].n
        await self.db.write(lambda store: case_cards.thread_log_shown(store, place, n=last, more=more, now=now))

    async def _called(self, show: CardJob) -> dict[int, list[str]]:
        """Whom each entry calls by a live mention; on a card that stayed behind nobody is called a second time."""
        if show.place.channel != show.file.case.channel:
            return {}
        members = {entry.n: entry.entry.data.get("mentions") for entry in show.trail}
        return {
            n: sorted(await self.outside.slack.mentions_of([str(one) for one in called]))
            for n, called in members.items()
            if isinstance(called, list) and called
        }

    async def _show_failed(self, show: CardJob, error: SlackError) -> None:
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
                    lambda store: case_cards.move_to_fallback(
                        store, place, channel_id=channel_id, why=error.sentence, now=now
                    )
                )
                return
        await self.db.write(lambda store: case_cards.show_later(store, place, due_at=now + wait, failed=True, **update))

    async def _fallback_id(self, name: str) -> str | None:
        try:
            return await self.outside.slack.channel_id(self.policy.channels[name])
        except SlackError:
            return None
