"""Decide whom a change concerns, and note the direct message or the workflow answer that tells them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.cases import deliveries
from bot.cases.deliveries import DeliveryJob, DeliveryKind
from bot.core.cards import wording
from bot.core.cards.mrkdwn import is_person
from bot.core.model import CardCopy, Case, CaseState, Entry, Verdict
from bot.core.notices import Notice
from storage import Store

TOGETHER = timedelta(seconds=3)  # what happens to a case within this time is one message
WORKFLOW = "workflow:"
REPLACES = "replaces"  # in the data of an entry: the version that a new one takes the place of

_TO_APPROVERS = frozenset({"case.blocked", "case.done", "case.settled", "case.stuck", "case.retry"})
_TO_ASKER = _TO_APPROVERS | {"case.approved", "case.rejected", "case.expired"}
_TO_OWNER = _TO_ASKER | {"case.opened", "case.escalated"}
_TO_EARLIER_OWNER = frozenset({"case.taken", "case.released"})
_ENDS = frozenset({CaseState.DONE, CaseState.REJECTED, CaseState.EXPIRED})


# --- who is told what -----------------------------------------------------------------------------------------------


def notify(store: Store, case: Case, entry: Entry, now: datetime) -> None:
    """Note who is told of an entry, right after it was written, in its transaction; `case` as it is now."""
    people = _concerned(store, case, entry)
    waits = case.workflow is not None and case.state in _ENDS and entry.what in _TO_ASKER
    if not people and not waits:
        return
    written = store.written_at(case.case_id, now)
    n, clicked = written[-1][0], {actor for _, actor in written}
    for person in people:
        if person not in clicked:  # nobody is told of their own click
            _notify_person(store, case, entry, person, n, now)
    if waits:
        text = case.closing or wording.news(case, entry)
        store.add_notice(_notice(case, n, f"{WORKFLOW}{case.workflow}", text, now, now))


def _concerned(store: Store, case: Case, entry: Entry) -> list[str]:
    """Return the Slack user ids of those who asked for it, own it or approved it, each where this news is theirs."""
    late = entry.actor == "vendor"
    people = [case.opened_by] if late or entry.what in _TO_ASKER else []
    people += [case.owner] if late or entry.what in _TO_OWNER else []
    people += [str(entry.data.get("from"))] if entry.what in _TO_EARLIER_OWNER else []
    people += _approvers(store, case, case.version) if late or entry.what in _TO_APPROVERS else []
    if isinstance(replaced := entry.data.get(REPLACES), int):  # what they approved is no longer what is offered
        people += [case.owner, *_approvers(store, case, replaced)]
    return [person for person in dict.fromkeys(people) if is_person(person)]


def _approvers(store: Store, case: Case, version: int) -> list[str]:
    decisions = store.decisions(case.case_id, version)
    return [decision.user_id for decision in decisions if decision.verdict is Verdict.APPROVE]


def _notify_person(store: Store, case: Case, entry: Entry, person: str, n: int, now: datetime) -> None:
    line, waiting = wording.news(case, entry), store.waiting_notice(case.case_id, person)
    if waiting is not None and waiting.posting_since is None:
        store.save_notice(waiting.model_copy(update={"text": f"{waiting.text}\n{line}"}))
        return
    text = f"{wording.notice_headline(case)}\n{line}"
    store.add_notice(_notice(case, n, person, text, now, now + TOGETHER))


def _notice(case: Case, n: int, recipient: str, text: str, now: datetime, due_at: datetime) -> Notice:
    return Notice(
        notice_id=f"{case.case_id}/{n}/{recipient}",
        recipient=recipient,
        case_id=case.case_id,
        text=text,
        created_at=now,
        due_at=due_at,
    )


# --- what is due ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NoticeJob(DeliveryJob):
    """Hold one due notice with the card of the case that it is about."""

    delivery: Notice
    card: CardCopy | None


def due(store: Store, now: datetime, limit: int, closed: frozenset[str]) -> list[NoticeJob]:
    """Return the notices that are due; none to the `closed` recipients."""
    return [_job(store, notice) for notice in store.due_notices(now, limit, closed)]


def _job(store: Store, notice: Notice) -> NoticeJob:
    case = store.case(notice.case_id) if notice.case_id else None
    card = store.card(case.case_id, case.channel) if case else None
    kind, recipient = _kind_of(notice.recipient), notice.recipient
    posts = kind is not DeliveryKind.WORKFLOW_ANSWER
    return NoticeJob(delivery=notice, kind=kind, recipient=recipient, posts=posts, card=card)


def _kind_of(recipient: str) -> DeliveryKind:
    if recipient.startswith(WORKFLOW):
        return DeliveryKind.WORKFLOW_ANSWER
    return DeliveryKind.DIRECT_MESSAGE if is_person(recipient) else DeliveryKind.CHANNEL_MESSAGE


def give_up(store: Store, job: NoticeJob, why: str, now: datetime) -> bool:
    """End a notice that nobody is there to read, and say so in the history of its case."""
    notice = job.delivery
    if not deliveries.settle(store, job, detail=why, failures=notice.failures):
        return False
    if notice.case_id is not None:
        data = {"notice": notice.notice_id, "recipient": notice.recipient}
        entry = Entry(actor="worker", what="notice.given_up", sentence=f"A notice could not be sent: {why}", data=data)
        store.append(notice.case_id, entry, now)
    return True
