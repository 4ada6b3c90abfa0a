"""What Zendesk knows about a case: the customer's unsolved tickets. Pure: a record comes in, a fact goes out."""

import re
from collections.abc import Callable

from bot.connectors.zendesk.client import Found
from bot.core.model import Fact

MakeFact = Callable[..., Fact]


def query_for(email: str | None) -> str | None:
    """None for what is no plain address: a search has operators of its own, and the address comes from a call."""
    if email is None or re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", email) is None:
        return None
    return f'type:ticket status<solved requester:"{email}"'


def tickets_fact(found: Found, link: Callable[[int], str], fact: MakeFact) -> Fact:
    """`ticket_id` and `url` are the newest ticket's; the search lags behind by some seconds."""
    if not found.results:
        return fact(name="tickets", values={"count": 0}, sentence="No open ticket of this customer")
    newest = max(one.id for one in found.results)
    count = max(found.count, len(found.results))
    noun = "open ticket" if count == 1 else "open tickets"
    sentence = f"{count} {noun} of this customer, newest {newest}"
    values = {"count": count, "ticket_id": str(newest), "url": link(newest)}
    return fact(name="tickets", values=values, sentence=sentence, url=link(newest))
