"""Print figures as an aligned table: what, median, spread, aim."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    measured: str
    spread: str
    aim: str


def row(what: str, figures: Sequence[float], aim: str, *, unit: str = "", digits: int | None = None) -> Row:
    """Return a row: the median, with the least and the most of the repetitions."""
    middle = statistics.median(figures)
    places = digits if digits is not None else (0 if middle >= 100 else 1)

    def shown(figure: float) -> str:
        return f"{figure:,.{places}f}"

    spread = f"{shown(min(figures))} to {shown(max(figures))} in {len(figures)}"
    return Row(what, shown(middle) + unit, spread, aim)


def table(rows: Sequence[Row]) -> str:
    lines = [Row("", "median", "spread", "aim"), *rows]
    widths = [max(len(cells[column]) for cells in lines) for column in range(4)]
    what, measured, spread, aim = widths
    return "\n".join(
        f"{one.what:<{what}}  {one.measured:>{measured}}  {one.spread:<{spread}}  {one.aim:<{aim}}".rstrip()
        for one in lines
    )
