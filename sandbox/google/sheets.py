"""Answer Sheets: tabs of rows, developer metadata that moves with its row, and batches that are all or nothing."""

import copy
import re
from typing import Any, Final

from aiohttp import web

from sandbox.google.wire import Api, Body, Refusal, Who

COLUMNS: Final = 26


async def read(api: Api, request: web.Request, who: Who) -> Body:
    sheet = _spreadsheet(api, request)
    tabs = [{"properties": {"sheetId": tab["id"], "title": tab["title"]}} for tab in sheet["tabs"]]
    return {"spreadsheetId": sheet["id"], "properties": {"title": sheet["title"]}, "sheets": tabs}


async def batch_update(api: Api, request: web.Request, who: Who) -> Body:
    sheet = _spreadsheet(api, request)
    tried, replies = copy.deepcopy(sheet), []
    for n, asked in enumerate((await request.json())["requests"]):
        ((name, body),) = asked.items()
        if name not in CHANGES:
            raise Refusal(400, f"Invalid JSON payload received. Unknown name \"{name}\" at 'requests[{n}]'")
        try:
            replies.append(CHANGES[name](tried, body))
        except Refusal as no:
            raise Refusal(400, f"Invalid requests[{n}].{name}: {no.message}") from None
    sheet |= tried
    api.state.changed("google")
    return {"spreadsheetId": sheet["id"], "replies": replies}


async def search_metadata(api: Api, request: web.Request, who: Who) -> Body:
    sheet, filters = _spreadsheet(api, request), (await request.json())["dataFilters"]
    found = [(mark, lookup) for mark in sheet["marks"] for lookup in filters if _is(mark, lookup)]
    return {"matchedDeveloperMetadata": [{"developerMetadata": _mark(m), "dataFilters": [f]} for m, f in found]}


async def read_metadata(api: Api, request: web.Request, who: Who) -> Body:
    for mark in _spreadsheet(api, request)["marks"]:
        if str(mark["id"]) == request.match_info["metadata"]:
            return _mark(mark)
    raise Refusal(404, "No developer metadata with that ID was found.")


async def get_values(api: Api, request: web.Request, who: Who) -> Body:
    sheet, found = _spreadsheet(api, request), []
    for lookup in (await request.json())["dataFilters"]:
        if "a1Range" in lookup:
            tab = _tab_named(sheet, lookup["a1Range"])
            found.append(_values(f"{lookup['a1Range']}!A1:Z1000", tab["rows"], lookup))
        for mark in (mark for mark in sheet["marks"] if _is(mark, lookup)):
            tab, row = _tab(sheet, mark["tab"]), mark["row"]
            found.append(_values(f"'{tab['title']}'!A{row + 1}:Z{row + 1}", tab["rows"][row : row + 1], lookup))
    return {"spreadsheetId": sheet["id"], "valueRanges": found}


async def update_values(api: Api, request: web.Request, who: Who) -> Body:
    sheet, body = _spreadsheet(api, request), await request.json()
    if body.get("valueInputOption") not in ("RAW", "USER_ENTERED"):
        raise Refusal(400, "'valueInputOption' is required but not specified")
    responses: list[Body] = []
    for data in body["data"]:
        for mark in (mark for mark in sheet["marks"] if _is(mark, data["dataFilter"])):
            tab, row = _tab(sheet, mark["tab"]), mark["row"]
            entered = [_entered(value, body["valueInputOption"]) for value in data["values"][0]]
            _write(tab, row, entered)
            area = f"'{tab['title']}'!A{row + 1}:{chr(64 + len(entered))}{row + 1}"
            responses.append({"updatedRange": area, "updatedRows": 1, "dataFilter": data["dataFilter"]})
    api.state.changed("google")
    return {"spreadsheetId": sheet["id"], "totalUpdatedRows": len(responses), "responses": responses}


# --- the changes of a batch -----------------------------------------------------------------------------------------


def _insert(sheet: Body, body: Body) -> Body:
    place = body["range"]
    tab, start, end = _tab(sheet, place["sheetId"]), place["startIndex"], place["endIndex"]
    tab["rows"][start:start] = [[] for _ in range(end - start)]
    for mark in sheet["marks"]:
        if mark["tab"] == tab["id"] and mark["row"] >= start:
            mark["row"] += end - start
    return {}


def _update(sheet: Body, body: Body) -> Body:
    start = body["start"]
    if start["columnIndex"] != 0 or body["fields"] != "userEnteredValue":
        raise Refusal(400, "The sandbox writes whole rows only.")
    for n, row in enumerate(body["rows"]):
        entered = [_cell(cell["userEnteredValue"]) for cell in row["values"]]
        if len(entered) > COLUMNS:
            raise Refusal(400, "Attempting to write column beyond the grid.")
        _write(_tab(sheet, start["sheetId"]), start["rowIndex"] + n, entered)
    return {}


def _add_mark(sheet: Body, body: Body) -> Body:
    asked = body["developerMetadata"]
    if any(mark["id"] == asked["metadataId"] for mark in sheet["marks"]):
        raise Refusal(400, f"Developer metadata with ID {asked['metadataId']} already exists.")
    if asked["metadataId"] <= 0 or asked.get("visibility") not in ("DOCUMENT", "PROJECT"):
        raise Refusal(400, "Invalid developer metadata.")
    place = asked["location"]["dimensionRange"]
    mark = {"id": asked["metadataId"], "key": asked["metadataKey"], "value": asked.get("metadataValue", "")}
    sheet["marks"].append({**mark, "tab": place["sheetId"], "row": place["startIndex"]})
    return {"createDeveloperMetadata": {"developerMetadata": _mark(sheet["marks"][-1])}}


CHANGES: Final = {"insertDimension": _insert, "updateCells": _update, "createDeveloperMetadata": _add_mark}


def _cell(value: Body) -> Any:
    return f"FORMULA {value['formulaValue']}" if "formulaValue" in value else next(iter(value.values()))


def _entered(value: Any, how: str) -> Any:
    formula = how == "USER_ENTERED" and isinstance(value, str) and value.startswith("=")
    return f"FORMULA {value}" if formula else value


def _write(tab: Body, row: int, values: list[Any]) -> None:
    """Write values into a row; a null leaves the cell unchanged."""
    tab["rows"] += [[] for _ in range(row + 1 - len(tab["rows"]))]
    cells = tab["rows"][row]
    cells += [""] * (len(values) - len(cells))
    for column, value in enumerate(values):
        cells[column] = cells[column] if value is None else value


# --- look-ups -------------------------------------------------------------------------------------------------------


def _spreadsheet(api: Api, request: web.Request) -> Body:
    sheet: Body | None = api.store["spreadsheets"].get(request.match_info["id"])
    if sheet is None:
        raise Refusal(404, "Requested entity was not found.")
    return sheet


def _tab(sheet: Body, tab_id: int) -> Body:
    for tab in sheet["tabs"]:
        if tab["id"] == tab_id:
            found: Body = tab
            return found
    raise Refusal(400, f"No grid with id: {tab_id}")


def _tab_named(sheet: Body, a1: str) -> Body:
    quoted = re.fullmatch(r"'((?:[^']|'')*)'", a1)
    name = quoted[1].replace("''", "'") if quoted else a1
    for tab in sheet["tabs"]:
        if tab["title"] == name:
            found: Body = tab
            return found
    raise Refusal(400, f"Unable to parse range: {a1}")


def _is(mark: Body, data_filter: Body) -> bool:
    asked = data_filter.get("developerMetadataLookup")
    return asked is not None and (asked["metadataKey"], asked["metadataValue"]) == (mark["key"], mark["value"])


def _mark(mark: Body) -> Body:
    row = mark["row"]
    place = {"sheetId": mark["tab"], "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    named = {"metadataId": mark["id"], "metadataKey": mark["key"], "metadataValue": mark["value"]}
    return {**named, "location": {"locationType": "ROW", "dimensionRange": place}, "visibility": "PROJECT"}


def _values(area: str, rows: list[list[Any]], data_filter: Body) -> Body:
    return {
        "valueRange": {"range": area, "majorDimension": "ROWS", "values": copy.deepcopy(rows)},
        "dataFilters": [data_filter],
    }
