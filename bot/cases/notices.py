"""Who is told of a change by a direct message, and how each message goes out once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.cards import notices
from bot.core.cards.mrkdwn import Block, is_person
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


@dataclass(frozen=True)
class NoticeJob:
    """One claimed notice. `look`: it was sent before and the answer was never seen. `place`: of its case's card."""

    notice: Notice
    look: bool
    place: CardCopy | None


# --- who is told what -----------------------------------------------------------------------------------------------


def tell(store: Store, case: Case, entry: Entry, now: datetime) -> None:
    """Right after the entry was written, in its transaction; `case` as it is now."""
    people = _concerned(store, case, entry)
    waits = case.workflow is not None and case.state in _ENDS and entry.what in _TO_ASKER
    if not people and not waits:
        return
    written = store.written_at(case.case_id, now)
    n, clicked = written[-1][0], {actor for _, actor in written}
    for person in people:
        if person not in clicked:  # nobody is told of their own click
            _tell(store, case, entry, person, n, now)
    if waits:
        notice_id = f"{case.case_id}/{n}/{WORKFLOW}{case.workflow}"
        end = Notice(
            notice_id=notice_id,
            recipient=f"{WORKFLOW}{case.workflow}",
            case_id=case.case_id,
            text=case.closing or notices.news(case, entry),
            created_at=now,
            due_at=now,
        )
        store.add_notice(end)


def _concerned(store: Store, case: Case, entry: Entry) -> list[str]:
    """Slack user ids: who asked for it, who owns it, who approved it; each where this news is theirs."""
    late = entry.actor == "vendor"
    people = [case.opened_by] if late or entry.what in _TO_ASKER else []
    people += [case.owner] if late or entry.what in _TO_OWNER else []
    people += [str(entry.data.get("from"))] if entry.what in _TO_EARLIER_OWNER else []
    people += _approvers(store, case, case.version) if late or entry.what in _TO_APPROVERS else []
    if isinstance(replaced := entry.data.get(REPLACES), int):  # what they approved is no longer what is offered
        people += [case.owner, *_approvers(store, case, replaced)]
    return [person for person in dict.fromkeys(people) if is_person(person)]


def _approvers(store: Store, case: Case, version: int) -> list[str]:
    made = store.decisions(case.case_id, version)
    return [one.user_id for one in made if one.verdict is Verdict.APPROVE]


def _tell(store: Store, case: Case, entry: Entry, person: str, n: int, now: datetime) -> None:
    line, waiting = notices.news(case, entry), store.waiting_notice(case.case_id, person)
    if waiting is not None and waiting.posting_since is None:
        store.save_notice(waiting.model_copy(update={"text": f"{waiting.text}\n{line}"}))
        return
    store.add_notice(
        Notice(
            notice_id=f"{case.case_id}/{n}/{person}",
            recipient=person,
            case_id=case.case_id,
            text=f"{notices.headline(case)}\n{line}",
            created_at=now,
            due_at=now + TOGETHER,
        )
    )


# --- on its way -----------------------------------------------------------------------------------------------------


def claim_notices(
    store: Store,
    *,
    owner: str,
    until: datetime,
    now: datetime,
    limit: int,
    look_after: timedelta,
    closed: frozenset[str],
    may_post: Callable[[str], bool],
) -> list[NoticeJob]:
    """`closed`: recipients that can take none just now; `may_post` counts one; `look_after`: see `showing`."""
    taken: list[NoticeJob] = []
    for notice in store.due_notices(now, limit, closed):
        since = notice.posting_since
        if since is not None and since + look_after > now:  # it may still be on its way: a look would miss it
            store.save_notice(notice.model_copy(update={"due_at": since + look_after}))
        elif may_post(notice.recipient):
            held = {"lease_owner": owner, "lease_until": until, "posting_since": since or now}
            begun = notice.model_copy(update=held)
            store.save_notice(begun)
            case = store.case(notice.case_id) if notice.case_id else None
            place = store.card(case.case_id, case.channel) if case else None
            taken.append(NoticeJob(begun, since is not None, place))
    return taken


def begin(store: Store, *, notice: Notice, until: datetime, now: datetime) -> bool:
    """Right before sending on an old note: when it begins, and a whole lease for it. False: the lease was lost."""
    begun = notice.model_copy(update={"posting_since": now, "lease_until": until})
    return store.save_notice(begun, held_by=notice.lease_owner)


def sent(store: Store, notice: Notice, now: datetime) -> bool:
    done = notice.model_copy(update=_FREE | {"due_at": None, "sent_at": now, "failures": 0})
    return store.save_notice(done, held_by=notice.lease_owner)


def send_later(store: Store, notice: Notice, *, due_at: datetime, **update: object) -> bool:
    """Release it; what was begun stays written down."""
    held = store.notice(notice.notice_id)  # its note may be newer than the one of the claim
    if held is None:
        return False
    later = held.model_copy(update=_FREE | {"due_at": due_at, "failures": held.failures + 1} | update)
    return store.save_notice(later, held_by=notice.lease_owner)


def redraw(store: Store, notice: Notice, blocks: Sequence[Block], *, due_at: datetime) -> bool:
    """Slack refused its blocks, so nothing was sent: these go in their place, as if they were the first."""
    begun_anew = {"blocks": tuple(blocks), "due_at": due_at, "posting_since": None, "failures": 0}
    return store.save_notice(notice.model_copy(update=_FREE | begun_anew), held_by=notice.lease_owner)


def give_up(store: Store, notice: Notice, why: str, now: datetime) -> bool:
    """Nobody is there to read it; the history says so."""
    ended = notice.model_copy(update=_FREE | {"due_at": None, "detail": why})
    if not store.save_notice(ended, held_by=notice.lease_owner):
        return False
    if notice.case_id is not None:
        data = {"notice": notice.notice_id, "recipient": notice.recipient}
        entry = Entry(actor="worker", what="notice.given_up", sentence=f"A notice could not be sent: {why}", data=data)
        store.append(notice.case_id, entry, now)
    return True


_FREE: dict[str, object] = {"lease_owner": None, "lease_until": None}
