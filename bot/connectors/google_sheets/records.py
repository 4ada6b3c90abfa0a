"""Hold rows of a spreadsheet as Google Sheets has them: the batch that adds one exactly once, and how one is found.

Values go in as text (`stringValue`, RAW), so that what a caller said never becomes a formula.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import Field

from bot.connectors.base import token
from bot.connectors.google.client import Record

KEY: Final = "countersign_row"
ROW: Final = 1  # below the heading, counted from 0: the newest row is the first one


class Properties(Record):
    sheet_id: int = 0
    title: str = ""


class Tab(Record):
    properties: Properties


class Spreadsheet(Record):
    sheets: list[Tab] = Field(default_factory=list)


class Place(Record):
    sheet_id: int = 0
    start_index: int = 0


class Location(Record):
    dimension_range: Place = Place()


class Mark(Record):
    """Hold developer metadata: it stays with its row when people sort, insert or move."""

    metadata_id: int
    metadata_value: str = ""
    location: Location = Location()


class Matched(Record):
    developer_metadata: Mark


class Marks(Record):
    matched_developer_metadata: list[Matched] = Field(default_factory=list)


class Values(Record):
    range: str = ""
    values: list[list[Any]] = Field(default_factory=list)


class MatchedValues(Record):
    value_range: Values


class Found(Record):
    value_ranges: list[MatchedValues] = Field(default_factory=list)


def mark_ids(key: str) -> Iterable[int]:
    """Return the ids that a key tries, always in the same order: 31 bits, so another key may hold the first one."""
    digest = hashlib.sha256(key.encode()).digest()
    return [int.from_bytes(digest[n : n + 4], "big") % (2**31 - 1) + 1 for n in (0, 4, 8, 12)]


def by_key(key: str) -> dict[str, Any]:
    return {"developerMetadataLookup": {"metadataKey": KEY, "metadataValue": token(key)}}


def append_batch(tab: Properties, row: Iterable[str], mark_id: int, key: str) -> dict[str, Any]:
    """Return, all or nothing, a new row under the heading, its values, and the mark that can exist only once."""
    place = {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": ROW, "endIndex": ROW + 1}
    cells = [{"userEnteredValue": {"stringValue": cell}} for cell in row]
    mark = {
        "metadataId": mark_id,
        "metadataKey": KEY,
        "metadataValue": token(key),
        "visibility": "PROJECT",
        "location": {"dimensionRange": place},
    }
    start = {"sheetId": tab.sheet_id, "rowIndex": ROW, "columnIndex": 0}
    return {
        "requests": [
            {"insertDimension": {"range": place, "inheritFromBefore": False}},
            {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}},
            {"createDeveloperMetadata": {"developerMetadata": mark}},
        ]
    }


def status_update(row_key: str, status: str) -> dict[str, Any]:
    """Return what sets the second cell of the row; null leaves the first one as it is."""
    data = {"dataFilter": by_key(row_key), "majorDimension": "ROWS", "values": [[None, status]]}
    return {"valueInputOption": "RAW", "data": [data]}


def count_rows(found: Found, words: Iterable[str]) -> int:
    """Return the number of rows in which a cell is one of these words."""
    sought = {word.casefold() for word in words}
    rows = (row for values in found.value_ranges for row in values.value_range.values)
    return sum(any(str(cell).strip().casefold() in sought for cell in row) for row in rows)


def url_of(spreadsheet: str, place: Place) -> str:
    row = place.start_index + 1
    return f"https://docs.google.com/spreadsheets/d/{spreadsheet}/edit#gid={place.sheet_id}&range=A{row}"


def whole(tabs: Iterable[Tab]) -> list[Mapping[str, str]]:
    """Return data filters for everything on these tabs; a quote in a tab's name is doubled."""
    return [{"a1Range": "'" + tab.properties.title.replace("'", "''") + "'"} for tab in tabs]
