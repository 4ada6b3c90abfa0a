"""A digest is counted, drawn and noted for sending: once a week, and whenever somebody asks."""

from datetime import datetime, timedelta

from bot.core.cards.digest import picture
from bot.core.digest import digest
from bot.core.notices import Notice
from bot.core.policy import Policy
from storage import Store

WEEK = timedelta(days=7)
LATE = timedelta(days=1)  # a bot that was down for longer leaves the week out


def weekly_due(policy: Policy, now: datetime) -> datetime | None:
    """The moment of this week's digest, once it has come; None before it, long after it, and without [digest]."""
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


def note_digest(store: Store, *, notice_id: str, recipient: str, until: datetime, now: datetime,
                span: timedelta = WEEK) -> bool:  # fmt: skip
    """False where this digest was noted before. The count is a scan: call it for a digest that is due only."""
    if store.notice(notice_id) is not None:
        return False
    since = until - span
    drawn = picture(digest(store.counted(since, until), since, until))
    return store.add_notice(
        Notice(
            notice_id=notice_id,
            recipient=recipient,
            text=drawn.text,
            blocks=tuple(drawn.blocks),
            created_at=now,
            due_at=now,
        )
    )
