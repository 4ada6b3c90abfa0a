"""Say what another policy would have made of the stored cases: nothing is decided, and nothing is written.

`evaluate` looks at one case by itself; `replay` goes through cases in time order, since limits are about a day; `count`
says what differs. Most cases need no time order, so that parts of them are shared out among processes (`part_of`), and
`add_up` goes through the rest. A stored approval counts as it was given, at its time; an approval that a policy would
not accept alone is counted as "not enough".
"""

from bot.core.backtest.counts import Counts, Part, Report, add_up, differences, part_of
from bot.core.backtest.evaluation import Stored, Trial, channel, evaluate, triage_again
from bot.core.backtest.replay import Ruled, replay

__all__ = [
    "Counts",
    "Part",
    "Report",
    "Ruled",
    "Stored",
    "Trial",
    "add_up",
    "channel",
    "differences",
    "evaluate",
    "part_of",
    "replay",
    "triage_again",
]
