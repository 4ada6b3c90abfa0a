"""Faults that are planted on purpose, each a line that somebody might well write: every one must be caught."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from bot.cases import approvals, calls, clicks, decisions, executions, timers
from bot.cases.clicks import Answer, Click
from bot.core.model import Case, CaseFile, CaseState, Decision, Execution, ExecutionState, Proposal
from bot.core.people import Delegation, Person
from bot.core.policy import Band, Judgement, bands, judge, judgement
from bot.core.timers import EXPIRY
from handlers.context import Context
from storage import Store

Plant = Callable[[pytest.MonkeyPatch], None]


def one_approval_is_enough(patch: pytest.MonkeyPatch) -> None:
    def lenient(*asked: Any) -> Judgement:
        decided = judge(*asked)
        return decided.model_copy(update={"complete": decided.allowed})

    patch.setattr(decisions, "judge", lenient)


def approvals_count_for_later_versions(patch: pytest.MonkeyPatch) -> None:
    case_file = Store.case_file

    def of_every_version(store: Store, case_id: str, *, lock: bool = False) -> CaseFile | None:
        file = case_file(store, case_id, lock=lock)
        if file is None or not lock:
            return file
        made = [one for n in range(1, file.case.version + 1) for one in store.decisions(case_id, n)]
        return file.model_copy(
            update={"decisions": tuple(one.model_copy(update={"version": file.case.version}) for one in made)}
        )

    patch.setattr(Store, "case_file", of_every_version)


def a_stale_click_is_taken(patch: pytest.MonkeyPatch) -> None:
    look = clicks._look

    def any_version(store: Store, click: Click, state: CaseState) -> CaseFile | Answer:
        case = store.case(click.ref.case_id)
        ref = click.ref if case is None else click.ref._replace(version=case.version)
        return look(store, click.model_copy(update={"ref": ref}), state)

    patch.setattr(clicks, "_look", any_version)


def a_lender_counts_beside_the_delegate(patch: pytest.MonkeyPatch) -> None:
    voices = judgement._voices

    def alone(band: Band, made: Any) -> list[judgement.Voice]:
        return [voice._replace(stood_in_for=()) for voice in voices(band, made)]

    patch.setattr(judgement, "_voices", alone)


def authors_decide_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judgement, "_only_authors", lambda *_: False)


def nobody_is_an_author(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calls.CallHistory, "authors", property(lambda _: ()))


def no_lead_is_needed(patch: pytest.MonkeyPatch) -> None:
    band_for = bands.band_for

    def anybody(*asked: Any) -> Band:
        return band_for(*asked).model_copy(update={"at_least": {}})

    patch.setattr(judgement, "band_for", anybody)


def limits_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judgement, "limits_passed", lambda *_: ())


def a_lowered_amount_is_judged_by_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Proposal, "amount_for_policy", property(lambda proposal: proposal.money))


def what_was_offered_before_it_was_lowered_is_paid(patch: pytest.MonkeyPatch) -> None:
    executions_of = executions.executions_of

    def old_amount(case: Case, proposal: Proposal, now: datetime) -> list[Execution]:
        paid = proposal.amount_for_policy
        actions = [
            one.model_copy(update={"params": {**one.params, "amount_minor": paid.amount_minor}})
            if paid and "amount_minor" in one.params
            else one
            for one in proposal.actions
        ]
        return executions_of(case, proposal.model_copy(update={"actions": tuple(actions)}), now)

    patch.setattr(approvals, "executions_of", old_amount)


def nothing_expires(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(timers, "_HAPPENS", {**timers._HAPPENS, EXPIRY: lambda *_: None})


def a_delegation_has_no_dates(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Delegation, "covers", lambda *_: True)


def groups_are_remembered(patch: pytest.MonkeyPatch) -> None:
    person, known = Context.person, dict[tuple[int, str], Person]()

    async def once(ctx: Context, user_id: str) -> Person:
        key = (id(ctx.slack_port), user_id)
        if key not in known:
            known[key] = await person(ctx, user_id)
        return known[key]

    patch.setattr(Context, "person", once)


def one_complaint_is_paid_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decisions, "paid_elsewhere", lambda *_: None)


def the_policy_decides_whatever_was_refunded_before(patch: pytest.MonkeyPatch) -> None:
    alone = sys.modules["bot.core.policy.automatic"]  # the package has a function of this name
    kept = tuple(one for one in alone._CONDITIONS if one is not alone._nothing_refunded)
    patch.setattr(alone, "_CONDITIONS", kept)


def documents_go_to_any_address(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decisions, "unverified_recipient", lambda _: None)


def a_pause_stops_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "pauses", lambda _: [])


def a_lost_lease_still_writes(patch: pytest.MonkeyPatch) -> None:
    def careless(store: Store, work: executions.ClaimedExecution, end: executions.AttemptResult, now: datetime) -> bool:
        file, held = store.case_file(work.execution.case_id), store.execution(work.execution.key)
        assert file is not None
        assert held is not None
        if held.state is ExecutionState.RUNNING:
            executions._write_end(store, file, held, end, now)
        return True

    patch.setattr(executions, "ended", careless)


def the_click_is_kept_without_its_groups(patch: pytest.MonkeyPatch) -> None:
    add = Store.add_decision

    def bare(store: Store, decision: Decision, *, entry: Any) -> bool:
        return add(store, decision.model_copy(update={"in_groups": ("finance", "leads")}), entry=entry)

    patch.setattr(Store, "add_decision", bare)


def an_admin_replaces_everybody(patch: pytest.MonkeyPatch) -> None:
    def one_admin(_: object, band: Band) -> Band:
        return band.model_copy(update={"groups": ("admins",), "at_least": {}, "quorum": 1})

    patch.setattr(judgement, "with_admins", one_admin)


@dataclass(frozen=True)
class Planted:
    plant: Plant
    breaks: str  # how the sentence begins that has to be said
    begin: int = 1  # the round in which it shows; the search goes on from there


QUORUM, CLICK = "a quorum approved it", "what is kept is the click"
STEPS, ALONE = "the steps are those of the approved version", "the policy decides alone only where it may"
EXPIRES, ONCE = "what nobody decides in time expires", "one matter is paid once"
KNOWN, PAUSED, LEASE = "documents go to known addresses", "nothing paused runs", "whoever lost the lease writes nothing"
PLANTS: Mapping[str, Planted] = MappingProxyType(
    {
        "one approval where two are needed": Planted(one_approval_is_enough, QUORUM, 2),
        "an approval of version 1 counts for version 2": Planted(approvals_count_for_later_versions, QUORUM, 2),
        "a click on version 1 decides on version 2": Planted(
            a_stale_click_is_taken, f"{QUORUM}|{CLICK}|an offer is of", 12
        ),
        "a lender counts beside the delegate": Planted(a_lender_counts_beside_the_delegate, QUORUM, 7),
        "authors decide alone": Planted(authors_decide_alone, QUORUM, 3),
        "nobody is an author": Planted(nobody_is_an_author, QUORUM, 3),
        "no lead is needed": Planted(no_lead_is_needed, QUORUM, 9),
        "limits are ignored": Planted(limits_are_ignored, QUORUM, 2),
        "a lowered amount is judged by itself": Planted(a_lowered_amount_is_judged_by_itself, QUORUM, 4),
        "what was offered before is paid": Planted(what_was_offered_before_it_was_lowered_is_paid, STEPS, 4),
        "nothing expires": Planted(nothing_expires, EXPIRES, 9),
        "a delegation has no dates": Planted(a_delegation_has_no_dates, CLICK, 2),
        "groups are remembered": Planted(groups_are_remembered, CLICK, 4),
        "one complaint is paid twice": Planted(one_complaint_is_paid_twice, ONCE, 7),
        "the policy refunds a second time": Planted(the_policy_decides_whatever_was_refunded_before, ALONE, 3),
        "documents go to any address": Planted(documents_go_to_any_address, KNOWN, 2),
        "a pause stops nothing": Planted(a_pause_stops_nothing, PAUSED, 9),
        "a lost lease still writes": Planted(a_lost_lease_still_writes, LEASE, 9),
        "a decision is kept with other groups": Planted(the_click_is_kept_without_its_groups, CLICK, 2),
        "an admin replaces everybody": Planted(an_admin_replaces_everybody, QUORUM, 4),
    }
)
