"""A fake QuickBooks Online company: queries, invoices to mail, refund receipts, credit memos, customers, tokens.

`state.quickbooks["revoked"]` set to true makes every token worthless, and `state.quickbooks["mails"]` lists what was
mailed. `state.quickbooks["touch"]` set to a customer's id changes that record once, just before the next write to it,
as somebody else would.
"""

from sandbox.quickbooks.panel import panel
from sandbox.quickbooks.seeds import ACCOUNT, CLIENT_ID, ITEM, REALM, REFRESH_TOKEN, seed
from sandbox.quickbooks.server import PREFIX, TOKEN_PATH, routes

__all__ = [
    "ACCOUNT",
    "CLIENT_ID",
    "ITEM",
    "PREFIX",
    "REALM",
    "REFRESH_TOKEN",
    "TOKEN_PATH",
    "panel",
    "routes",
    "seed",
]
