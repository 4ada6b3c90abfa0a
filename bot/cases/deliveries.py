"""Send each message to Slack once: claim it, note when its sending begins, and write down how it ended.

A message whose answer was lost keeps its note; the next job looks for it in Slack before it sends again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from bot.core.model import CardCopy
from bot.core.notices import Notice
from storage import Store

FRESH = timedelta(seconds=3)  # so old may a note be when the sending begins
LOOK_AFTER = FRESH + timedelta(seconds=15)  # after Slack's time-out and 5 s it has arrived or never will

Delivery = CardCopy | Notice  # a row that holds what is sent, its notes and its lease


class DeliveryKind(StrEnum):
    CARD = "card"
    THREAD_LOG = "thread log"
    DIRECT_MESSAGE = "direct message"
    CHANNEL_MESSAGE = "channel message"
    WORKFLOW_ANSWER = "workflow answer"


@dataclass(frozen=True, kw_only=True)
class DeliveryJob:
    """Hold one due delivery with what is drawn from it."""

    delivery: Delivery
    kind: DeliveryKind | None  # None: there is nothing to send
    recipient: str  # whose pace it keeps: a channel of the policy, a person, or a workflow
    posts: bool  # whether it takes one of the recipient's posts; an update and a workflow answer do not
    look: bool = False  # something was sent before and its answer was never seen

    @property
    def note(self) -> str:
        """Name the field that says when the sending began."""
        return "trail_since" if self.kind is DeliveryKind.THREAD_LOG else "posting_since"

    @property
    def since(self) -> datetime | None:
        since: datetime | None = getattr(self.delivery, self.note)
        return since

    def updated(self, **update: object) -> Delivery:
        return self.delivery.model_copy(update=update)


Job = TypeVar("Job", bound=DeliveryJob)


def claim(
    store: Store,
    due: Iterable[Job],
    *,
    owner: str,
    until: datetime,
    now: datetime,
    may_post: Callable[[str], bool],
) -> list[Job]:
    """Lease what can be sent now, with a note that it is about to be; `may_post` counts one post of a recipient."""
    claimed: list[Job] = []
    for job in due:
        since = job.since if job.kind else None
        if since is not None and since + LOOK_AFTER > now:
            # It may still be on its way: a post that a look would miss, a picture that would come last.
            _save(store, job.updated(due_at=since + LOOK_AFTER))
        elif not job.posts or may_post(job.recipient):
            begun = {job.note: now} if job.kind and since is None else {}
            leased = job.updated(lease_owner=owner, lease_until=until, **begun)
            _save(store, leased)
            claimed.append(replace(job, delivery=leased, look=since is not None))
    return claimed


def begin(store: Store, job: DeliveryJob, *, until: datetime, now: datetime) -> bool:
    """Renew an old note and the lease right before the sending; return False if the lease was lost."""
    return _save(store, job.updated(**{job.note: now, "lease_until": until}), held_by=job.delivery.lease_owner)


def settle(store: Store, job: DeliveryJob, *, due_at: datetime | None = None, **update: object) -> bool:
    """End a try after which nothing is on its way; return False if another job holds it by now.

    `due_at`: when there is more to send.
    """
    begun = {job.note: None} if job.kind else {}
    done = job.updated(**_FREE | begun | {"failures": 0, "due_at": due_at} | update)
    return _save(store, done, held_by=job.delivery.lease_owner)


def release(
    store: Store, job: DeliveryJob, *, due_at: datetime, update: Mapping[str, object] = MappingProxyType({})
) -> bool:
    """Leave it for a later try; what was begun stays noted. Return False if another job holds it by now."""
    held = _stored(store, job.delivery)  # its note may be newer than the one of the claim
    if held is None:
        return False
    later = {**_FREE, "due_at": due_at, "failures": held.failures + 1, **update}
    return _save(store, held.model_copy(update=later), held_by=job.delivery.lease_owner)


_FREE: dict[str, object] = {"lease_owner": None, "lease_until": None}


def _save(store: Store, delivery: Delivery, *, held_by: str | None = None) -> bool:
    if isinstance(delivery, CardCopy):
        return store.save_card(delivery, held_by=held_by)
    return store.save_notice(delivery, held_by=held_by)


def _stored(store: Store, delivery: Delivery) -> Delivery | None:
    if isinstance(delivery, CardCopy):
        return store.card(delivery.case_id, delivery.place)
    return store.notice(delivery.notice_id)
