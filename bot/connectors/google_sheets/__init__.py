"""Serve Google Sheets: a row added to a tab exactly once, its status set later, and whether a case has rows already.

    idempotent   `append_row`: one batch inserts the row, writes it and marks it with developer metadata. A batch is all
                 or nothing and a metadata id is unique in its spreadsheet; ours is made from the key, so a second batch
                 fails as a whole with 400, which means "there already" once the row is found by its full key. Where
                 another key holds the same 31 bits the next of four ids is tried. `set_status`: the same end state
    find         by the mark, which stays with its row when people sort; by the status cell of that row
    refusals     google/refusals.py, and a tab or a row that is not there
    secrets      the service account's key only signs; cells are never in errors
    contract     tests/contract/test_google.py (google.sheets.v4.openapi.json) and test_google_clients.py
    exempt       a row that people delete loses its mark: a try that is still open then would add it again

A tab has a heading row: key, status, call, case, then whatever the cells are. A new row comes below the heading.
"""

from bot.connectors.base import Connector
from bot.connectors.google_sheets.client import TITLE, SheetsApi, SheetsSettings
from bot.connectors.google_sheets.facts import LOOKUPS
from bot.connectors.google_sheets.operations import OPERATIONS


class SheetsConnector(Connector):
    """Reach Google Sheets."""

    api: SheetsApi
    name = "sheets"
    title = TITLE
    settings = SheetsSettings
    client = SheetsApi
    table = OPERATIONS
    lookups = LOOKUPS
