"""Provide what every level shares: the databases, an environment without settings, and the mark `server`."""

import pytest
from hypothesis import HealthCheck, settings

from tests.support.databases import cluster, database, database_url, engine, released_url
from tests.support.places import TESTS

__all__ = ["cluster", "database", "database_url", "engine", "released_url"]

# Hypothesis judges by the clock how long an example and its making take; on a busy machine that says nothing.
settings.register_profile("countersign", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("countersign")

SERVER_LEVELS = frozenset({"browser", "connectors", "contract", "flows", "sandbox", "simulation"})
SERVER_FIXTURES = frozenset({"cluster", "open_world", "world"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start servers or take long; `make fast` leaves them out."""
    for item in items:
        assert isinstance(item, pytest.Function)
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        level = item.path.relative_to(TESTS).parts[0]
        if level in SERVER_LEVELS or not SERVER_FIXTURES.isdisjoint(item.fixturenames) or "postgresql" in parameters:
            item.add_marker(pytest.mark.server)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of the developer's own environment, which Bolt and the bot would read."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
