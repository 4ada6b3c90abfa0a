"""Keep one switchable fault for each system in the state, so that it survives a restart."""

from typing import Final

from sandbox.state import State

SYSTEMS: Final = ("slack", "fidel", "stripe", "zendesk", "quickbooks", "hubspot", "google")


class Faults:
    """Hold the active fault of each of SYSTEMS."""

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
        """Set the fault of a system. Raises ValueError for an unknown system or fault."""
        if system not in SYSTEMS or fault not in self.kinds(system):
            raise ValueError(f"no fault {fault!r} for {system!r}")
        self._state.faults[system] = fault
        self._state.changed("faults")
