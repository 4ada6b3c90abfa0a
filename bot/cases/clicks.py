"""Load the case of a click or form, and judge whether the case and the policy let it through."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.wording import how_it_stands
from bot.core.model import CaseFile, CaseState, Entry, Frozen
from bot.core.people import Person
from bot.core.policy import Judgement, Policy, PolicyAction, judge, question_of
from bot.core.slack_ids import CaseRef
from storage import Store
from storage.people import WORKSPACE


class Click(Frozen):
    """Describe one person's press of a button or submission of a form, as Slack told us."""

    person: Person
    ref: CaseRef
    identity: str  # the same for a replayed or repeated delivery
    revision: int | None = None  # of the card that was clicked, where that matters

    @property
    def user_id(self) -> str:
        return self.person.user_id


@dataclass(frozen=True)
class Answer:
    """Hold what the person is told; no text means that it is done and the redrawn card is the answer."""

    text: str | None = None


REPEATED = Answer("This click has been counted already.")
NOT_HERE = "There is no such case here. It may belong to another installation."


def load(store: Store, click: Click, now: datetime, state: CaseState = CaseState.OPEN) -> CaseFile | Answer:
    if not store.first_time(click.identity, now):
        return REPEATED
    return _too_late(store, click, _look(store, click, state), now)


def find(store: Store, click: Click, states: Collection[CaseState], now: datetime) -> CaseFile | Answer:
    """Return the case in whatever version, for what is not about its offer; else the refusal, already audited."""
    file = store.case_file(click.ref.case_id, lock=True)
    found = Answer(NOT_HERE) if file is None else file if file.case.state in states else Answer(how_it_stands(file))
    return _too_late(store, click, found, now)


def _too_late(store: Store, click: Click, found: CaseFile | Answer, now: datetime) -> CaseFile | Answer:
    """Audit a click on a case that is not there, decided, or another one by now."""
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
    """Return a refusal, already audited, if the policy does not let this person act, otherwise None."""
    judgement = judge(policy, question_of(PolicyAction.ACT, click.person, file))
    return None if judgement.allowed else refused(store, click, judgement, now)


def permitted(store: Store, click: Click, found: CaseFile | Answer, policy: Policy, now: datetime) -> CaseFile | Answer:
    """Return the case that was found if this person may act on it, else the refusal, already audited."""
    return found if isinstance(found, Answer) else not_permitted(store, click, found, policy, now) or found


def refused(store: Store, click: Click, judgement: Judgement, now: datetime) -> Answer:
    why = judgement.why_not or judgement.rule
    told = {"why": why, "rule": judgement.rule, "version": click.ref.version}
    store.append(click.ref.case_id, Entry(actor=click.user_id, what="click.refused", data=told), now)
    return Answer(why)


def check_open(store: Store, click: Click, *, policy: Policy, state: CaseState, now: datetime) -> CaseFile | Answer:
    """Return the case on which this person may open a form, or the refusal; the submission is judged again."""
    return permitted(store, click, _too_late(store, click, _look(store, click, state), now), policy, now)


def refuse(store: Store, user_id: str, why: str, *, case_id: str | None, now: datetime) -> None:
    """Keep what somebody tried: in the history of the case, where there is such a case, else in the workspace's own."""
    chain = case_id if case_id is not None and store.case(case_id) is not None else WORKSPACE
    store.append(chain, Entry(actor=user_id, what="click.refused", data={"why": why}), now)
