"""Serve QuickBooks Online: invoices sent again, refund receipts, credit memos, billing addresses.

    idempotent   every POST carries a `requestid` made of our key; since Intuit does not say how long it remembers one,
                 refund receipts and credit memos also carry a DocNumber made of the key, which is looked up first
    find         by that DocNumber; by the address itself; a mailed invoice is looked at right after an unsure try
                 (its delivery time moved). Exempt: `find` for send_invoice, because no record names the key of a mail
    refusals     `refusal` in client.py, and what the records say before anything is written
    time-outs    by the base: 5 s to connect, 15 s in all; a 429 waits 60 s
    secrets      tokens live in oauth.py and its TokenStore; the refresh token rotates. Sentences hold ids, no e-mail
    contract     tests/contract/test_quickbooks.py against schemas made of Intuit's own XSD
    exempt       a company that numbers its documents itself ignores ours: then `requestid` alone guards a repeat.
                 Tax codes outside the US are sent but were never tried against a live company; a total that differs
                 from the approved amount is said, not hidden. Earlier refunds made by hand are not counted

A refund receipt takes money out of QUICKBOOKS_REFUND_ACCOUNT_ID and books it on QUICKBOOKS_REFUND_ITEM_ID, a product or
service for refunds. What is not set is not offered: without the item neither, without the account no refund receipt.
"""

from bot.connectors.base import Connector
from bot.connectors.quickbooks.client import TITLE, QuickBooksApi, QuickBooksSettings
from bot.connectors.quickbooks.facts import LOOKUPS
from bot.connectors.quickbooks.operations import OPERATIONS


class QuickBooksConnector(Connector):
    """Reach QuickBooks."""

    api: QuickBooksApi
    name = "quickbooks"
    title = TITLE
    settings = QuickBooksSettings
    client = QuickBooksApi
    table = OPERATIONS
    lookups = LOOKUPS

    def left_to_people(self, settings: QuickBooksSettings) -> dict[str, str]:
        item, account = "QUICKBOOKS_REFUND_ITEM_ID", "QUICKBOOKS_REFUND_ACCOUNT_ID"
        off: dict[str, str] = {}
        if not settings.refund_item_id:
            off["credit_memo"] = f"{TITLE} has no operation 'credit_memo' here until {item} is set."
        if not (settings.refund_item_id and settings.refund_account_id):
            off["refund_receipt"] = (
                f"{TITLE} has no operation 'refund_receipt' here until {item} and {account} are set."
            )
        return off
