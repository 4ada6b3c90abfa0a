"""Mutate the code, each time by a line that somebody might well write: the simulations must catch every one.

They hang on seams that a reshaped module keeps: public functions of the policy, verbs and statements of the store,
models, ports. `SEAMS` names the few functions of a transaction that no such seam reaches.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from bot.cases import clicks, executions
from bot.cases.clicks import Answer, Click
from bot.cases.executions import AttemptResult, ClaimedExecution
from bot.connectors.fidel import FidelConnector
from bot.connectors.stripe import StripeConnector
from bot.core.model import Action, Attempt, CaseFile, Execution, ExecutionState, Fact, Outcome, Proposal
from bot.core.people import Delegation, Person
from bot.core.policy import Band, Judgement, Known, Policy, Question, Unattended, automatic, band_for, judge
from bot.core.policy.bands import limits_passed, with_admins
from bot.core.records import unverified_recipient
from bot.core.timers import EXPIRY
from bot.http.client import Http, Reply
from bot.http.errors import Unsure
from bot.slack import Slack
from handlers.context import Context
from storage import RuleBroken, Store, audit

Patch = pytest.MonkeyPatch
SEAMS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"load a click": clicks.load, "end a claim": executions.ended}
)


def everywhere(patch: Patch, function: Callable[..., Any], mutant: Callable[..., Any]) -> None:
    """Replace a public function in every module of ours that has imported it."""
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("bot", "handlers")]
    places = [(module, name) for module in ours for name, value in vars(module).items() if value is function]
    for module, name in places:
        patch.setattr(module, name, mutant)


def judged(patch: Patch, change: Callable[[Question], Mapping[str, Any]]) -> None:
    """Let the policy judge a question of which something has been changed."""

    def altered(policy: Policy, question: Question) -> Judgement:
        return judge(policy, question.model_copy(update=change(question)))

    everywhere(patch, judge, altered)


def stored(patch: Patch, verb: str, change: Callable[[Store, Any], Any]) -> None:
    """Let a verb of the store write something else than what it is given."""
    write = getattr(Store, verb)
    patch.setattr(Store, verb, lambda store, given, **more: write(store, change(store, given), **more))


def one_approval_is_enough(patch: Patch) -> None:
    def lenient(policy: Policy, question: Question) -> Judgement:
        judgement = judge(policy, question)
        return judgement.model_copy(update={"complete": judgement.allowed})

    everywhere(patch, judge, lenient)


def an_approval_counts_for_later_versions(patch: Patch) -> None:
    case_file = Store.case_file

    def of_every_version(store: Store, case_id: str, *, lock: bool = False) -> CaseFile | None:
        file = case_file(store, case_id, lock=lock)
        if file is None or not lock:
            return file
        version = file.case.version
        decisions = [decision for n in range(1, version + 1) for decision in store.decisions(case_id, n)]
        as_current = tuple(decision.model_copy(update={"version": version}) for decision in decisions)
        return file.model_copy(update={"decisions": as_current})

    patch.setattr(Store, "case_file", of_every_version)


def a_stale_click_is_taken(patch: Patch) -> None:
    load = SEAMS["load a click"]

    def any_version(store: Store, click: Click, *how: Any, **more: Any) -> CaseFile | Answer:
        case = store.case(click.ref.case_id)
        ref = click.ref if case is None else click.ref._replace(version=case.version)
        answer: CaseFile | Answer = load(store, click.model_copy(update={"ref": ref}), *how, **more)
        return answer

    everywhere(patch, load, any_version)


def a_lender_counts_beside_the_delegate(patch: Patch) -> None:
    def alone(question: Question) -> Mapping[str, Any]:
        return {"decisions": tuple(one.model_copy(update={"stood_in_for": ()}) for one in question.decisions)}

    judged(patch, alone)


def authors_decide_alone(patch: Patch) -> None:
    judged(patch, lambda question: {"proposal": question.proposal.model_copy(update={"authors": ()})})


def nobody_is_an_author(patch: Patch) -> None:
    stored(patch, "add_proposal", lambda _, proposal: proposal.model_copy(update={"authors": ()}))


def no_lead_is_needed(patch: Patch) -> None:
    def anybody(*asked: Any) -> Band:
        return band_for(*asked).model_copy(update={"at_least": {}})

    everywhere(patch, band_for, anybody)


def an_admin_replaces_everybody(patch: Patch) -> None:
    def one_admin(_: object, band: Band) -> Band:
        return band.model_copy(update={"groups": ("admins",), "at_least": {}, "quorum": 1})

    everywhere(patch, with_admins, one_admin)


def limits_are_ignored(patch: Patch) -> None:
    everywhere(patch, limits_passed, lambda *_: ())


def a_lowered_amount_is_judged_by_itself(patch: Patch) -> None:
    patch.setattr(Proposal, "amount_for_policy", property(lambda proposal: proposal.money))


def a_delegation_has_no_dates(patch: Patch) -> None:
    patch.setattr(Delegation, "covers", lambda *_: True)


def groups_are_remembered(patch: Patch) -> None:
    person, remembered = Context.person, dict[tuple[int, str], Person]()

    async def once(ctx: Context, user_id: str) -> Person:
        key = (id(ctx.slack_port), user_id)
        if key not in remembered:
            remembered[key] = await person(ctx, user_id)
        return remembered[key]

    patch.setattr(Context, "person", once)


def a_decision_is_kept_with_other_groups(patch: Patch) -> None:
    other = {"in_groups": ("finance", "leads")}
    stored(patch, "add_decision", lambda _, decision: decision.model_copy(update=other))


def what_was_offered_before_is_paid(patch: Patch) -> None:
    stored(patch, "add_executions", lambda store, executions: [_of_the_old_amount(store, step) for step in executions])


def _of_the_old_amount(store: Store, execution: Execution) -> Execution:
    proposal, action = store.proposal(execution.case_id, execution.version), execution.action
    amount = proposal.amount_for_policy if proposal else None
    if amount is None or "amount_minor" not in action.params:
        return execution
    action = action.model_copy(update={"params": {**action.params, "amount_minor": amount.amount_minor}})
    return execution.model_copy(update={"action": action})


def one_complaint_is_paid_twice(patch: Patch) -> None:
    patch.setattr(Store, "payouts", lambda *_: [])


def the_policy_decides_whatever_was_refunded_before(patch: Patch) -> None:
    def forgetful(policy: Policy, proposal: Proposal, known: Known, **more: Any) -> Unattended:
        facts = tuple(_nothing_refunded(fact) for fact in known.facts if fact.name != "refund")
        return automatic(policy, proposal, known.model_copy(update={"facts": facts, "earlier": ()}), **more)

    everywhere(patch, automatic, forgetful)


def _nothing_refunded(fact: Fact) -> Fact:
    nothing = {"values": {"count": 0, "refunded_minor": 0}, "missing": None}
    return fact.model_copy(update=nothing) if fact.name == "refunds" else fact


def documents_go_to_any_address(patch: Patch) -> None:
    everywhere(patch, unverified_recipient, lambda _: None)


def nothing_expires(patch: Patch) -> None:
    stored(patch, "set_timers", lambda _, timers: [timer for timer in timers if timer.name != EXPIRY])


def a_pause_stops_nothing(patch: Patch) -> None:
    patch.setattr(Store, "pauses", lambda _: [])


def a_lost_lease_still_writes(patch: Patch) -> None:
    ended = SEAMS["end a claim"]

    def careless(store: Store, work: ClaimedExecution, end: AttemptResult, now: datetime) -> bool:
        case_file, blind = store.case_file, copy(store)

        def as_claimed(case_id: str, *, lock: bool = False) -> CaseFile | None:
            file = case_file(case_id, lock=lock)
            claimed = {"state": ExecutionState.RUNNING, "attempts": work.attempt.n}
            return file and file.model_copy(
                update={
                    "executions": tuple(
                        execution.model_copy(update=claimed) if execution.key == work.execution.key else execution
                        for execution in file.executions
                    )
                }
            )

        vars(blind)["case_file"] = as_claimed
        with suppress(RuleBroken):  # the database forbids what a careless line would write
            ended(blind, work, end, now)
        return True

    everywhere(patch, ended, careless)


def a_blind_retry(patch: Patch) -> None:
    write = Http.write

    async def twice(http: Http, *request: Any) -> Reply:
        try:
            return await write(http, *request)
        except Unsure:
            return await write(http, *request)

    patch.setattr(Http, "write", twice)


def an_unsure_step_is_kept_as_if_nothing_had_happened(patch: Patch) -> None:
    def pending(_: Store, execution: Execution) -> Execution:
        unsure = execution.state is ExecutionState.UNSURE
        return execution.model_copy(update={"state": ExecutionState.PENDING}) if unsure else execution

    def unavailable(_: Store, attempt: Attempt) -> Attempt:
        unsure = attempt.outcome is Outcome.UNSURE
        return attempt.model_copy(update={"outcome": Outcome.UNAVAILABLE}) if unsure else attempt

    stored(patch, "save_execution", pending)
    stored(patch, "end_attempt", unavailable)


def no_look_before_a_second_post(patch: Patch) -> None:
    async def nothing(*_: object, **__: object) -> None:
        return None

    patch.setattr(Slack, "find", nothing)


def a_lost_delivery_is_still_sent(patch: Patch) -> None:
    save_card, save_notice = Store.save_card, Store.save_notice
    patch.setattr(Store, "save_card", lambda store, card, **_: save_card(store, card))
    patch.setattr(Store, "save_notice", lambda store, notice, **_: save_notice(store, notice))


def a_new_key_for_each_try(patch: Patch) -> None:
    tries: list[str] = []

    def renamed(connector: type[Any], name: str) -> None:
        method = getattr(connector, name)

        async def under_another_key(ours: object, action: Action, key: str) -> Any:
            tries.append(key)
            return await method(ours, action, f"{key}/{len(tries)}")

        patch.setattr(connector, name, under_another_key)

    for connector in (FidelConnector, StripeConnector):
        renamed(connector, "perform")
        renamed(connector, "find")


def an_audit_entry_is_altered(patch: Patch) -> None:
    forged = "CASE WHEN :what = 'decision.approve' THEN 'U0SAM00001' ELSE :actor END"
    patch.setattr(audit, "APPEND", audit.APPEND.replace(":actor", forged))


@dataclass(frozen=True)
class Mutation:
    """Name what a mutation breaks. `first`: the seed or round from which on it is looked for, where it shows late."""

    apply: Callable[[Patch], None]
    breaks: str  # how the sentence begins that has to be said; empty: any
    first: int = 0


def by_name(*mutations: Mutation) -> Mapping[str, Mutation]:
    return MappingProxyType({mutation.apply.__name__.replace("_", " "): mutation for mutation in mutations})


UNAPPROVED, DOUBLED = "no effect is unapproved", "no effect is doubled"
OF_THE_WORLD = by_name(
    Mutation(a_blind_retry, DOUBLED, 47),
    Mutation(an_unsure_step_is_kept_as_if_nothing_had_happened, DOUBLED, 47),
    Mutation(no_look_before_a_second_post, "no card hangs twice"),
    Mutation(a_lost_delivery_is_still_sent, "", 13),
    Mutation(a_new_key_for_each_try, DOUBLED, 39),
    Mutation(one_approval_is_enough, UNAPPROVED),
    Mutation(an_approval_counts_for_later_versions, UNAPPROVED, 42),
    Mutation(a_stale_click_is_taken, UNAPPROVED),
    Mutation(one_complaint_is_paid_twice, DOUBLED, 73),
    Mutation(a_lost_lease_still_writes, "", 157),
    Mutation(an_audit_entry_is_altered, "the history is whole"),
)

QUORUM, CLICK = "a quorum approved it", "what is kept is the click"
STEPS, ALONE = "the steps are those of the approved version", "the policy decides alone only where it may"
EXPIRES, ONCE = "what nobody decides in time expires", "one complaint is paid once"
KNOWN, PAUSED, LEASE = "documents go to known addresses", "nothing paused runs", "whoever lost the lease writes nothing"
OF_THE_QUORUM = by_name(
    Mutation(one_approval_is_enough, QUORUM, 2),
    Mutation(an_approval_counts_for_later_versions, QUORUM, 2),
    Mutation(a_stale_click_is_taken, f"{QUORUM}|{CLICK}|an offer is of", 12),
    Mutation(a_lender_counts_beside_the_delegate, QUORUM, 7),
    Mutation(authors_decide_alone, QUORUM, 3),
    Mutation(nobody_is_an_author, QUORUM, 3),
    Mutation(no_lead_is_needed, QUORUM, 9),
    Mutation(limits_are_ignored, QUORUM, 2),
    Mutation(a_lowered_amount_is_judged_by_itself, QUORUM, 4),
    Mutation(what_was_offered_before_is_paid, STEPS, 4),
    Mutation(nothing_expires, EXPIRES, 9),
    Mutation(a_delegation_has_no_dates, CLICK, 2),
    Mutation(groups_are_remembered, CLICK, 4),
    Mutation(one_complaint_is_paid_twice, ONCE, 7),
    Mutation(the_policy_decides_whatever_was_refunded_before, ALONE, 3),
    Mutation(documents_go_to_any_address, KNOWN, 2),
    Mutation(a_pause_stops_nothing, PAUSED, 9),
    Mutation(a_lost_lease_still_writes, LEASE, 9),
    Mutation(a_decision_is_kept_with_other_groups, CLICK, 2),
    Mutation(an_admin_replaces_everybody, QUORUM, 4),
)
