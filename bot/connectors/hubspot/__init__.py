"""Serve HubSpot: notes and tasks on a customer's record; the contact and the renewal deal.

    idempotent   the step's key, as a digest, is the value of a unique property of the note or task; the record is read
                 by that value first (no search: those lag), else upserted under it. Links are default associations,
                 which a repeat sets again
    find         the same read; a record that is not linked to the customer yet is not finished, so it is not found
    refusals     `refusal` in client.py; categories and properties are named, never quoted
    secrets      the token of a private app is a header of the base's client and nowhere else
    contract     tests/contract/test_hubspot.py against the OpenAPI file of HubSpot's own client
    exempt       a customer found by account id or company name comes from the search, which misses records of the last
                 seconds: that refuses a step, it never doubles one

The unique property has to be made once, on notes and on tasks: `check` says so where it is missing. A task needs an
owner who is still there: a task of nobody is done by nobody.
"""

from bot.connectors.base import Connector
from bot.connectors.hubspot.client import TITLE, HubSpotApi, HubSpotSettings
from bot.connectors.hubspot.facts import LOOKUPS
from bot.connectors.hubspot.operations import OPERATIONS


class HubSpotConnector(Connector):
    """Reach HubSpot."""

    api: HubSpotApi
    name = "hubspot"
    title = TITLE
    settings = HubSpotSettings
    client = HubSpotApi
    table = OPERATIONS
    lookups = LOOKUPS
