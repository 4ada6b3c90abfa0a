"""Read what one person may see and what waits for them, and approve several cases at once, each on its own."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from bot.cases import decisions
from bot.cases.clicks import Click
from bot.core.cards import wording
from bot.core.cards.home import Bulk, Inbox, Look
from bot.core.cards.lists import Row
from bot.core.model import Case, CaseFile, CaseState, Kind
from bot.core.people import Person
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Policy, PolicyAction, groups_of, judge, question_of, standing_of
from storage import Store

LOOKED_AT = 300  # cases, soonest due first; whoever has more unfinished ones searches


def may_see(policy: Policy, person: Person, case: Case) -> bool:
    """Report whether the policy names this person; a restricted kind is seen by those who may decide there."""
    if PLAYBOOKS[case.kind].restricted:
        return not person.in_groups.isdisjoint(groups_of(policy, case.kind, fallen=case.fallen_to_admins))
    return bool(person.in_groups)


def read(store: Store, policy: Policy, person: Person, look: Look, now: datetime) -> Inbox:
    """Return the home tab of one person; its rows have no links, since the database does not know our Slack address."""
    found = store.find_cases(states=look.states, kind=look.kind, text=look.search or None, limit=LOOKED_AT + 1)
    cases = [case for case in found[:LOOKED_AT] if may_see(policy, person, case)]
    files = {case.case_id: file for case in cases if (file := _file(store, case)) is not None}
    rows = {case.case_id: _row(policy, case, files.get(case.case_id)) for case in cases}
    waiting = [file for file in files.values() if _waits_for(policy, person, file)]
    lent = store.delegations(now)
    return Inbox(
        waiting=tuple(sorted((rows[file.case.case_id] for file in waiting), key=_urgent_first)),
        mine=tuple(rows[case.case_id] for case in cases if _is_mine(case, files.get(case.case_id), person.user_id)),
        listed=tuple(rows.values()),
        bulks=bulks(policy, person, waiting),
        lent=tuple(one for one in lent if one.user_id in person.stands_in_for and one.covers(now)),
        away=next((one for one in lent if one.user_id == person.user_id), None),
        pauses=tuple(store.pauses()),
        clipped=len(found) > LOOKED_AT,
    )


def bulks(policy: Policy, person: Person, waiting: Iterable[CaseFile]) -> tuple[Bulk, ...]:
    """Group like cases: one kind under one rule, two at least, each of which this person may approve now."""
    alike: dict[tuple[Kind, str], list[Row]] = defaultdict(list)
    for file in waiting:
        if file.case.state is CaseState.OPEN and file.proposal.actions and wording.paid_elsewhere(file) is None:
            rule = judge(policy, question_of(PolicyAction.APPROVE, person, file)).rule
            alike[file.case.kind, rule].append(_row(policy, file.case, file))
    made = [Bulk(kind=kind, rule=rule, rows=tuple(rows)) for (kind, rule), rows in alike.items() if len(rows) > 1]
    return tuple(sorted(made, key=lambda bulk: -len(bulk.rows)))


def bulk(store: Store, policy: Policy, person: Person, key: str, now: datetime) -> Bulk | None:
    """Return the cases of a button of the tab as they are now; None where fewer than two are left."""
    return next((one for one in read(store, policy, person, Look(), now).bulks if one.key == key), None)


def approve_one(store: Store, click: Click, *, policy: Policy, now: datetime) -> tuple[str, bool]:
    """Approve one of several cases like any other; return a sentence for the person, and whether it counted."""
    answer = decisions.approve(store, click, policy=policy, now=now)
    file = store.case_file(click.ref.case_id)
    if answer.text or file is None:
        return answer.text or "Nothing was changed.", False
    if file.case.state is not CaseState.OPEN:
        return "Approved, and being carried out.", True
    so_far = standing_of(policy, file)
    waits = f", {so_far.missing}" if so_far.missing else ""
    return f"Your approval counts: {so_far.approvals} of {so_far.quorum}{waits}.", True


# --- shared ---------------------------------------------------------------------------------------------------------


def _file(store: Store, case: Case) -> CaseFile | None:
    """Read a case without the executions, which no list shows."""
    proposal = store.proposal(case.case_id, case.version)
    if proposal is None:
        return None
    return CaseFile(case=case, proposal=proposal, decisions=store.decisions(case.case_id, case.version))


def row(store: Store, policy: Policy, case: Case) -> Row:
    return _row(policy, case, _file(store, case))


def _row(policy: Policy, case: Case, file: CaseFile | None) -> Row:
    if file is None:
        return Row(case=case, locale=policy.region(case.channel).locale)
    asked = case.state is CaseState.OPEN and bool(file.proposal.actions) and not wording.needs_completing(file)
    paid = "already paid in another case: to be rejected" if asked and wording.paid_elsewhere(file) else None
    missing = paid or (standing_of(policy, file).missing if asked else None)
    locale = policy.region(case.channel).locale
    return Row(case=case, money=file.proposal.money, missing=missing, locale=locale)


def _waits_for(policy: Policy, person: Person, file: CaseFile) -> bool:
    """Report whether this person may approve or complete an open case, or get a stuck one moving again.

    Without the sums of the day, which only a decision holds still: a list may show more than may be approved.
    """
    if file.case.state is CaseState.OPEN:
        deed = PolicyAction.APPROVE if file.proposal.actions else PolicyAction.ACT
        return judge(policy, question_of(deed, person, file)).allowed
    return file.case.state is CaseState.STUCK and judge(policy, question_of(PolicyAction.ACT, person, file)).allowed


def _is_mine(case: Case, file: CaseFile | None, user_id: str) -> bool:
    authors = file.proposal.authors if file is not None else ()
    return user_id in (case.owner, case.opened_by, *authors)


def _urgent_first(shown: Row) -> tuple[bool, datetime, str]:
    return not shown.case.urgent, shown.case.due_at, shown.case.case_id
