"""Pace posts to a channel: Slack tolerates about one post a second and channel, and short bursts."""

from datetime import datetime, timedelta

BURST = 2  # one less than Slack bears: posts may bunch up on their way, and a 429 would cost the channel more


class Pace:
    """Hold a token bucket a channel. `per_second` 0 means no pacing (benchmarks against a fake)."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, tuple[datetime, float]] = {}  # channel -> (as of, tokens)
        self._closed: dict[str, datetime] = {}  # channel -> when Slack said it may go on

    def take(self, channel: str, now: datetime) -> bool:
        """Take a token; return whether one post may go out now."""
        if not self._per_second:
            return True
        tokens = self._tokens(channel, now)
        if tokens < 1 or self._closed.get(channel, now) > now:
            return False
        self._buckets[channel] = (now, tokens - 1)
        return True

    def wait(self, channel: str, until: datetime) -> None:
        self._closed[channel] = until

    def closed(self, now: datetime) -> frozenset[str]:
        """Return the channels that have nothing to spare just now."""
        return frozenset(
            channel for channel in self._buckets.keys() | self._closed if self.ready_at(channel, now) > now
        )

    def ready_at(self, channel: str, now: datetime) -> datetime:
        if not self._per_second:
            return now
        short = max(0.0, 1 - self._tokens(channel, now))
        return max(self._closed.get(channel, now), now + timedelta(seconds=short / self._per_second))

    def _tokens(self, channel: str, now: datetime) -> float:
        as_of, tokens = self._buckets.get(channel, (now, float(BURST)))
        return min(float(BURST), tokens + (now - as_of).total_seconds() * self._per_second)
