"""A question to the owner of the account: it stands in the card's thread, where they are mentioned and can answer."""

from datetime import datetime

from bot.cases.change import change_case
from bot.cases.clicks import REPEATED, Answer, Click, find, not_permitted
from bot.core.cards.lists import UNFINISHED
from bot.core.model import CaseFile, Entry
from bot.core.policy import Policy
from bot.core.records import account_owner
from storage import Store


def check_asking(store: Store, click: Click, *, policy: Policy, now: datetime) -> CaseFile | Answer:
    """May this person open the form that asks? Its submission is judged again."""
    file = find(store, click, UNFINISHED, now)
    if isinstance(file, Answer):
        return file
    return not_permitted(store, click, file, policy, now) or file


def owner_to_ask(store: Store, case_id: str) -> str | None:
    """The e-mail address by which the owner of the account is looked up; it is written down nowhere."""
    case = store.case(case_id)
    return account_owner(case.facts) if case is not None else None


def ask(store: Store, click: Click, question: str, *, owner: str | None, policy: Policy, now: datetime) -> Answer:
    """`owner`: Slack id of the owner of the account; where nobody knows it, those are mentioned who own the case."""
    if not store.first_time(click.identity, now):
        return REPEATED
    file = check_asking(store, click, policy=policy, now=now)
    if isinstance(file, Answer):
        return file
    mentions = (owner,) if owner is not None else policy.groups.get(file.case.owner, (file.case.owner,))
    whom = "the account owner" if owner is not None else "those who own the case, since the account owner is not known"
    data = {"mentions": list(mentions)}
    entry = Entry(actor=click.user_id, what="question.asked", sentence=f"Asks {whom}: {question}", data=data)
    change_case(store, file.case, now, entry)
    return Answer()
