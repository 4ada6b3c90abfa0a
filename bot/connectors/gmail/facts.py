"""Look up whether our mailbox has mail about a case."""

import re
from collections.abc import Mapping
from typing import Final

from bot.connectors.base import Inquiry, Lookup
from bot.connectors.gmail.client import GmailApi
from bot.core.model import Fact

WORD: Final = r"^[\w.@+-]{1,254}$"  # what a search takes as one word


async def _thread(api: GmailApi, inquiry: Inquiry) -> Fact | None:
    number, email = inquiry.details.fields.invoice_number, inquiry.details.fields.email
    words = [f'"{number}"'] if number and re.fullmatch(WORD, number) else []
    words += [f"{{from:{email} to:{email}}}"] if email and re.fullmatch(WORD, email) else []
    if not words:
        return None
    threads = await api.threads(" ".join(words))
    if not threads:
        return inquiry.fact("thread", missing="Our mailbox has no mail about it.")
    count = f"{len(threads)} mail threads are" if len(threads) > 1 else "One mail thread is"
    values = {"thread_id": threads[0].id, "count": len(threads)}
    url = f"https://mail.google.com/mail/#all/{threads[0].id}"
    return inquiry.fact("thread", values=values, sentence=f"{count} about it", url=url)


LOOKUPS: Final[Mapping[str, Lookup]] = {"thread": _thread}
