"""No sequence of clicks, edits, delegations and time steps executes anything without a quorum of the version executed.

`tests/test_policy_quorum.py` shows it for the policy alone; here it goes through the transactions and a real database.
QUORUM_SEED=<n> and QUORUM_RUNS=<n> try other sequences, and more of them.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.quorum_machine import Quorum
from tests.quorum_plants import PLANTS

SEED = int(os.environ.get("QUORUM_SEED", "2026"))
RUNS = int(os.environ.get("QUORUM_RUNS", "100"))
ENOUGH = 300  # runs, for every planted fault to show
ALWAYS_THE_SAME = settings(
    max_examples=RUNS,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a sequence that is found is made short, and that takes a while
def test_whatever_happens_nothing_runs_without_a_quorum_of_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nQUORUM_SEED={SEED} QUORUM_RUNS={RUNS}")
    run_state_machine_as_test(seed(SEED)(Quorum), settings=ALWAYS_THE_SAME)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTS[name]
    planted.plant(monkeypatch)
    found = settings(ALWAYS_THE_SAME, max_examples=ENOUGH, phases=(Phase.generate,))
    with pytest.raises(AssertionError, match=planted.breaks):
        run_state_machine_as_test(seed(SEED)(Quorum), settings=found)
