"""Look up what Drive knows about a case: the stored document of its invoice."""

import re
from collections.abc import Mapping
from typing import Final

from bot.connectors.base import Inquiry, Lookup
from bot.connectors.google_drive.client import DriveApi, quoted
from bot.core.model import Fact


async def _document(api: DriveApi, inquiry: Inquiry) -> Fact | None:
    """Tell of the one document that names exactly this invoice; where there are several nobody can say which."""
    number = (inquiry.details.fields.invoice_number or "").strip()
    if not number:
        return None
    query = f"name contains {quoted(number)} and {quoted(api.folder)} in parents and trashed = false"
    # Drive's search also gives INV-20431 for INV-2043, somebody else's
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(number)}(?![A-Za-z0-9])", re.IGNORECASE)
    found = [document for document in await api.listed(query) if whole.search(document.name)]
    if not found:
        return inquiry.fact("document", missing=f"Our folder in Google Drive has no document of {number}.")
    if len(found) > 1:
        words = f"Our folder in Google Drive has {len(found)} documents of {number}: pick one by hand."
        return inquiry.fact("document", missing=words)
    values = {"document_id": found[0].id, "name": found[0].name, "url": found[0].url}
    return inquiry.fact("document", values=values, sentence=f"Stored as {found[0].name}", url=found[0].url)


LOOKUPS: Final[Mapping[str, Lookup]] = {"document": _document}
