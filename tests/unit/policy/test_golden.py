"""Test every fault of a policy file with its line and its remedy, word for word.

What depends on a broken value is told once that is mended.
"""

import json
from pathlib import Path

import pytest

from bot.core.policy.file import PolicyFaults, read_policy

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN.keys())
def test_a_fault_names_its_line_and_how_to_mend_it(case: dict[str, object]) -> None:
    with pytest.raises(PolicyFaults) as raised:
        read_policy(str(case["policy"]))
    assert [str(fault).removeprefix("policy.toml:") for fault in raised.value.faults] == case["faults"]
