"""Describe the level: transactions on a database without servers; its other fixtures are those of the root."""

import pytest

from tests.support.backtests import Past
from tests.support.shell import shell

__all__ = ["shell"]


@pytest.fixture
def past() -> Past:
    """Return a history that is still empty, under the shipped policy."""
    return Past()
