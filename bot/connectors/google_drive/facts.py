"""What Drive knows about a case: the stored document of its invoice. Pure: the records come in, the fact goes out."""

import re
from collections.abc import Callable, Iterable

from bot.connectors.google.documents import Document
from bot.core.model import Fact

MakeFact = Callable[..., Fact]


def fitting(invoice_number: str, listed: Iterable[Document]) -> list[Document]:
    """Those that name exactly this invoice: Drive's search also gives INV-20431 for INV-2043, somebody else's."""
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(invoice_number)}(?![A-Za-z0-9])", re.IGNORECASE)
    return [one for one in listed if whole.search(one.name)]


def document_fact(invoice_number: str, found: list[Document], fact: MakeFact) -> Fact:
    """`missing` where there is none, and where there are several, since nobody can say which one is meant."""
    match found:
        case [one]:
            values = {"document_id": one.id, "name": one.name, "url": one.url}
            return fact(name="document", values=values, sentence=f"Stored as {one.name}", url=one.url)
        case []:
            return fact(name="document", missing=f"Our folder in Google Drive has no document of {invoice_number}.")
    words = f"Our folder in Google Drive has {len(found)} documents of {invoice_number}: pick one by hand."
    return fact(name="document", missing=words)
