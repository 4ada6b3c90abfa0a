"""Describe what is sent beside cards: a direct message, a digest, an answer to a workflow."""

from datetime import datetime

from pydantic import JsonValue

from bot.core.model import Frozen


class Notice(Frozen):
    """Hold a message that is sent once; its id says what it is about, so that the same news makes no second one."""

    notice_id: str  # "<case id>/<audit entry n>/<recipient>", "digest/2026-W48/<channel>"
    recipient: str  # a Slack user id, a name in the policy's [channels], or "workflow:<function execution id>"
    case_id: str | None = None
    text: str
    blocks: tuple[dict[str, JsonValue], ...] = ()
    created_at: datetime
    due_at: datetime | None = None  # None: sent, or given up
    sent_at: datetime | None = None
    posting_since: datetime | None = None  # a post was begun and its answer never seen: look before posting again
    failures: int = 0  # in a row
    detail: str | None = None  # why it was given up
    lease_owner: str | None = None
    lease_until: datetime | None = None


class Timer(Frozen):
    """Hold what happens to an open case at a time, once."""

    case_id: str
    name: str  # "reminder:1", "escalation:1", "warning", "expiry", "follow_up"
    due_at: datetime
    fired_at: datetime | None = None
