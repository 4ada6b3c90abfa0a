"""One person's click or form on one case: what it is about, and whether the case and the policy let it through."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.cases.refusals import refuse
from bot.core.cards.wording import how_it_stands
from bot.core.model import CaseFile, CaseState, Entry, Frozen
from bot.core.people import Person
from bot.core.policy import Judgement, Policy, PolicyAction, judge, question_of
from bot.core.slack_ids import CaseRef
from storage import Store


class Click(Frozen):
    """One person's press of a button or submission of a form, as Slack told us."""

    person: Person
    ref: CaseRef
    identity: str  # the same for a replayed or repeated delivery
    revision: int | None = None  # of the card that was clicked, where that matters

    @property
    def user_id(self) -> str:
        return self.person.user_id


@dataclass(frozen=True)
class Answer:
    """What the person is told; no text means that the redrawn card itself is the answer."""

    text: str | None = None
    changed: bool = False


REPEATED = Answer("This click has been counted already.")
NOT_HERE = "There is no such case here. It may belong to another installation."


def load(store: Store, click: Click, now: datetime, state: CaseState = CaseState.OPEN) -> CaseFile | Answer:
    if not store.first_time(click.identity, now):
        return REPEATED
    return _too_late(store, click, _look(store, click, state), now)


def find(store: Store, click: Click, states: Collection[CaseState], now: datetime) -> CaseFile | Answer:
    """For what is about the case and not about a version of its offer."""
    file = store.case_file(click.ref.case_id, lock=True)
    found = Answer(NOT_HERE) if file is None else file if file.case.state in states else Answer(how_it_stands(file))
    return _too_late(store, click, found, now)


def _too_late(store: Store, click: Click, found: CaseFile | Answer, now: datetime) -> CaseFile | Answer:
    """The history keeps what somebody wanted of a case that is not there, decided, or another one by now."""
    if isinstance(found, Answer):
        refuse(store, click.user_id, found.text or "", case_id=click.ref.case_id, now=now)
    return found


def _look(store: Store, click: Click, state: CaseState) -> CaseFile | Answer:
    file = store.case_file(click.ref.case_id, lock=True)
    if file is None:
        return Answer(NOT_HERE)
    if file.case.state is not state:
        return Answer(how_it_stands(file))
    if file.case.version != click.ref.version:
        return Answer(
            f"You clicked version {click.ref.version}, but this case is at version {file.case.version} now. "
            "Nothing was decided; please look at the card as it stands."
        )
    return file


def not_permitted(store: Store, click: Click, file: CaseFile, policy: Policy, now: datetime) -> Answer | None:
    """An answer, which is in the history by then, where the person may not act on this case at all."""
    judgement = judge(policy, question_of(PolicyAction.ACT, click.person, file))
    return None if judgement.allowed else refused(store, click, judgement, now)


def refused(store: Store, click: Click, judgement: Judgement, now: datetime) -> Answer:
    why = judgement.why_not or judgement.rule
    told = {"why": why, "rule": judgement.rule, "version": click.ref.version}
    store.append(click.ref.case_id, Entry(actor=click.user_id, what="click.refused", data=told), now)
    return Answer(why)


def check_open(store: Store, click: Click, *, policy: Policy, state: CaseState, now: datetime) -> CaseFile | Answer:
    """May this person open a form on this case? The form's submission is judged again."""
    file = _too_late(store, click, _look(store, click, state), now)
    if isinstance(file, Answer):
        return file
    return not_permitted(store, click, file, policy, now) or file
