"""Promises of the connectors' tables: each operation is whole, safe to repeat, and there for the playbooks."""

import ast
from collections.abc import Iterator

import pytest

from bot.connectors.base import Repeat, not_listed
from bot.core.model import Frozen
from bot.systems import CONNECTORS, connector_class
from tests.support.places import REPOSITORY

KINDS = [connector_class(package, class_name) for _, package, class_name in CONNECTORS]
OPERATIONS = {f"{kind.name}.{name}": row for kind in KINDS for name, row in kind.table.items()}
# no record tells of them; the vendor keeps the key of the first, and repeats of the second do no harm
NOT_LISTED = {"quickbooks.send_invoice", "stripe.portal_link"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_whole(name: str) -> None:
    row = OPERATIONS[name]
    assert issubclass(row.params, Frozen)
    assert row.right.strip() == row.right != ""
    assert row.find is not not_listed or row.repeat is Repeat.PERSON or name in NOT_LISTED


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_makes_it_safe(name: str) -> None:
    row = OPERATIONS[name]
    assert (row.perform.__doc__ or "").strip().endswith(".")
    assert row.key_lasts is None or row.repeat is Repeat.KEY
    # a natural key that the vendor may lift, or a look-up that may be late, is not enough where money moves
    assert row.repeat is not Repeat.NATURAL or not row.moves_money


def test_a_key_that_a_look_up_does_not_back_lasts_for_a_stated_time() -> None:
    stripe = [row for name, row in OPERATIONS.items() if name.startswith("stripe.")]
    assert all((row.key_lasts is not None) == (row.repeat is Repeat.KEY) for row in stripe)
    unlisted = [row for row in OPERATIONS.values() if row.find is not_listed and row.repeat is Repeat.KEY]
    assert all(row.key_lasts for row in unlisted)


def proposed() -> Iterator[str]:
    """Yield every operation that a playbook names: arguments of `step`, and words such as "sheets.append_row"."""
    core = REPOSITORY / "bot" / "core"
    names = {kind.name for kind in KINDS}
    for path in (core / "actions.py", *sorted((core / "playbooks").glob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="step"),
                    args=[_, ast.Constant(value=str(connector)), ast.Constant(value=str(operation)), *_],
                ):
                    if operation != "by_hand":
                        yield f"{connector}.{operation}"
                case ast.Constant(value=str(word)) if word.partition(".")[0] in names and "." in word:
                    yield word


def test_every_operation_that_a_playbook_proposes_exists() -> None:
    names = set(proposed())
    assert {"stripe.refund", "fidel.create_brand", "sheets.append_row"} <= names
    assert names - OPERATIONS.keys() == set()
