"""What another policy would have made of the cases that are stored: nothing is decided, and nothing is written.

`weigh` looks at one case by itself; `replay` goes through cases in time order, since limits are about a day; `count`
says what differs. Most cases need no time order, so that parts of them are shared out among processes (`part_of`), and
`add_up` goes through the rest. A stored approval
counts as it was given, at its time; an approval that a policy would not accept alone is counted as "not enough".
"""

from collections.abc import Iterable

from bot.core.backtest.counts import Changed, Counts, Part, Report, add_up, alike, count, differences
from bot.core.backtest.evaluation import Evaluation, Evaluator, Stored, Trial, channel, kind_for, weigh
from bot.core.backtest.replay import Ruled, replay

__all__ = [
    "Changed",
    "Counts",
    "Evaluation",
    "Evaluator",
    "Part",
    "Report",
    "Ruled",
    "Stored",
    "Trial",
    "add_up",
    "channel",
    "differences",
    "kind_for",
    "part_of",
    "replay",
    "weigh",
]


def part_of(trial: Trial, amount_for_policy: Iterable[Evaluation]) -> Part:
    """All that can be said of these cases without the others."""
    settled: list[Evaluation] = []
    moving: list[Evaluation] = []
    for case in amount_for_policy:
        (moving if case.moves else settled).append(case)
    return count(trial, alike(settled))._replace(moving=moving)
