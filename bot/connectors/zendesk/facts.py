"""Look up what Zendesk knows about a case: the customer's unsolved tickets."""

import re
from collections.abc import Mapping
from typing import Final

from bot.connectors.base import Inquiry, Lookup
from bot.connectors.zendesk.client import ZendeskApi
from bot.core.model import Fact


async def _tickets(api: ZendeskApi, inquiry: Inquiry) -> Fact | None:
    """Tell of the newest ticket; the search lags behind by some seconds."""
    query = _query(inquiry.details.fields.email)
    if query is None:
        return None
    found = await api.search(query)
    if not found.results:
        return inquiry.fact("tickets", values={"count": 0}, sentence="No open ticket of this customer")
    newest = max(ticket.id for ticket in found.results)
    count = max(found.count, len(found.results))
    noun = "open ticket" if count == 1 else "open tickets"
    sentence, url = f"{count} {noun} of this customer, newest {newest}", api.link(newest)
    values = {"count": count, "ticket_id": str(newest), "url": url}
    return inquiry.fact("tickets", values=values, sentence=sentence, url=url)


def _query(email: str | None) -> str | None:
    """Return None for what is no plain address: a search has operators of its own, and the address is a caller's."""
    if email is None or re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", email) is None:
        return None
    return f'type:ticket status<solved requester:"{email}"'


LOOKUPS: Final[Mapping[str, Lookup]] = {"tickets": _tickets}
