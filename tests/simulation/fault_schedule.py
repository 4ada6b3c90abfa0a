"""All chance of one run, out of one seed: what breaks, when, and how badly. Nothing else here draws numbers."""

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

HOT = 0.07  # in so many runs a border is one where the process stops almost surely, so that rare ones get their turn
OFTEN = 100
STALL_S = (61.0, 150.0)  # longer than a lease: another process takes the row over


class Fate(StrEnum):
    """What becomes of one request."""

    ANSWERED = "answered"
    UNREACHED = "unreached"  # no connection, so surely no effect
    BUSY = "busy"  # 429
    FAILED = "failed"  # an error of the vendor's own, without effect
    FAILED_AFTER = "failed after the effect"
    CUT = "cut"  # the line broke before the effect
    CUT_AFTER = "cut after the effect"
    GARBAGE = "garbage after the effect"  # an answer that nobody can read
    LATE = "late effect"  # the effect comes after the asker has given up
    HANG = "hang"  # neither effect nor answer


EFFECT_WITHOUT_ANSWER = frozenset({Fate.FAILED_AFTER, Fate.CUT_AFTER, Fate.GARBAGE, Fate.LATE})
_WRITES = {
    Fate.UNREACHED: 3,
    Fate.BUSY: 4,
    Fate.FAILED: 2,
    Fate.FAILED_AFTER: 3,
    Fate.CUT: 2,
    Fate.CUT_AFTER: 6,
    Fate.GARBAGE: 2,
    Fate.LATE: 8,
    Fate.HANG: 1,
}
_READS = {Fate.UNREACHED: 1, Fate.BUSY: 1, Fate.FAILED: 1, Fate.CUT: 1, Fate.HANG: 1}


class FaultSchedule:
    """`severity` differs from seed to seed: calm runs go far, stormy ones break often."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.severity = self.rng.choice((0.3, 0.7, 1.0, 1.6))
        self.calm = False
        self._hot: dict[str, bool] = {}

    def happens(self, chance: float) -> bool:
        """A fault; never once the weather is calm."""
        drawn = self.rng.random()
        return not self.calm and drawn < chance * self.severity

    def stops(self, border: str, chance: float) -> bool:
        """Whether a process stops at this border; at a hot one it soon does, once."""
        if border not in self._hot:
            self._hot[border] = self.often(HOT)
        if not self.happens(0.5 if self._hot[border] else chance):
            return False
        self._hot[border] = False
        return True

    def often(self, chance: float) -> bool:
        """What people and vendors do, in any weather."""
        return self.rng.random() < chance

    def between(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def fate(self, trouble: float, *, write: bool) -> Fate:
        """`trouble`: how often a write goes wrong at severity 1; reads do much less."""
        table = _WRITES if write else _READS
        if not self.happens(trouble if write else trouble / 6):
            return Fate.ANSWERED
        return self.rng.choices(list(table), list(table.values()))[0]


@dataclass
class Tally:
    """What was exercised: a simulation that does nothing shows here."""

    counts: Counter[str] = field(default_factory=Counter)
    borders: Counter[str] = field(default_factory=Counter)  # passed, or stopped at
    crashed_at: Counter[str] = field(default_factory=Counter)

    @property
    def never_crashed_at(self) -> list[str]:
        """Of the borders that were passed often enough to tell."""
        return sorted(name for name, n in self.borders.items() if n >= OFTEN and not self.crashed_at[name])

    def add(self, other: "Tally") -> None:
        self.counts += other.counts
        self.borders += other.borders
        self.crashed_at += other.crashed_at

    def __str__(self) -> str:
        lines = [f"{count:>8,} {what}" for what, count in sorted(self.counts.items())]
        return "\n".join([*lines, f"{len(self.crashed_at):>8,} borders crashed at, of {len(self.borders)}"])
