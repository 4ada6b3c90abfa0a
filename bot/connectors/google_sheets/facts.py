"""Look up whether our spreadsheet has rows about a case already."""

from collections.abc import Mapping
from typing import Final

from bot.connectors.base import Inquiry, Lookup
from bot.connectors.google_sheets.client import SheetsApi
from bot.connectors.google_sheets.records import Place, count_rows, url_of, whole
from bot.core.model import Fact


async def _rows(api: SheetsApi, inquiry: Inquiry) -> Fact | None:
    fields = inquiry.details.fields
    words = list(
        filter(None, (fields.invoice_number, fields.payment_id, fields.transaction_id, fields.subscription_id))
    )
    if not words:
        return None
    filters = whole(await api.tabs())
    asked = {"dataFilters": filters, "majorDimension": "ROWS", "valueRenderOption": "UNFORMATTED_VALUE"}
    count = count_rows(await api.values(asked), words)
    rows = {0: "No row", 1: "One row"}.get(count, f"{count} rows")
    sentence, url = f"{rows} in our spreadsheet about it", url_of(api.spreadsheet, Place())
    return inquiry.fact("rows", values={"count": count}, sentence=sentence, url=url)


LOOKUPS: Final[Mapping[str, Lookup]] = {"rows": _rows}
