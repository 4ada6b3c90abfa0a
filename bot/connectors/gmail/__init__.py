"""Serve Gmail: a draft for people, a mail that goes out once, with a document where one is asked for, and a reply.

idempotent   Gmail has no key and writes its own Message-ID. A draft is the once-only token: it is made first, and
             sending it makes it disappear, so that a second sending is a 404 and never a second mail. After an
             unsure sending the draft is read by its id: there, it did not go; gone, it went
find         a code in the subject is searched in drafts and sent mails, and a header with the key's digest decides
             which hit is ours; a reply is found by reading its thread
refusals     google/refusals.py, line breaks in header values, documents over the limit
secrets      the service account's key only signs; errors hold no address and no text of a mail
contract     tests/contract/test_google.py against google.gmail.v1.openapi.json, tests/contract/test_google_clients.py
exempt       a search may lag behind a sending whose answer was lost, and whose draft could not be read either:
             `send` leaves that to a person. A draft that people edit may lose our header, and is then theirs
"""

from bot.connectors.base import Connector
from bot.connectors.gmail.client import TITLE, GmailApi, GmailSettings
from bot.connectors.gmail.facts import LOOKUPS
from bot.connectors.gmail.operations import OPERATIONS


class GmailConnector(Connector):
    """Reach Gmail."""

    api: GmailApi
    name = "gmail"
    title = TITLE
    settings = GmailSettings
    client = GmailApi
    table = OPERATIONS
    lookups = LOOKUPS
