"""Talk to Google Sheets: rows found by their marks, their values, and the tabs of our spreadsheet."""

from collections.abc import Sequence
from typing import Final, Unpack

from bot.connectors.base import Client, token
from bot.connectors.google.client import SHEETS, GoogleSettings, google_http, hosts
from bot.connectors.google_sheets.records import Found, Mark, Marks, Properties, Spreadsheet, Tab, by_key
from bot.http.client import Reply, Wiring, in_path, to_json
from bot.http.errors import Refused

TITLE: Final = "Google Sheets"


class SheetsSettings(GoogleSettings):
    """Hold GOOGLE_*; `spreadsheet` is the id of the one that we write to and people share with the service account."""

    spreadsheet: str


class SheetsApi(Client):
    """Ask Google Sheets; `tabs` are those that have to be there."""

    def __init__(self, settings: SheetsSettings, tabs: Sequence[str] = (), **wiring: Unpack[Wiring]) -> None:
        addresses = hosts(settings.api_url)
        self.spreadsheet, self._needed = settings.spreadsheet, tabs
        self._path = f"/v4/spreadsheets/{in_path(settings.spreadsheet)}"
        super().__init__(google_http(TITLE, settings.account(), (SHEETS,), addresses.sheets, addresses.token, **wiring))

    async def check(self) -> str:
        try:
            names = [tab.properties.title for tab in await self.tabs()]
        except Refused as no:
            words = f"{no.sentence} Check GOOGLE_SPREADSHEET, and share it with that address as an editor."
            raise Refused(words, reason=no.reason) from None
        if missing := " and no tab ".join(tab for tab in self._needed if tab not in names):
            raise Refused(f"The spreadsheet has no tab {missing}: add it, with a heading in row 1.")
        return f"{TITLE} answers and shows us the spreadsheet with the tabs {', '.join(names)}."

    async def post(self, path: str, body: object) -> Reply:
        return await self.http.write_json("POST", f"{self._path}{path}", body)

    async def mark(self, key: str) -> Mark | None:
        asked = to_json({"dataFilters": [by_key(key)]}).encode()
        reply = await self.http.ask(f"{self._path}/developerMetadata:search", asked)
        matched = self.http.record(Marks, reply).matched_developer_metadata
        return matched[0].developer_metadata if matched else None

    async def is_taken(self, mark_id: int, key: str) -> bool:
        """Return whether another key's row holds this id."""
        mark = await self.http.get_optional(Mark, f"{self._path}/developerMetadata/{mark_id}")
        return mark is not None and mark.metadata_value != token(key)

    async def status(self, row_key: str) -> str | None:
        found = await self.values({"dataFilters": [by_key(row_key)], "majorDimension": "ROWS"})
        rows = [row for values in found.value_ranges for row in values.value_range.values]
        return str(rows[0][1]) if rows and len(rows[0]) > 1 else None

    async def values(self, asked: object) -> Found:
        reply = await self.http.ask(f"{self._path}/values:batchGetByDataFilter", to_json(asked).encode())
        return self.http.record(Found, reply)

    async def tabs(self) -> list[Tab]:
        return (await self.http.get(Spreadsheet, self._path, {"fields": "sheets.properties(sheetId,title)"})).sheets

    async def tab(self, title: str) -> Properties:
        for tab in await self.tabs():
            if tab.properties.title == title:
                return tab.properties
        raise Refused(f"The spreadsheet has no tab named {title}: add it there, or correct the name.")
