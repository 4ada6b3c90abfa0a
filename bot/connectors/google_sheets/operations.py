"""Add a row to a tab exactly once, and set its status later."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from bot.connectors.base import Operation
from bot.connectors.google.client import SHEETS, OneLine
from bot.connectors.google_sheets.client import TITLE, SheetsApi
from bot.connectors.google_sheets.records import ROW, Mark, Place, append_batch, mark_ids, status_update, url_of
from bot.connectors.parameters import Reference
from bot.core.model import Frozen, Receipt
from bot.http.errors import Refused

Cell = Annotated[str, StringConstraints(max_length=5000)]  # a tenth of what Sheets takes: a queue is read by people


class AppendRow(Frozen):
    """Describe a row of the tab `sheet`: key, status, call, case, and then the cells as they are."""

    sheet: OneLine
    cells: tuple[Cell, ...] = Field(max_length=20)
    reference: Reference


class SetStatus(Frozen):
    """Set the status of a row; `row_key` is the execution key under which it was appended."""

    row_key: str = Field(min_length=1, max_length=500)
    status: OneLine


async def append_row(api: SheetsApi, params: AppendRow, key: str) -> Receipt:
    """Add a row. Row, values and a metadata id made from our key come in one batch.

    Sheets refuses the whole batch where the id exists already.
    """
    if mark := await api.mark(key):
        return _receipt(api, mark, "An earlier try of this step had added the row.")
    tab = await api.tab(params.sheet)
    for mark_id in mark_ids(key):
        batch = append_batch(tab, _row(params, key), mark_id, key)
        try:
            reply = await api.post(":batchUpdate", batch)
        except Refused as no:
            if no.reason not in {"invalid", "exists"}:
                raise
            if mark := await api.mark(key):
                return _receipt(api, mark, "An earlier try of this step had added the row.")
            if not await api.is_taken(mark_id, key):
                raise
            continue
        place = Place.model_validate({"sheetId": tab.sheet_id, "startIndex": ROW})
        url = url_of(api.spreadsheet, place)
        return Receipt(vendor_id=str(mark_id), url=url, request_id=reply.request_id)
    raise Refused(f"{TITLE} has other rows under every id that this step may use: add the row by hand.")


async def set_status(api: SheetsApi, params: SetStatus, key: str) -> Receipt:
    """Set one cell of the row that carries the key: a repeat ends in the same state."""
    mark = await api.mark(params.row_key)
    if mark is None:
        raise Refused("The row is no longer in the sheet: somebody deleted it, or it was never added.")
    reply = await api.post("/values:batchUpdateByDataFilter", status_update(params.row_key, params.status))
    return _receipt(api, mark).model_copy(update={"request_id": reply.request_id})


async def find_row(api: SheetsApi, params: AppendRow, key: str) -> Receipt | None:
    mark = await api.mark(key)
    return _receipt(api, mark) if mark else None


async def find_status(api: SheetsApi, params: SetStatus, key: str) -> Receipt | None:
    mark = await api.mark(params.row_key)
    return _receipt(api, mark) if mark and await api.status(params.row_key) == params.status else None


def _row(params: AppendRow, key: str) -> tuple[str, ...]:
    reference = params.reference
    return (key, reference.state or "open", reference.call, reference.link or reference.case, *params.cells)


def _receipt(api: SheetsApi, mark: Mark, note: str | None = None) -> Receipt:
    url = url_of(api.spreadsheet, mark.location.dimension_range)
    return Receipt(vendor_id=str(mark.metadata_id), url=url, note=note)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "append_row": Operation(AppendRow, append_row, find_row, SHEETS),
    "set_status": Operation(SetStatus, set_status, find_status, SHEETS),
}
