"""Say where the tests find what lies outside their own folders."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
REPOSITORY = TESTS.parent
SHIPPED_POLICY = REPOSITORY / "policy.toml"
DIALNEXA_SAMPLES = TESTS / "samples" / "dialnexa"
RELEASED_DATABASES = TESTS / "released"
CONTRACT_FILES = TESTS / "contracts"
REFERENCE_FILES = REPOSITORY.parent / "shared" / "reference"  # absent elsewhere: contract tests then say why they skip
