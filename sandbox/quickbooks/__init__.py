"""Simulate a QuickBooks Online company: queries, mailed invoices, refund receipts, credit memos, customers, tokens.

`state.quickbooks["revoked"]` set to true invalidates every token, and `state.quickbooks["mails"]` lists the mails sent.
`state.quickbooks["touch"]` set to a customer's id changes that record once, just before the next write to it, as
another user would.
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
