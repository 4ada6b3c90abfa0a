"""Serve Zendesk: the ticket of a call, and notes on it; the customer's open tickets.

    idempotent   looks first: tickets are listed by external_id (the call id; exact, it does not lag) and their comments
                 searched for the step's mark. A new ticket also carries Idempotency-Key (kept 2 hours); a note carries
                 safe_update and the ticket's stamp, so one that lands late meets another stamp and is refused
    find         the same look
    refusals     `refusal` in client.py; fields are named, never quoted
    secrets      OAuth client credentials, in oauth.py; API tokens end on 30 April 2027 and are not used
    contract     tests/contract/test_zendesk.py against the published OpenAPI file
    exempt       stamps count seconds: two changes within one second are told apart by nobody

Every comment is internal. A closed ticket takes no note: its follow-up does; of a merged one a new ticket is made,
since Zendesk names the other ticket in words only. Without an e-mail the ticket's requester is the client's own user.
"""

from bot.connectors.base import Connector
from bot.connectors.zendesk.client import TITLE, ZendeskApi, ZendeskSettings
from bot.connectors.zendesk.facts import LOOKUPS
from bot.connectors.zendesk.operations import OPERATIONS


class ZendeskConnector(Connector):
    """Reach Zendesk."""

    api: ZendeskApi
    name = "zendesk"
    title = TITLE
    settings = ZendeskSettings
    client = ZendeskApi
    table = OPERATIONS
    lookups = LOOKUPS
