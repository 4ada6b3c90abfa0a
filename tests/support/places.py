"""Say where the tests find what lies outside their own folders."""

import json
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
REPOSITORY = TESTS.parent
SHIPPED_POLICY = REPOSITORY / "policy.toml"
DIALNEXA_SAMPLES = TESTS / "samples" / "dialnexa"
RELEASED_DATABASES = TESTS / "released"
CONTRACT_FILES = TESTS / "contracts"
REFERENCE_FILES = REPOSITORY.parent / "shared" / "reference"  # absent elsewhere: contract tests then say why they skip


def reference(name: str) -> Any:
    """Return a JSON file of the reference, by its path there; skip the test, and say why, if it is absent."""
    path = REFERENCE_FILES / name
    if not path.exists():
        pytest.skip("contract: ../shared/reference is absent")
    return json.loads(path.read_text(encoding="utf-8"))
