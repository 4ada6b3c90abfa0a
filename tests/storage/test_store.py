"""Test what the store promises, on both engines."""

from datetime import timedelta

import pytest

from bot.core.lifecycle import CASE_MOVES, EXECUTION_MOVES
from bot.core.model import CaseState, ExecutionState, Kind, Outcome, Receipt
from storage import Database, KeyReused, NotStored, RuleBroken, Store
from tests.support.due import next_due
from tests.support.rows import (
    LATER,
    NOW,
    RECEIVED,
    WORKED,
    a_call,
    a_card,
    a_case,
    a_decision,
    a_proposal,
    add_call,
    an_attempt,
    an_execution,
    approve_case,
    open_case,
    raw_rows,
    running,
)

SECOND = timedelta(seconds=1)


async def test_a_call_is_stored_once_and_a_changed_body_is_another_version(database: Database) -> None:
    assert await database.write(lambda store: add_call(store, a_call())) == "new"
    assert await database.write(lambda store: add_call(store, a_call())) == "duplicate"
    assert await database.write(lambda store: add_call(store, a_call(summary="Two"), sha="sha-2")) == "changed"
    assert await database.write(lambda store: add_call(store, a_call(summary="Two"), sha="sha-2")) == "duplicate"
    calls = await database.read(lambda store: store.calls_of("call-1"))
    assert calls == [a_call(), a_call(summary="Two")]
    assert len(await database.read(lambda store: store.history("C-1"))) == 2


async def test_a_leased_call_is_due_again_when_the_lease_ran_out(database: Database) -> None:
    await database.write(lambda store: add_call(store, a_call()))
    assert await database.write(lambda store: store.due_calls(NOW - SECOND, 9)) == []
    assert await database.write(lambda store: store.due_calls(NOW, 9)) == ["call-1"]
    await database.write(lambda store: store.lease_calls(["call-1"], "w1", LATER))
    assert await database.write(lambda store: store.due_calls(NOW + SECOND, 9)) == []
    assert await database.write(lambda store: store.due_calls(LATER + SECOND, 9)) == ["call-1"]


async def test_a_version_that_comes_during_the_work_waits_for_its_end_and_is_then_due(database: Database) -> None:
    await database.write(lambda store: add_call(store, a_call()))
    await database.write(lambda store: store.lease_calls(["call-1"], "w1", LATER))
    await database.write(lambda store: add_call(store, a_call(summary="Two"), sha="sha-2"))
    assert await database.write(lambda store: store.due_calls(NOW, 9)) == []
    await database.write(lambda store: store.finish_calls("call-1", 1))
    assert await database.write(lambda store: store.due_calls(NOW, 9)) == ["call-1"]
    await database.write(lambda store: store.finish_calls("call-1", 2))
    assert await database.write(lambda store: store.due_calls(LATER, 9)) == []


async def test_a_delivery_is_new_once_until_it_is_forgotten(database: Database) -> None:
    assert await database.write(lambda store: store.first_time("evt_1", NOW))
    assert not await database.write(lambda store: store.first_time("evt_1", LATER))
    assert await database.write(lambda store: store.forget_deliveries(NOW)) == 0
    assert await database.write(lambda store: store.forget_deliveries(LATER)) == 1
    assert await database.write(lambda store: store.first_time("evt_1", LATER))


async def test_a_case_file_holds_the_decisions_of_the_current_version_only(database: Database) -> None:
    def write(store: Store) -> None:
        open_case(store)
        store.add_decision(a_decision("U1"), entry=WORKED)
        store.add_proposal(a_proposal(version=2))
        store.save_case(a_case(version=2, revision=2), entry=WORKED, now=NOW)
        store.add_decision(a_decision("U3", 2, decided_at=LATER), entry=WORKED)
        store.add_decision(a_decision("U2", 2), entry=WORKED)

    await database.write(write)
    file = await database.read(lambda store: store.case_file("C-1"))
    assert file is not None
    assert file.case == a_case(version=2, revision=2)
    assert file.proposal == a_proposal(version=2)
    assert [decision.user_id for decision in file.decisions] == ["U2", "U3"]
    assert await database.read(lambda store: store.case_file("C-9")) is None


async def test_a_second_decision_or_one_on_a_version_never_proposed_is_not_written(database: Database) -> None:
    await database.write(open_case)
    assert await database.write(lambda store: store.add_decision(a_decision(), entry=WORKED))
    assert not await database.write(lambda store: store.add_decision(a_decision(reason="again"), entry=WORKED))
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.add_decision(a_decision(version=2), entry=WORKED))
    assert await database.read(lambda store: store.decisions("C-1", 1)) == (a_decision(),)
    assert len(await database.read(lambda store: store.history("C-1"))) == 2


async def test_saving_a_case_that_does_not_exist_is_refused(database: Database) -> None:
    with pytest.raises(NotStored, match="C-1"):
        await database.write(lambda store: store.save_case(a_case(), entry=WORKED, now=NOW))


async def test_a_call_has_one_live_case_at_a_time(database: Database) -> None:
    await database.write(open_case)
    with pytest.raises(RuleBroken):
        await database.write(lambda store: open_case(store, 2, call_id="call-1"))


async def test_cases_are_found_by_what_people_type(database: Database) -> None:
    def write(store: Store) -> None:
        for number in (3, 1, 2):
            open_case(store, number, owner=f"team-{number}", kind=Kind.DISPUTE if number == 2 else Kind.REFUND)
        store.save_case(a_case(3, state=CaseState.EXPIRED, revision=2), entry=WORKED, now=NOW)

    await database.write(write)

    async def found(**wanted: object) -> list[str]:
        cases = await database.read(lambda store: store.find_cases(**wanted))  # type: ignore[arg-type]  # test table
        return [case.case_id for case in cases]

    assert await found() == ["C-1", "C-2", "C-3"]
    assert await found(limit=1) == ["C-1"]
    assert await found(text="c-2") == ["C-2"]
    assert await found(text="ÉMILE ex") == ["C-1", "C-2", "C-3"]
    assert await found(text="100% sure", states=(CaseState.OPEN,)) == ["C-1", "C-2"]
    assert await found(text="1%5") == []
    assert await found(kind=Kind.DISPUTE, owner="team-2") == ["C-2"]
    assert await found(owner="team-1", states=(CaseState.EXPIRED,)) == []
    assert await database.read(lambda store: store.count_cases()) == {"open": 2, "expired": 1}


async def test_the_database_knows_the_moves_of_the_lifecycle_and_no_others(
    database: Database, database_url: str
) -> None:
    rows = raw_rows(database_url, "SELECT thing, from_state, to_state FROM moves")
    moves = {("case", *move) for move in CASE_MOVES} | {("execution", *move) for move in EXECUTION_MOVES}
    assert sorted(rows) == sorted(moves)
    for table, state in (("cases", CaseState), ("executions", ExecutionState)):
        assert_check_allows_exactly(database_url, table, [str(member) for member in state])


def assert_check_allows_exactly(url: str, table: str, states: list[str]) -> None:
    """Read the constraint back from the database's own catalogue."""
    if url.startswith("sqlite"):
        found = raw_rows(url, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")
        listed = found[0][0].split("state IN (")[1].split(")")[0]
    else:
        found = raw_rows(
            url,
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            f"WHERE conrelid = '{table}'::regclass AND conname = '{table}_state_check'",
        )
        listed = found[0][0].split("ARRAY[")[1].split("]")[0].replace("::text", "")
    assert sorted(word.strip(" '") for word in listed.split(",")) == sorted(states)


@pytest.mark.parametrize("state", [CaseState.DONE, CaseState.STUCK])
async def test_a_wrong_move_of_a_case_is_refused_by_the_database(database: Database, state: CaseState) -> None:
    await database.write(open_case)
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.save_case(a_case(state=state, revision=2), entry=WORKED, now=NOW))
    case = await database.read(lambda store: store.case("C-1"))
    assert case == a_case()


async def test_a_wrong_move_of_an_execution_is_refused_by_the_database(database: Database) -> None:
    await database.write(approve_case)
    succeeded = an_execution(state=ExecutionState.SUCCEEDED)
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.save_execution(succeeded, entry=WORKED, now=NOW))


async def test_a_key_means_one_effect_for_ever(database: Database) -> None:
    await database.write(approve_case)
    await database.write(lambda store: store.add_executions([an_execution()], entry=WORKED, now=NOW))
    another = an_execution(fingerprint="another")
    with pytest.raises(KeyReused, match="call-1/refund/1"):
        await database.write(lambda store: store.add_executions([another], entry=WORKED, now=NOW))
    assert await database.read(lambda store: store.executions("C-1")) == (an_execution(),)


async def test_one_execution_of_a_case_runs_at_a_time(database: Database) -> None:
    await database.write(lambda store: approve_case(store, executions=2))
    await database.write(lambda store: store.save_execution(running(an_execution()), entry=WORKED, now=NOW))
    second = running(an_execution(position=1))
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.save_execution(second, entry=WORKED, now=NOW))


async def test_executions_are_due_when_they_wait_or_when_their_lease_ran_out(database: Database) -> None:
    await database.write(lambda store: approve_case(store, executions=2))

    async def due(now: object) -> list[str]:
        found = await database.write(lambda store: store.due_executions(now, 9))  # type: ignore[arg-type]  # a time
        return [execution.key for execution in found]

    assert await due(NOW - SECOND) == []
    assert await due(NOW) == ["call-1/refund/1"]
    await database.write(lambda store: store.save_execution(running(an_execution()), entry=WORKED, now=NOW))
    assert await due(LATER - SECOND) == []
    assert await due(LATER) == ["call-1/refund/1"]


async def test_executions_of_a_stuck_case_are_not_due(database: Database) -> None:
    await database.write(approve_case)
    stuck = a_case(state=CaseState.STUCK, revision=3)
    await database.write(lambda store: store.save_case(stuck, entry=WORKED, now=NOW))
    assert await database.write(lambda store: store.due_executions(LATER, 9)) == []


async def test_a_receipt_is_stored_once_and_comes_back_with_its_execution(database: Database) -> None:
    await database.write(approve_case)
    await database.write(lambda store: store.save_execution(running(an_execution()), entry=WORKED, now=NOW))
    done = running(an_execution()).model_copy(
        update={"state": ExecutionState.SUCCEEDED, "receipt": Receipt(vendor_id="re_1", url="https://example.com/re_1")}
    )
    await database.write(lambda store: store.save_execution(done, entry=WORKED, now=NOW))
    again = done.model_copy(update={"receipt": Receipt(vendor_id="re_2")})
    await database.write(lambda store: store.save_execution(again, entry=WORKED, now=NOW))
    assert await database.read(lambda store: store.execution(done.key)) == done
    assert await database.read(lambda store: store.executions("C-1")) == (done,)


async def test_an_attempt_is_written_before_and_completed_once(database: Database) -> None:
    await database.write(approve_case)
    await database.write(lambda store: store.add_attempt(an_attempt()))
    assert await database.read(lambda store: store.attempts("call-1/refund/1")) == [an_attempt()]
    ended = an_attempt().model_copy(update={"ended_at": LATER, "outcome": Outcome.UNSURE, "detail": "No answer."})
    await database.write(lambda store: store.end_attempt(ended))
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.end_attempt(ended))
    with pytest.raises(RuleBroken):
        await database.write(lambda store: store.add_attempt(an_attempt()))
    assert await database.read(lambda store: store.attempts("call-1/refund/1")) == [ended]


async def test_released_leases_make_running_executions_and_held_rows_due(database: Database) -> None:
    def write(store: Store) -> None:
        add_call(store, a_call())
        store.lease_calls(["call-1"], "w1", LATER)
        approve_case(store)
        store.save_execution(running(an_execution()), entry=WORKED, now=NOW)
        store.add_card(a_card(lease_owner="w1", lease_until=LATER))

    await database.write(write)
    assert await database.write(lambda store: store.release_leases("w2")) == 0
    assert await database.write(lambda store: store.release_leases("w1")) == 3
    assert await database.write(lambda store: store.due_calls(NOW, 9)) == ["call-1"]
    assert [found.key for found in await database.write(lambda store: store.due_executions(NOW, 9))]
    assert await database.write(lambda store: store.due_cards(NOW, 9)) == [a_card()]


async def test_the_next_due_time_is_the_earliest_of_all_kinds_of_work(database: Database) -> None:
    assert await database.read(lambda store: next_due(store, NOW)) is None

    def write(store: Store) -> None:
        approve_case(store)
        store.save_execution(running(an_execution(), until=LATER), entry=WORKED, now=NOW)
        store.add_card(a_card(due_at=LATER - SECOND))
        store.add_call(a_call(2), body_sha256="x", received_at=NOW, due_at=LATER + SECOND, entry=RECEIVED, chain="C-2")

    await database.write(write)
    assert await database.read(lambda store: next_due(store, NOW)) == LATER - SECOND
    assert await database.read(lambda store: next_due(store, LATER - SECOND)) == LATER
    assert await database.read(lambda store: next_due(store, LATER)) == LATER + SECOND
