"""Check that the rules about imports hold, and that each reports a violation planted in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.places import REPOSITORY
from tools.imports import (
    CORE_MAY_IMPORT,
    RULES,
    SHARED_CONNECTORS,
    Tree,
    connectors_stand_alone,
    core_is_pure,
    every_module_has_a_layer,
    handlers_know_cases_and_core,
    main,
    sandbox_is_alone,
    vendor_packages,
)

Rule = Callable[[Tree], Iterator[str]]
FOLDERS = ("bot", "handlers", "storage", "sandbox")
CORE, CASES, HANDLER = "bot/core/money.py", "bot/cases/clicks.py", "handlers/vendors.py"
REAL = Tree(REPOSITORY)
VENDORS = [package.rpartition(".")[2] for package in vendor_packages(REAL)]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("copy")
    for folder in FOLDERS:
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return Tree(root)


@pytest.fixture
def plant(copy: Tree) -> Iterator[Callable[[str, str], None]]:
    """Return a function that adds a line to a file of the copy, or makes the file; undone after the test."""
    before: dict[Path, str | None] = {}

    def add(place: str, line: str) -> None:
        path = copy.root / place
        before.setdefault(path, path.read_text(encoding="utf-8") if path.exists() else None)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{before[path] or ''}\n{line}\n", encoding="utf-8")

    yield add
    for path, text in before.items():
        if text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_tree_keeps_every_rule(rule: Rule) -> None:
    assert list(rule(REAL)) == []


PLANTED: list[tuple[Rule, str, str, str]] = [
    (core_is_pure, CORE, "import os", "bot.core imports os"),
    (core_is_pure, CORE, "from os import environ", "bot.core imports os.environ"),
    (core_is_pure, CORE, "import random", "bot.core imports random"),
    (core_is_pure, CORE, "from time import time", "bot.core imports time.time"),
    (core_is_pure, CORE, "import logging", "bot.core imports logging"),
    (core_is_pure, CORE, "def f():\n    import socket", "bot.core imports socket"),
    (core_is_pure, CORE, "from io import open as o", "bot.core imports io.open"),
    (core_is_pure, CORE, "from bot.cases import clicks", "bot.core imports bot.cases.clicks"),
    (core_is_pure, CORE, "from ..http import errors", "bot.core imports bot.http.errors"),
    (core_is_pure, CORE, "def f(x): return x.now()", "bot.core calls .now()"),
    (core_is_pure, CORE, "def f(x): return x.today()", "bot.core calls .today()"),
    (core_is_pure, CORE, "CLOCK = datetime.now", "bot.core names datetime.now"),
    (core_is_pure, CORE, "def f(path): return open(path)", "bot.core uses open"),
    (core_is_pure, CORE, "print(1)", "bot.core uses print"),
    (connectors_stand_alone, "bot/connectors/base.py", "import storage", "a connector imports storage"),
    (connectors_stand_alone, "bot/connectors/ninth/__init__.py", "from bot.slack import Slack", "bot.slack"),
    (connectors_stand_alone, "bot/connectors/google/client.py", "from bot.connectors import gmail", "gmail"),
    (connectors_stand_alone, "bot/connectors/oauth.py", "from bot.connectors.stripe import client", "stripe.client"),
    (handlers_know_cases_and_core, HANDLER, "from storage import Store", "a handler gets storage.store.Store"),
    (handlers_know_cases_and_core, HANDLER, "from bot.cases import Store", "storage.store.Store from bot.cases"),
    (handlers_know_cases_and_core, HANDLER, "from bot.cases.clicks import Store", "a handler gets storage.store.Store"),
    (handlers_know_cases_and_core, HANDLER, "def f(x: vendor_events.Store): ...", "a handler gets storage.store.Store"),
    (handlers_know_cases_and_core, HANDLER, "import bot.cases.clicks as c\nX = c.Store", "gets storage.store.Store"),
    (handlers_know_cases_and_core, HANDLER, "import bot.cases.clicks\nX = bot.cases.clicks.Store", "store.Store"),
    (handlers_know_cases_and_core, HANDLER, "import bot.jobs", "a handler gets bot.jobs"),
    (sandbox_is_alone, "sandbox/faults.py", "from bot.core import money", "sandbox imports bot.core.money"),
    (sandbox_is_alone, "sandbox/slack/rules.py", "import tests.support", "sandbox imports tests.support"),
    (sandbox_is_alone, "bot/cli/demo.py", "from sandbox import app", "bot imports sandbox.app"),
    (every_module_has_a_layer, "bot/helpers.py", "", "stands in no layer"),
]


@pytest.mark.parametrize(("rule", "place", "line", "fault"), PLANTED)
def test_a_planted_violation_is_reported_with_its_place(
    copy: Tree, plant: Callable[[str, str], None], rule: Rule, place: str, line: str, fault: str
) -> None:
    plant(place, line)
    (found,) = rule(copy)
    assert found.startswith(f"{place}:")
    assert fault in found


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_vendor_may_import_rows_cases_slack_or_another_vendor(
    copy: Tree, plant: Callable[[str, str], None], vendor: str
) -> None:
    others = ("storage", "bot.cases", "bot.slack", f"bot.connectors.{VENDORS[VENDORS.index(vendor) - 1]}")
    plant(f"bot/connectors/{vendor}/client.py", "\n".join(f"from {other} import x" for other in others))
    found = list(connectors_stand_alone(copy))
    assert [fault.rpartition(" ")[2] for fault in found] == [f"{other}.x" for other in others]


def test_every_vendor_on_disk_is_found_without_a_list() -> None:
    folders = {path.name for path in (REPOSITORY / "bot/connectors").iterdir() if (path / "__init__.py").exists()}
    assert {"fidel", "stripe"} <= set(VENDORS) == folders - SHARED_CONNECTORS


def test_the_list_of_what_core_may_import_holds_nothing_that_it_does_not_import() -> None:
    imported = {found.path for module in REAL.below("bot/core") for found in module.imports}
    unused = [name for name in CORE_MAY_IMPORT if not any(f"{path}.".startswith(f"{name}.") for path in imported)]
    assert unused == []


def test_everything_beyond_the_standard_library_has_its_reason_in_the_list() -> None:
    plain = {name.split(".")[0] for name, reason in CORE_MAY_IMPORT.items() if not reason}
    assert plain <= {*sys.stdlib_module_names, "pydantic"}


def test_a_violation_makes_lint_fail(
    copy: Tree, plant: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(copy.root) == 0
    plant(CORE, "import random")
    assert main(copy.root) == 1
    assert f"{CORE}:" in capsys.readouterr().out


def test_an_arrow_that_points_up_is_reported_by_import_linter(copy: Tree, plant: Callable[[str, str], None]) -> None:
    plant(CASES, "from bot.jobs import base")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy.root)}
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    ran = subprocess.run(command, cwd=copy.root, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "bot.cases.clicks -> bot.jobs.base" in ran.stdout
