"""Faults on demand: one at a time for each system, kept in the state so that they survive a restart."""

from typing import Final

from sandbox.state import State

SYSTEMS: Final = ("slack", "fidel", "stripe", "zendesk", "quickbooks", "hubspot", "google")


class Faults:
    """Says which fault is switched on for each of SYSTEMS."""

    KINDS: Final = ("none", "slow", "429", "500", "lost_reply", "archived_channel", "old_blocks", "revoked_token")
    SLACK_ONLY: Final = ("archived_channel", "old_blocks")

    def __init__(self, state: State) -> None:
        self._state = state

    def active(self, system: str) -> str:
        return self._state.faults.get(system, "none")

    @classmethod
    def kinds(cls, system: str) -> list[str]:
        return [kind for kind in cls.KINDS if system == "slack" or kind not in cls.SLACK_ONLY]

    def switch(self, system: str, fault: str) -> None:
        """Raises ValueError for a system or a fault that does not exist."""
        if system not in SYSTEMS or fault not in self.kinds(system):
            raise ValueError(f"no fault {fault!r} for {system!r}")
        self._state.faults[system] = fault
        self._state.changed("faults")
