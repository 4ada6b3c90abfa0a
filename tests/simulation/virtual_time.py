"""Run an event loop whose clock jumps to the next timer: hours pass in milliseconds, always in the same order."""

import asyncio
import selectors
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Standstill(Exception):
    """Report that every task waits for something nobody will ever do: a fault of the simulation itself."""


class _Jump(selectors.SelectSelector):
    """Let the time that the loop would sleep just pass: nothing is outside that it could wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Standstill
        self.passed_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.passed_s

    def now(self) -> datetime:
        return START + timedelta(seconds=self._jump.passed_s)
