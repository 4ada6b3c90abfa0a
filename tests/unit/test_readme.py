"""Look up what the README promises."""

import re
from pathlib import Path

import pytest

from bot.core.lifecycle import CASE_MOVES, EXECUTION_MOVES
from tests.support.places import REPOSITORY

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FILE = re.compile(r"`((?:bot|handlers|storage|sandbox|tests|tools|docs)/[\w/.-]+)(?:::(\w+))?`")
EXAMPLE = re.compile("acme|credit_check")  # made up, to show how something is added
TOUR = (REPOSITORY / "docs" / "tour.md").read_text(encoding="utf-8")

page = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.name))


@page
def test_every_file_and_every_test_that_a_page_names_exists(page: Path) -> None:
    for place, test in FILE.findall(page.read_text(encoding="utf-8")):
        path = REPOSITORY / place
        assert path.exists() or EXAMPLE.search(place), place
        assert not test or re.search(rf"^(async )?def {test}\(", path.read_text(encoding="utf-8"), re.MULTILINE), test


@page
def test_every_page_and_picture_that_a_page_links_exists(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert link.startswith("http") or (page.parent / link).exists(), link


def test_what_auditors_ask_is_proved_by_tests() -> None:
    assert len(re.findall(r"`tests/[\w/]+\.py::\w+`", PAGES[0].read_text(encoding="utf-8"))) >= 7


def test_the_spine_has_at_most_twelve_files() -> None:
    steps = re.findall(r"^(\d+)\. `", TOUR, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) <= 12


def test_the_pictures_of_the_states_show_the_two_tables() -> None:
    cases, executions = (
        {tuple(move) for move in re.findall(r"^  (\w+) --> (\w+)", picture, re.MULTILINE)}
        for picture in TOUR.split("stateDiagram-v2")[1:]
    )
    assert cases == {(old.value, new.value) for old, new in CASE_MOVES}
    assert executions == {(old.value, new.value) for old, new in EXECUTION_MOVES}
