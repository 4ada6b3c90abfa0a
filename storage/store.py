"""Hold the store: all verbs of one transaction, over one engine's session."""

from datetime import UTC, datetime

from storage.calls import Calls
from storage.cards import Cards
from storage.cases import Cases
from storage.duplicates import Links
from storage.figures import Figures
from storage.notices import Notices, Timers
from storage.people import People
from storage.replay import Replays
from storage.session import to_text
from storage.tokens import Tokens
from storage.verify import Verification

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

RELEASE_EXECUTIONS = """
UPDATE executions SET lease_until = :long_ago WHERE state = 'running' AND lease_owner LIKE :owners ESCAPE '!'
"""
RELEASE_CALLS = """
UPDATE calls SET lease_owner = NULL, lease_until = NULL WHERE lease_owner LIKE :owners ESCAPE '!'
"""
RELEASE_CARDS = """
UPDATE cards SET lease_owner = NULL, lease_until = NULL WHERE lease_owner LIKE :owners ESCAPE '!'
"""
RELEASE_NOTICES = """
UPDATE notices SET lease_owner = NULL, lease_until = NULL WHERE lease_owner LIKE :owners ESCAPE '!'
"""


class Store(Calls, Cases, Cards, Timers, Notices, People, Links, Tokens, Figures, Replays, Verification):
    """Hold all verbs; valid inside one function given to `Database.write` or `Database.read`, never afterwards."""

    def release_leases(self, owner_prefix: str | None = None) -> int:
        """End leases and return their number; only where no holder is still at work. What was running becomes due."""
        prefix = (owner_prefix or "").replace("!", "!!").replace("%", "!%").replace("_", "!_")
        params = {"owners": prefix + "%", "long_ago": to_text(LONG_AGO)}
        leased = (RELEASE_EXECUTIONS, RELEASE_CALLS, RELEASE_CARDS, RELEASE_NOTICES)
        return sum(self._session.run(statement, params) for statement in leased)
