"""Faults that are planted on purpose, one line each of what somebody might well write: every one must be caught."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pytest

from bot.cases import decisions as case_decisions
from bot.cases import executions
from bot.cases.executions import AttemptResult, ClaimedExecution
from bot.connectors.base import Connector
from bot.core.model import Decision, ExecutionState, Outcome
from bot.http.client import Http, Reply
from bot.http.errors import Unsure
from bot.jobs.deliveries import Deliveries
from bot.jobs.executions import Executions
from storage import Store
from tests.simulation.quorum.mutations import Plant, a_stale_click_is_taken, one_approval_is_enough


def a_blind_retry(patch: pytest.MonkeyPatch) -> None:
    write = Http.write

    async def twice(http: Http, *request: Any) -> Reply:
        try:
            return await write(http, *request)
        except Unsure:
            return await write(http, *request)

    patch.setattr(Http, "write", twice)


def unsure_is_tried_again_as_if_nothing_had_happened(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(executions._STATE_AFTER, Outcome.UNSURE, ExecutionState.PENDING)
    patch.setattr(executions, "_in_doubt", lambda *_: False)


def no_look_before_a_second_post(patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object, **__: object) -> None:
        return None

    patch.setattr(Deliveries, "_found", nothing)


def a_new_key_for_each_try(patch: pytest.MonkeyPatch) -> None:
    attempt = Executions._attempt

    async def renamed(jobs: Executions, connector: Connector, work: ClaimedExecution) -> AttemptResult:
        other = work.execution.model_copy(update={"key": f"{work.execution.key}/{work.attempt.n}"})
        return await attempt(jobs, connector, ClaimedExecution(other, work.attempt))

    patch.setattr(Executions, "_attempt", renamed)


def an_approval_counts_for_the_next_version(patch: pytest.MonkeyPatch) -> None:
    decisions = Store.decisions

    def of_every_version(store: Store, case_id: str, version: int) -> tuple[Decision, ...]:
        found = [one for n in range(1, version + 1) for one in decisions(store, case_id, n)]
        return tuple(one.model_copy(update={"version": version}) for one in found)

    patch.setattr(Store, "decisions", of_every_version)


def one_complaint_is_paid_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case_decisions, "paid_elsewhere", lambda *_: None)


def a_lost_lease_still_writes(patch: pytest.MonkeyPatch) -> None:
    def careless(store: Store, work: ClaimedExecution, end: AttemptResult, now: datetime) -> bool:
        held, file = store.execution(work.execution.key), store.case_file(work.execution.case_id)
        assert held is not None
        assert file is not None
        store.end_attempt(work.attempt.model_copy(update={"ended_at": now, "outcome": end.outcome}))
        executions._write_end(store, file, held, end, now)
        return True

    patch.setattr(executions, "ended", careless)


def an_entry_is_altered(patch: pytest.MonkeyPatch) -> None:
    seal = Store.seal

    def altered(store: Store, now: datetime) -> int | None:
        store._session.run("DROP TRIGGER IF EXISTS audit_fixed", {})
        store._session.run("UPDATE audit SET actor = 'U0SAM00001' WHERE what = 'decision.approve'", {})
        return seal(store, now)

    patch.setattr(Store, "seal", altered)


@dataclass(frozen=True)
class Planted:
    plant: Plant
    breaks: str  # the promise that has to be named; empty: any
    first: int = 0  # the seed from which on it is looked for, where it shows late


UNAPPROVED, DOUBLED = "no effect is unapproved", "no effect is doubled"
PLANTS: Mapping[str, Planted] = MappingProxyType(
    {
        "a blind retry": Planted(a_blind_retry, DOUBLED, 47),
        "an unsure step is tried again like any other": Planted(
            unsure_is_tried_again_as_if_nothing_had_happened, DOUBLED
        ),
        "no look before a second post": Planted(no_look_before_a_second_post, "no card hangs twice"),
        "a new key for each try": Planted(a_new_key_for_each_try, DOUBLED, 13),
        "one approval where two are needed": Planted(one_approval_is_enough, UNAPPROVED),
        "an approval of version 1 counts for version 2": Planted(an_approval_counts_for_the_next_version, UNAPPROVED),
        "a click on version 1 decides on version 2": Planted(a_stale_click_is_taken, UNAPPROVED),
        "one complaint is paid twice": Planted(one_complaint_is_paid_twice, DOUBLED, 73),
        "a lost lease still writes its outcome": Planted(a_lost_lease_still_writes, "", 157),
        "an audit entry is altered": Planted(an_entry_is_altered, "the history is whole"),
    }
)
