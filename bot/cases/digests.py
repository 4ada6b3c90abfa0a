"""Decide when a digest is due, draw it, and note it for the channel or for the person who asked for it."""

from datetime import datetime, timedelta

from bot.core.cards import Picture
from bot.core.cards.digest import picture
from bot.core.digest import digest
from bot.core.notices import Notice
from bot.core.policy import Policy, Region
from storage import Store

WEEK = timedelta(days=7)
LATE = timedelta(days=1)  # a bot that was down for longer leaves the week out


def weekly_due(policy: Policy, now: datetime) -> datetime | None:
    """Return the moment of this week's digest once it has come; None before, long after, and without [digest]."""
    if policy.digest is None:
        return None
    local = now.astimezone(policy.region(policy.digest.channel).zone)
    back = timedelta(days=(local.weekday() - policy.digest.weekday) % 7)
    moment = datetime.combine(local.date() - back, policy.digest.at, tzinfo=local.tzinfo)
    moment = moment if moment <= local else moment - WEEK
    return moment.astimezone(now.tzinfo) if now - moment < LATE else None


def weekly_id(policy: Policy, moment: datetime) -> str:
    channel = policy.digest.channel if policy.digest else ""
    return f"digest/{moment:%G-W%V}/{channel}"


def region_of(policy: Policy) -> Region:
    """Return the region whose days and numbers a digest is written in, also one that somebody asks for."""
    return policy.region(policy.digest.channel) if policy.digest else policy.region()


def drawn(store: Store, until: datetime, region: Region, span: timedelta = WEEK) -> Picture:
    """Draw what happened in the span before `until`; a scan of all cases, so never in a write."""
    end = until.astimezone(region.zone)
    since = end - span
    return picture(digest(store.counted(since, end), since, end), region.locale)


def asked_for(store: Store, picture: Picture, *, user_id: str, identity: str, now: datetime) -> bool:
    """Note a digest for one person, once for each time that they ask."""
    return note(store, picture, notice_id=f"digest/{identity}/{user_id}", recipient=user_id, now=now)


def note(store: Store, picture: Picture, *, notice_id: str, recipient: str, now: datetime) -> bool:
    """Note a digest to be sent; return False if it was noted before."""
    blocks = tuple(picture.blocks)
    return store.add_notice(
        Notice(notice_id=notice_id, recipient=recipient, text=picture.text, blocks=blocks, created_at=now, due_at=now)
    )
