"""Provide the sandbox's parts on real sockets: its Slack with a bot that records, or one vendor."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox import vendors
from tests.support.sandbox import Sandbox, running


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Yield the whole sandbox with a bot that records."""
    async with running() as sandbox:
        yield sandbox


@pytest.fixture
async def api(request: pytest.FixtureRequest) -> AsyncIterator[vendors.Vendor]:
    """Yield the vendor that the test's module names by its `ROOT`."""
    async with vendors.running(request.module.ROOT) as vendor:
        yield vendor
