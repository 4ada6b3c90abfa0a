"""Who owns the next step of a case: a person takes it, or gives it back to the group."""

from datetime import datetime

from bot.cases.change import change_case
from bot.cases.clicks import REPEATED, Answer, Click, find, not_permitted
from bot.core.cards import mrkdwn
from bot.core.cards.lists import UNFINISHED
from bot.core.model import Case, CaseFile, Entry
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Policy
from storage import Store


def take(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """The case is this person's from now on; who decides on it stays as the policy says."""
    file = _unfinished(store, click, policy, now)
    if isinstance(file, Answer):
        return file
    if file.case.owner == click.user_id:
        return Answer("You own this case already.")
    before = f" from {mrkdwn.who(file.case.owner)}" if mrkdwn.is_person(file.case.owner) else ""
    return _give(store, file.case, click.user_id, "case.taken", f"Took this case{before}.", click, now)


def release(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """The case goes back to those who own its kind. Whoever may act can do it: its owner may be away."""
    file = _unfinished(store, click, policy, now)
    if isinstance(file, Answer):
        return file
    owner = owner_of_kind(policy, file.case)
    if file.case.owner == owner:
        return Answer(f"Nobody has taken this case; {mrkdwn.who(owner)} own it.")
    return _give(store, file.case, owner, "case.released", f"Gave this case back to {owner}.", click, now)


def owner_of_kind(policy: Policy, case: Case) -> str:
    rules = policy.kinds.get(case.kind)
    return (rules.owner if rules else None) or PLAYBOOKS[case.kind].owner


def _unfinished(store: Store, click: Click, policy: Policy, now: datetime) -> CaseFile | Answer:
    if not store.first_time(click.identity, now):
        return REPEATED
    file = find(store, click, UNFINISHED, now)
    if isinstance(file, Answer):
        return file
    return not_permitted(store, click, file, policy, now) or file


def _give(store: Store, case: Case, owner: str, what: str, sentence: str, click: Click, now: datetime) -> Answer:
    entry = Entry(actor=click.user_id, what=what, sentence=sentence, data={"from": case.owner, "to": owner})
    change_case(store, case, now, entry, owner=owner)
    return Answer()
