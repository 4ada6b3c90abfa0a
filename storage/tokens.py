"""Store refresh tokens that vendors rotate, sealed by the caller; one process at a time may use one."""

from datetime import datetime

from storage.audit import History
from storage.session import to_text

CLAIM = """
INSERT INTO tokens (system, lease_owner, lease_until) VALUES (:system, :owner, :until)
ON CONFLICT (system) DO UPDATE SET lease_owner = excluded.lease_owner, lease_until = excluded.lease_until
WHERE tokens.lease_until IS NULL OR tokens.lease_until <= :now
"""
SEALED = "SELECT sealed FROM tokens WHERE system = :system"
SAVE = """
INSERT INTO tokens (system, sealed, saved_at) VALUES (:system, :sealed, :now)
ON CONFLICT (system) DO UPDATE SET sealed = excluded.sealed, saved_at = excluded.saved_at
"""
RELEASE = """
UPDATE tokens SET lease_owner = NULL, lease_until = NULL WHERE system = :system AND lease_owner = :owner
"""


class Tokens(History):
    """Lease and store one sealed refresh token a system."""

    def claim_token(self, system: str, owner: str, until: datetime, now: datetime) -> bool:
        """Lease this system's token and return True, or False while somebody else holds it."""
        times = {"until": to_text(until), "now": to_text(now)}
        return self._session.run(CLAIM, {"system": system, "owner": owner, **times}) == 1

    def sealed_token(self, system: str) -> str | None:
        """Return the sealed token, or None before the first was saved."""
        row = self._session.row(SEALED, {"system": system})
        return None if row is None else row[0]

    def save_token(self, system: str, sealed: str, now: datetime) -> None:
        """Replace the sealed token."""
        self._session.run(SAVE, {"system": system, "sealed": sealed, "now": to_text(now)})

    def release_token(self, system: str, owner: str) -> None:
        """End the lease if this owner holds it."""
        self._session.run(RELEASE, {"system": system, "owner": owner})
