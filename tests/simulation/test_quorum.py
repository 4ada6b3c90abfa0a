"""Execute nothing without a quorum of that version, whatever the sequence of clicks, edits, delegations and time steps.

`unit/policy/test_quorum.py` shows it for the policy alone; here it goes through the transactions and a real database.
QUORUM_SEED=<n> and QUORUM_ROUNDS=<n> try other sequences, and more of them.
"""

import os
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.cases import calls as case_calls
from bot.cases import decisions
from bot.cases.calls import CallHistory
from bot.cases.clicks import Click
from bot.core.model import Call
from bot.core.people import Person
from bot.core.slack_ids import CaseRef
from bot.core.triage import case_id_of
from storage import Store
from tests.simulation.mutations import OF_THE_QUORUM
from tests.simulation.quorum.machine import Quorum
from tests.simulation.quorum.reference_model import PEOPLE, START
from tests.simulation.quorum.world import ABLE, POLICIES, details, looked_up
from tests.support.inline import InlineDatabase

SEED = int(os.environ.get("QUORUM_SEED", "2026"))
ROUNDS = int(os.environ.get("QUORUM_ROUNDS", "8"))
ENOUGH = 40  # rounds, for a mutation to show
ROUND = settings(
    max_examples=10,  # from the eleventh on hypothesis only varies what it has seen: many rounds reach further
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=[check for check in HealthCheck if check is not HealthCheck.differing_executors],
)


def play(first: int, rounds: int, how: settings = ROUND) -> None:
    """Play rounds; the same number plays the same round."""
    for number in range(first, first + rounds):
        try:
            run_state_machine_as_test(seed(number)(Quorum), settings=how)
        except BaseException as fault:
            fault.add_note(f"replay it with QUORUM_SEED={number} QUORUM_ROUNDS=1")
            raise


@pytest.mark.timeout(600)  # a sequence that is found is made short, and that takes a while
def test_whatever_happens_nothing_runs_without_a_quorum_of_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nQUORUM_SEED={SEED} QUORUM_ROUNDS={ROUNDS}")
    play(SEED, ROUNDS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", OF_THE_QUORUM)
def test_a_mutation_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation = OF_THE_QUORUM[name]
    mutation.apply(monkeypatch)
    as_found = settings(ROUND, phases=(Phase.generate,))
    with pytest.raises(AssertionError, match=f"^(?:{mutation.breaks})"):
        play(mutation.first, ENOUGH, as_found)


def test_a_charge_that_many_calls_are_about_is_paid_once() -> None:
    """Approve more calls about a charge than one card shows."""
    database, calls = InlineDatabase(), [f"call-{n}" for n in range(12)]

    def opened(store: Store, call_id: str) -> None:
        said = details("refund", "15.00 USD", "pi_1", sure=0.97)
        case_calls.receive(
            store, Call(call_id=call_id, event="call.completed", details=said), body_sha256="1", now=START
        )
        told, found = CallHistory(call_id, tuple(store.calls_of(call_id))), looked_up("found", "pi_1", START)
        case_calls.settle(store, told, found, policy=POLICIES["plain"], available_operations=ABLE, now=START)

    def approved(store: Store, call_id: str) -> str | None:
        person = Person(user_id=PEOPLE[0], groups=frozenset({"finance"}))
        click = Click(person=person, ref=CaseRef(case_id_of(call_id), 1), identity=call_id)
        return decisions.approve(store, click, policy=POLICIES["plain"], now=START).text

    for call_id in calls:
        database.run(partial(opened, call_id=call_id))
    answers = [database.run(partial(approved, call_id=call_id)) or "paid" for call_id in reversed(calls)]
    assert [answer.partition(":")[0] for answer in answers] == ["paid", *["Already paid"] * (len(calls) - 1)]
