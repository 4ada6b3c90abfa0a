"""Test that a policy is called by what it says, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.policy.file import read_policy
from tests.support.policies import HEADER, ONE, TWO

TABLES = ("[time]\nreminders = []\n", *(f"[{part}]\n" for part in ("limits", "automatic", "intake", "vip")))
LIMITED = 'up_to = { USD = "100.00", EUR = "90.00" }\n'
BANDS = f"[[bands]]\n{LIMITED}{ONE}[[bands]]\n{TWO}"
SETTINGS = (*TABLES, BANDS, HEADER, '[fields]\nsum = "amount"\n', '[kinds.refund]\ndue = "1d"\n', "[kinds.dispute]\n")
COMMENTS = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"))


@given(order=st.permutations(SETTINGS), comment=COMMENTS)
def test_comments_and_the_order_of_tables_never_change_the_version(order: list[str], comment: str) -> None:
    plain = read_policy("".join(SETTINGS))
    commented = read_policy("".join(table.replace("\n", f"  # {comment}\n") for table in order))
    assert commented.version == plain.version


@pytest.mark.parametrize(("old", "new"), [("100.00", "100.01"), ("@f", "@g"), ("quorum = 2", "quorum = 3")])
def test_any_change_of_what_it_says_changes_the_version(old: str, new: str) -> None:
    text = "".join(SETTINGS)
    assert read_policy(text.replace(old, new)).version != read_policy(text).version
