"""Serve Google Drive: a document stored in our folder or shared with one address, and which document an invoice has.

    idempotent   `store`: Drive takes only ids that it gave out itself, so an id cannot be computed from the key, and a
                 connector keeps no rows. The id is therefore taken first (generateIds) and kept at Drive, as a property
                 of our folder named after the key. Every try reads it there, by the folder's id and not by a search,
                 which lags for minutes; creating the same id twice is refused with 409. A folder has room for 30
                 properties, so one is freed when the search lists its file, which the file's own property then finds.
                 `share`: one permission for each address, looked up first
    find         reads the kept id and its file, or the file's property; the list of the file's permissions
    refusals     google/refusals.py
    secrets      the service account's key only signs; errors name ids and our own address, nobody else's
    contract     tests/contract/test_google.py (google.drive.v3.openapi.json) and test_google_clients.py
    exempt       two tries of one key at the same moment could each keep an id of their own; an execution's lease
                 excludes that. A file that people put in the trash counts as stored

The folder has to be a folder, not a shared drive itself: a drive has no properties.
"""

from bot.connectors.base import Connector
from bot.connectors.google_drive.client import TITLE, DriveApi, DriveSettings
from bot.connectors.google_drive.facts import LOOKUPS
from bot.connectors.google_drive.operations import OPERATIONS


class DriveConnector(Connector):
    """Reach Google Drive."""

    api: DriveApi
    name = "drive"
    title = TITLE
    settings = DriveSettings
    client = DriveApi
    table = OPERATIONS
    lookups = LOOKUPS
