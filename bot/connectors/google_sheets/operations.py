"""What can be asked of Google Sheets: each operation's parameters, and what makes it safe to repeat."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation, Repeat
from bot.connectors.google.client import OneLine
from bot.connectors.parameters import Reference
from bot.core.model import Frozen

Cell = Annotated[str, StringConstraints(max_length=5000)]  # a tenth of what Sheets takes: a queue is read by people


class AppendRow(Frozen):
    """`sheet` is the tab's name. The row is: key, status, call, case, and then the cells as they are."""

    sheet: OneLine
    cells: tuple[Cell, ...] = Field(max_length=20)
    reference: Reference


class SetStatus(Frozen):
    """`row_key` is the execution key under which the row was appended."""

    row_key: str = Field(min_length=1, max_length=500)
    status: OneLine


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "append_row": Operation(
            AppendRow,
            Repeat.NATURAL,
            False,
            "Row, values and a metadata id made from our key come in one batch: Sheets refuses the whole batch where "
            "the id exists already.",
        ),
        "set_status": Operation(
            SetStatus,
            Repeat.NATURAL,
            False,
            "It sets one cell of the row that carries the key: a repeat ends in the same state.",
        ),
    }
)
