"""Change who owns the next step of a case, and ask the owner of the account in the thread of its card."""

from datetime import datetime

from bot.cases.change import change_case
from bot.cases.clicks import REPEATED, Answer, Click, find, permitted
from bot.core.cards import mrkdwn
from bot.core.cards.lists import UNFINISHED
from bot.core.model import Case, CaseFile, Entry
from bot.core.playbooks import PLAYBOOKS
from bot.core.policy import Policy
from bot.core.records import account_owner
from storage import Store


def take(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """Make this person the owner; who decides on the case stays as the policy says."""
    file = _unfinished(store, click, policy, now)
    if isinstance(file, Answer):
        return file
    if file.case.owner == click.user_id:
        return Answer("You own this case already.")
    before = f" from {mrkdwn.who(file.case.owner)}" if mrkdwn.is_person(file.case.owner) else ""
    return _give(store, file.case, click.user_id, "case.taken", f"Took this case{before}.", click, now)


def release(store: Store, click: Click, *, policy: Policy, now: datetime) -> Answer:
    """Give the case back to those who own its kind; anybody who may act can, since its owner may be away."""
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


def check_asking(store: Store, click: Click, *, policy: Policy, now: datetime) -> CaseFile | Answer:
    """Return the case about which this person may ask; the submission of the form is judged again."""
    return permitted(store, click, find(store, click, UNFINISHED, now), policy, now)


def owner_to_ask(store: Store, case_id: str) -> str | None:
    """Return the e-mail address by which the owner of the account is looked up; it is written down nowhere."""
    case = store.case(case_id)
    return account_owner(case.facts) if case is not None else None


def ask(store: Store, click: Click, question: str, *, owner: str | None, policy: Policy, now: datetime) -> Answer:
    """Ask in the card's thread. `owner`: Slack id of the account owner; without it the case's owners are mentioned."""
    file = _unfinished(store, click, policy, now)
    if isinstance(file, Answer):
        return file
    mentions = (owner,) if owner is not None else policy.groups.get(file.case.owner, (file.case.owner,))
    whom = "the account owner" if owner is not None else "those who own the case, since the account owner is not known"
    data = {"mentions": list(mentions)}
    entry = Entry(actor=click.user_id, what="question.asked", sentence=f"Asks {whom}: {question}", data=data)
    change_case(store, file.case, now, entry)
    return Answer()


def _unfinished(store: Store, click: Click, policy: Policy, now: datetime) -> CaseFile | Answer:
    if not store.first_time(click.identity, now):
        return REPEATED
    return check_asking(store, click, policy=policy, now=now)


def _give(store: Store, case: Case, owner: str, what: str, sentence: str, click: Click, now: datetime) -> Answer:
    entry = Entry(actor=click.user_id, what=what, sentence=sentence, data={"from": case.owner, "to": owner})
    change_case(store, case, now, entry, owner=owner)
    return Answer()
