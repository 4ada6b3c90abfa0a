"""Hold the two state tables as data. The database repeats them in a trigger."""

from bot.core.model import CaseState as C
from bot.core.model import ExecutionState as E

CASE_MOVES: frozenset[tuple[C, C]] = frozenset(
    {
        (C.OPEN, C.APPROVED),
        (C.OPEN, C.REJECTED),
        (C.OPEN, C.EXPIRED),
        (C.APPROVED, C.DONE),
        (C.APPROVED, C.STUCK),
        (C.STUCK, C.APPROVED),  # a person pressed retry
        (C.STUCK, C.DONE),  # a person settled it by hand
    }
)

EXECUTION_MOVES: frozenset[tuple[E, E]] = frozenset(
    {
        (E.PENDING, E.RUNNING),
        (E.RUNNING, E.SUCCEEDED),
        (E.RUNNING, E.REFUSED),  # the vendor said no, and will again
        (E.RUNNING, E.PENDING),  # unavailable: surely nothing happened
        (E.RUNNING, E.UNSURE),  # it may have happened
        (E.UNSURE, E.RUNNING),  # same key; look first, then act
        (E.REFUSED, E.PENDING),  # a person mended the cause and pressed retry; same key
        (E.PENDING, E.BY_HAND),  # no connector: a person does it
        (E.BY_HAND, E.SUCCEEDED),  # and says so
    }
)


class WrongMove(Exception):
    """Report a change of state that the tables do not have: a bug, never a user's mistake."""


def move_case(old: C, new: C) -> C:
    if (old, new) not in CASE_MOVES:
        raise WrongMove(f"a case cannot go from {old} to {new}")
    return new


def move_execution(old: E, new: E) -> E:
    if (old, new) not in EXECUTION_MOVES:
        raise WrongMove(f"an execution cannot go from {old} to {new}")
    return new
