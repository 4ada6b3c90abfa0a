"""Escalate to the admins each case that nobody else is left to decide; its history and its card say so.

Who is there is looked up before the transaction; nothing here waits for Slack.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from bot.cases.change import change_case
from bot.cases.owners import owner_of_kind
from bot.core.cards import mrkdwn, wording
from bot.core.cards.lists import UNFINISHED
from bot.core.model import CaseFile, Entry
from bot.core.notices import Notice
from bot.core.policy import ADMINS, People, Policy, somebody_can_go_on
from storage import Store

EVER = datetime(1, 1, 1, tzinfo=UTC)
TOO_FEW = (
    "Too few people are there who may decide on this or go on with it: "
    "a group of the policy is empty or gone, or everybody in it asked for this."
)


def left_alone(
    store: Store, policy: Policy, people: People, gone: Collection[str], case_ids: Iterable[str] | None = None
) -> list[str]:
    """Return the ids of unfinished cases whose owner or deciders are not there any more, or are there again.

    `people`: a group of the policy -> Slack ids of those of it who can take part; `gone`: who cannot, of the owners;
    `case_ids`: unfinished cases, all of them unless told.
    """
    ids = unfinished(store) if case_ids is None else case_ids
    files = (file for case_id in ids if (file := store.case_file(case_id)) is not None)
    return [file.case.case_id for file in files if _changed(file, policy, people, gone)]


def unfinished(store: Store, since: datetime = EVER) -> list[str]:
    """Return the ids of unfinished cases that were written since."""
    return store.changed_cases(UNFINISHED, since)


def owners(store: Store) -> set[str]:
    """Return the people who own an unfinished case."""
    return {owner for owner in store.owners(UNFINISHED) if mrkdwn.is_person(owner)}


def put_right(
    store: Store, case_id: str, *, policy: Policy, people: People, gone: Collection[str], now: datetime
) -> bool:
    """Correct one case in a transaction of its own. False: nothing is wrong with it any more."""
    file = store.case_file(case_id, lock=True)
    if file is None or file.case.state not in UNFINISHED or not _changed(file, policy, people, gone):
        return False
    fallen, owner = _as_it_should_be(file, policy, people, gone)
    if fallen and not file.case.fallen_to_admins:
        _escalate_to_admins(store, file, policy, now)
    elif not fallen and file.case.fallen_to_admins:
        sentence = "The people whom the policy names can go on with this again; the admins are not needed for it."
        entry = Entry(actor="worker", what="case.back", sentence=sentence)
        change_case(store, file.case, now, entry, fallen_to_admins=False, owner=owner)
    else:
        sentence = f"{mrkdwn.who(file.case.owner)} cannot take part any more: this belongs to {mrkdwn.who(owner)} now."
        data = {"from": file.case.owner, "to": owner, "mentions": list(policy.groups.get(owner, ()))}
        entry = Entry(actor="worker", what="case.owner_gone", sentence=sentence, data=data)
        change_case(store, file.case, now, entry, owner=owner)
    return True


def _changed(file: CaseFile, policy: Policy, people: People, gone: Collection[str]) -> bool:
    case = file.case
    return _as_it_should_be(file, policy, people, gone) != (case.fallen_to_admins, case.owner)


def _as_it_should_be(file: CaseFile, policy: Policy, people: People, gone: Collection[str]) -> tuple[bool, str]:
    """Return whether it is the admins' to decide, and its owner: if that one is gone, those of its kind, or the admins.

    What the admins got because nobody else was there goes back to those of its kind.
    """
    case = file.case
    fallen, kinds = not somebody_can_go_on(policy, file, people), owner_of_kind(policy, file.case)
    wanted: tuple[str, ...] = (case.owner, kinds)
    if fallen:
        wanted = (case.owner,) if case.fallen_to_admins else ()
    elif case.fallen_to_admins and case.owner == ADMINS:
        wanted = (kinds,)
    there = (one for one in wanted if (one not in gone if mrkdwn.is_person(one) else people.get(one)))
    return fallen, next(there, ADMINS if policy.groups.get(ADMINS) else case.owner)


def _escalate_to_admins(store: Store, file: CaseFile, policy: Policy, now: datetime) -> None:
    case, admins = file.case, policy.groups.get(ADMINS, ())
    to = "It fell to the admins." if admins else "The policy names no admins it could fall to: add them."
    sentence = f"{TOO_FEW} {to}"
    entry = Entry(actor="worker", what="case.fallen", sentence=sentence, data={"mentions": list(admins)})
    owner = ADMINS if admins else case.owner
    change_case(store, case, now, entry, fallen_to_admins=True, owner=owner)
    n = store.written_at(case.case_id, now)[-1][0]
    notice = Notice(
        notice_id=f"{case.case_id}/{n}/fallback",
        recipient="fallback",
        case_id=case.case_id,
        text=f"{wording.notice_headline(case)}\n{sentence}",
        created_at=now,
        due_at=now,
    )
    store.add_notice(notice)
