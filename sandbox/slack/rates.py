"""Limit requests by Slack's rates, as token buckets."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple


class Rate(NamedTuple):
    per_s: float
    burst: float  # requests allowed at once after a pause


POSTING: Final = Rate(1.0, 3)  # a channel: about one post a second, short bursts tolerated
TIER_2: Final = Rate(20 / 60, 20)
TIER_3: Final = Rate(50 / 60, 50)
TIER_4: Final = Rate(100 / 60, 100)


class Rates:
    """Hold one bucket for each key; `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float], *, limited: bool) -> None:
        self._clock = clock
        self._limited = limited
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> (tokens left, at)

    def take(self, key: str, rate: Rate) -> int:
        """Take one token and return 0, or take none and return the whole seconds of `Retry-After`."""
        if not self._limited:
            return 0
        now = self._clock()
        left, at = self._buckets.get(key, (rate.burst, now))
        left = min(rate.burst, left + max(0.0, now - at) * rate.per_s)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        return 0 if allowed else math.ceil((1 - left) / rate.per_s)

    def forget(self) -> None:
        self._buckets.clear()
