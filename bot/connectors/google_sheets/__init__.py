"""Google Sheets: a row added to a tab exactly once, its status set later, and whether a case has rows already.

    idempotent   `append_row`: one batch inserts the row, writes it and marks it with developer metadata. A batch is all
                 or nothing and a metadata id is unique in its spreadsheet; ours is made from the key, so a second batch
                 fails as a whole with 400, which means "there already" once the row is found by its full key. Where
                 another key holds the same 31 bits the next of four ids is tried. `set_status`: the same end state
    find         by the mark, which stays with its row when people sort; by the status cell of that row
    refusals     google_refusals.py, and a tab or a row that is not there
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      the service account's key only signs; cells are never in errors
    contract     tests/contract/test_google.py (google.sheets.v4.openapi.json) and test_google_clients.py
    exempt       a row that people delete loses its mark: a try that is still open then would add it again

A tab has a heading row: key, status, call, case, then whatever the cells are. A new row comes below the heading.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import httpx

from bot.connectors.base import parsed_params, token
from bot.connectors.google import client as google
from bot.connectors.google.client import ServiceAccount
from bot.connectors.google_sheets.operations import OPERATIONS, AppendRow, SetStatus
from bot.connectors.google_sheets.records import (
    ROW,
    Found,
    Mark,
    Marks,
    Place,
    Properties,
    Spreadsheet,
    append_batch,
    by_key,
    count_rows,
    mark_ids,
    row_of,
    status_update,
    url_of,
    whole,
)
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import JSON, TOTAL_S, Reply, in_path, to_json
from bot.http.errors import ConnectorError, Refused

TITLE: Final = "Google Sheets"


class SheetsConnector:
    """`spreadsheet` is the id of the one spreadsheet that we write to; people share it with the service account.

    `tabs` are those that have to be there; `check` names what is missing.
    """

    name = "sheets"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        account: ServiceAccount,
        spreadsheet: str,
        base_url: str | None = None,
        *,
        tabs: Sequence[str] = (),
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        hosts = google.hosts(base_url)
        scopes = (google.SHEETS,)
        self._line = google.line(
            TITLE, account, scopes, hosts.sheets, hosts.token, transport=transport, total_s=total_s
        )
        self._http = self._line.http
        self._spreadsheet, self._needed = spreadsheet, tabs
        self._path = f"/v4/spreadsheets/{in_path(spreadsheet)}"

    async def perform(self, action: Action, key: str) -> Receipt:
        match parsed_params(TITLE, OPERATIONS, action):
            case AppendRow() as params:
                return await self._append(params, key)
            case SetStatus() as params:
                return await self._set_status(params)
        raise Refused(f"{TITLE} has no operation {action.operation!r} here.")

    async def find(self, action: Action, key: str) -> Receipt | None:
        match parsed_params(TITLE, OPERATIONS, action):
            case AppendRow():
                mark = await self._mark(key)
                return self._receipt(mark) if mark else None
            case SetStatus() as params:
                mark = await self._mark(params.row_key)
                return self._receipt(mark) if mark and await self._status(params.row_key) == params.status else None
        return None

    async def check(self) -> str:
        try:
            names = [one.properties.title for one in (await self._tabs()).sheets]
        except Refused as no:
            words = f"{no.sentence} Check GOOGLE_SPREADSHEET, and share it with that address as an editor."
            raise Refused(words, reason=no.reason) from None
        if missing := " and no tab ".join(tab for tab in self._needed if tab not in names):
            raise Refused(f"The spreadsheet has no tab {missing}: add it, with a heading in row 1.")
        return f"{TITLE} answers and shows us the spreadsheet with the tabs {', '.join(names)}."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        fields = details.fields
        stated = (fields.invoice_number, fields.payment_id, fields.transaction_id, fields.subscription_id)
        words = [word for word in stated if word]
        if "rows" not in wanted or not words:
            return ()
        fact = partial(Fact, name="rows", source=TITLE, observed_at=now)
        try:
            tabs = (await self._tabs()).sheets
            asked = {"dataFilters": whole(tabs), "majorDimension": "ROWS", "valueRenderOption": "UNFORMATTED_VALUE"}
            count = count_rows(await self._values(asked), words)
        except ConnectorError as error:
            return (fact(missing=error.sentence, failed=error.passes),)
        rows = {0: "No row", 1: "One row"}.get(count, f"{count} rows")
        url = url_of(self._spreadsheet, Place())
        return (fact(values={"count": count}, sentence=f"{rows} in our spreadsheet about it", url=url),)

    async def close(self) -> None:
        await self._line.close()

    async def _append(self, params: AppendRow, key: str) -> Receipt:
        if mark := await self._mark(key):
            return self._receipt(mark, "An earlier try of this step had added the row.")
        tab = await self._tab(params.sheet)
        for mark_id in mark_ids(key):
            batch = append_batch(tab, row_of(params, key), mark_id, key)
            try:
                reply = await self._post(":batchUpdate", batch)
            except Refused as no:
                if no.reason not in {"invalid", "exists"}:
                    raise
                if mark := await self._mark(key):
                    return self._receipt(mark, "An earlier try of this step had added the row.")
                if not await self._is_taken(mark_id, key):
                    raise
                continue
            place = Place.model_validate({"sheetId": tab.sheet_id, "startIndex": ROW})
            url = url_of(self._spreadsheet, place)
            return Receipt(vendor_id=str(mark_id), url=url, request_id=reply.request_id)
        raise Refused(f"{TITLE} has other rows under every id that this step may use: add the row by hand.")

    async def _set_status(self, params: SetStatus) -> Receipt:
        mark = await self._mark(params.row_key)
        if mark is None:
            raise Refused("The row is no longer in the sheet: somebody deleted it, or it was never added.")
        reply = await self._post("/values:batchUpdateByDataFilter", status_update(params.row_key, params.status))
        return self._receipt(mark).model_copy(update={"request_id": reply.request_id})

    async def _post(self, path: str, body: object) -> Reply:
        return await self._http.write("POST", f"{self._path}{path}", to_json(body).encode(), JSON)

    async def _mark(self, key: str) -> Mark | None:
        asked = to_json({"dataFilters": [by_key(key)]}).encode()
        reply = await self._http.ask(f"{self._path}/developerMetadata:search", asked)
        return next(
            (one.developer_metadata for one in self._http.record(Marks, reply).matched_developer_metadata), None
        )

    async def _is_taken(self, mark_id: int, key: str) -> bool:
        """Whether another key's row holds this id."""
        try:
            reply = await self._http.read(f"{self._path}/developerMetadata/{mark_id}")
        except Refused as no:
            if no.reason == "not_found":
                return False
            raise
        return self._http.record(Mark, reply).metadata_value != token(key)

    async def _status(self, row_key: str) -> str | None:
        found = await self._values({"dataFilters": [by_key(row_key)], "majorDimension": "ROWS"})
        rows = [row for one in found.value_ranges for row in one.value_range.values]
        return str(rows[0][1]) if rows and len(rows[0]) > 1 else None

    async def _values(self, asked: object) -> Found:
        reply = await self._http.ask(f"{self._path}/values:batchGetByDataFilter", to_json(asked).encode())
        return self._http.record(Found, reply)

    async def _tabs(self) -> Spreadsheet:
        reply = await self._http.read(self._path, {"fields": "sheets.properties(sheetId,title)"})
        return self._http.record(Spreadsheet, reply)

    async def _tab(self, title: str) -> Properties:
        for one in (await self._tabs()).sheets:
            if one.properties.title == title:
                return one.properties
        raise Refused(f"The spreadsheet has no tab named {title}: add it there, or correct the name.")

    def _receipt(self, mark: Mark, note: str | None = None) -> Receipt:
        url = url_of(self._spreadsheet, mark.location.dimension_range)
        return Receipt(vendor_id=str(mark.metadata_id), url=url, note=note)
