"""Draw all chance of one run from one seed: what breaks, when, and how badly. Nothing else here draws numbers."""

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

HOT = 0.07  # in so many runs a border is one where the process stops almost surely, so that rare ones get their turn
OFTEN = 100
STALL_S = (61.0, 150.0)  # longer than a lease: another process takes the row over


class Fate(StrEnum):
    """Name what becomes of one request."""

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
    """Draw the faults of one run. `severity` differs from seed to seed: some runs go far, some break often."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.severity = self.rng.choice((0.3, 0.7, 1.0, 1.6))
        self.calm = False
        self._hot: dict[str, bool] = {}

    def happens(self, chance: float) -> bool:
        """Draw whether a fault happens; none does once the run is calm."""
        drawn = self.rng.random()
        return not self.calm and drawn < chance * self.severity

    def stops(self, border: str, chance: float) -> bool:
        """Draw whether a process stops at this border; at a hot one it soon does, once."""
        if border not in self._hot:
            self._hot[border] = self.often(HOT)
        if not self.happens(0.5 if self._hot[border] else chance):
            return False
        self._hot[border] = False
        return True

    def often(self, chance: float) -> bool:
        """Draw whether people or vendors do something; they do in a calm run too."""
        return self.rng.random() < chance

    def between(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def fate(self, trouble: float, *, write: bool) -> Fate:
        """Draw the fate of a request. `trouble`: how often a write goes wrong at severity 1; reads do much less."""
        table = _WRITES if write else _READS
        if not self.happens(trouble if write else trouble / 6):
            return Fate.ANSWERED
        return self.rng.choices(list(table), list(table.values()))[0]


@dataclass
class Tally:
    """Count what was exercised: a simulation that does nothing shows here."""

    counts: Counter[str] = field(default_factory=Counter)
    borders: Counter[str] = field(default_factory=Counter)  # passed, or stopped at
    crashed_at: Counter[str] = field(default_factory=Counter)

    @property
    def never_crashed_at(self) -> list[str]:
        """Return the borders that were passed often and never crashed at."""
        return sorted(name for name, n in self.borders.items() if n >= OFTEN and not self.crashed_at[name])

    def add(self, other: "Tally") -> None:
        self.counts += other.counts
        self.borders += other.borders
        self.crashed_at += other.crashed_at

    def __str__(self) -> str:
        lines = [f"{count:>8,} {what}" for what, count in sorted(self.counts.items())]
        return "\n".join([*lines, f"{len(self.crashed_at):>8,} borders crashed at, of {len(self.borders)}"])
