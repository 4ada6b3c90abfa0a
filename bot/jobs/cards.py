"""Draw a card that is behind its case, and tell the history of the case in the card's thread."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bot.cases import cards as case_cards
from bot.cases import deliveries
from bot.cases.cards import CardJob
from bot.cases.deliveries import DeliveryKind
from bot.core import cards
from bot.core.policy import standing_of
from bot.core.records import account_owner
from bot.core.slack_ids import EventType
from bot.jobs.base import Base
from bot.jobs.deliveries import Arrived, Deliveries, Message, Sender, Write
from bot.slack import ChannelClosed, MessageGone, SlackError
from storage import Store


class _CardSender(Sender[CardJob]):
    async def instead(self, job: CardJob, error: SlackError, due_at: datetime, now: datetime) -> Write | None:
        """Post a deleted card anew, and move a card whose channel is closed to the fallback channel."""
        card = job.delivery
        if isinstance(error, MessageGone):
            return partial(deliveries.release, job=job, due_at=due_at, update=case_cards.GONE)
        if not isinstance(error, ChannelClosed):
            return None
        fallback = self.base.policy.channels["fallback" if card.channel != "fallback" else "review"]
        try:
            channel_id = await self.base.outside.slack.channel_id(fallback)
        except SlackError:
            return None
        if channel_id == card.channel_id:
            return None
        return partial(case_cards.move_to_fallback, job=job, channel_id=channel_id, why=error.sentence, now=now)

    def _locale(self, job: CardJob) -> str:
        return self.base.policy.region(job.delivery.channel).locale


class Card(_CardSender):
    async def draw(self, job: CardJob) -> Message:
        card, policy = job.delivery, self.base.policy
        channel_id = card.channel_id or await self.base.outside.slack.channel_id(policy.channels[card.channel])
        key = {"case": card.case_id, "place": card.place}
        return Message(channel_id, await self._picture(job), EventType.CARD, key, ts=card.message_ts)

    def arrived(self, store: Store, job: CardJob, arrived: Arrived, now: datetime) -> bool:
        revision = 0 if arrived.found else job.file.case.revision  # one that was found may be older: draw it again
        channel_id, message_ts = arrived.channel_id, arrived.ts
        return case_cards.shown(store, job, revision=revision, channel_id=channel_id, message_ts=message_ts, now=now)

    async def _picture(self, job: CardJob) -> cards.Picture:
        file, policy, slack = job.file, self.base.policy, self.base.outside.slack
        case, owners = file.case, frozenset[str]()
        if job.delivery.channel != case.channel:
            return cards.moved(file, policy.channels[case.channel])
        if case.urgent:  # its owner is called by name; everybody else finds theirs in the channel
            owners = await slack.mentions_of(policy.groups.get(case.owner, (case.owner,)))
            email = account_owner(case.facts)
            if email and (account := await slack.user_by_email(email)):
                owners |= {account}
        standing, belongs_to = standing_of(policy, file), await self._closed(job)
        return cards.card(file, standing, owners=sorted(owners), locale=self._locale(job), belongs_to=belongs_to)

    async def _closed(self, job: CardJob) -> str | None:
        """Return the name of the card's own channel if the card hangs in another."""
        own = self.base.policy.channels[job.delivery.channel]
        try:
            channel_id = await self.base.outside.slack.channel_id(own)
        except ChannelClosed:
            channel_id = None
        return own if job.delivery.channel_id not in (None, channel_id) else None


class ThreadLog(_CardSender):
    async def draw(self, job: CardJob) -> Message:
        card, entries = job.delivery, job.thread_log
        return Message(
            str(card.channel_id),
            cards.thread_log(entries, await self._mentions(job), locale=self._locale(job)),
            EventType.THREAD_LOG,
            key={"case": card.case_id, "n": entries[0].n},
            says={"to": entries[-1].n},
            thread_ts=str(card.message_ts),
        )

    def arrived(self, store: Store, job: CardJob, arrived: Arrived, now: datetime) -> bool:
        """Write how far the thread tells the history; entries after that follow in the next reply."""
        return case_cards.thread_log_shown(store, job, n=int(arrived.key["to"]), now=now)

    async def _mentions(self, job: CardJob) -> Mapping[int, list[str]]:
        """Return whom each entry mentions; on a card that stayed behind nobody is mentioned a second time."""
        if job.delivery.channel != job.file.case.channel:
            return {}
        members = {entry.n: entry.entry.data.get("mentions") for entry in job.thread_log}
        return {
            n: sorted(await self.base.outside.slack.mentions_of([str(member) for member in mentioned]))
            for n, mentioned in members.items()
            if isinstance(mentioned, list) and mentioned
        }


def card_deliveries(base: Base) -> Deliveries[CardJob]:
    """Return the lane of cards and their threads."""
    senders = {DeliveryKind.CARD: Card(base), DeliveryKind.THREAD_LOG: ThreadLog(base)}
    return Deliveries(base, case_cards.due, senders)
