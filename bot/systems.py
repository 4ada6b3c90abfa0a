"""A connector for each system that is configured; the actions of the others become steps for a person.

A connector is imported where it is made: what nobody configured costs neither memory nor time at start.
"""

from collections.abc import Callable
from datetime import datetime

from bot.config import ConfigFaults, Systems
from bot.connectors.base import Connector
from bot.connectors.fidel import FidelConnector
from storage import Database

TABS = ("Disputes", "Collections", "Sent documents", "Exceptions")  # of the spreadsheet, as the playbooks name them


def make_connectors(settings: Systems, db: Database, clock: Callable[[], datetime]) -> dict[str, Connector]:
    """Raises ConfigFaults for a credential that cannot be one."""
    try:
        made = [
            _fidel(settings),
            *_stripe(settings),
            *_zendesk(settings, clock),
            *_quickbooks(settings, db, clock),
            *_hubspot(settings, clock),
            *_google(settings),
        ]
    except ValueError as fault:
        raise ConfigFaults((str(fault),)) from None
    return {connector.name: connector for connector in made}


def _fidel(settings: Systems) -> Connector:
    key = settings.fidel_api_key.get_secret_value()
    return FidelConnector(key, settings.fidel_api_url, reimbursement=settings.fidel_reimbursement)


def _stripe(settings: Systems) -> list[Connector]:
    if settings.stripe_api_key is None:
        return []
    from bot.connectors.stripe import StripeConnector

    return [StripeConnector(settings.stripe_api_key.get_secret_value(), settings.stripe_api_url)]


def _zendesk(settings: Systems, clock: Callable[[], datetime]) -> list[Connector]:
    client_id, secret, url = settings.zendesk_client_id, settings.zendesk_client_secret, settings.zendesk_api_url
    if client_id is None or secret is None or url is None:
        return []
    from bot.connectors.zendesk import ZendeskConnector

    return [ZendeskConnector(client_id, secret.get_secret_value(), url, clock=clock)]


def _quickbooks(settings: Systems, db: Database, clock: Callable[[], datetime]) -> list[Connector]:
    realm_id, client_id = settings.quickbooks_realm_id, settings.quickbooks_client_id
    secret, refresh_token = settings.quickbooks_client_secret, settings.quickbooks_refresh_token
    if realm_id is None or client_id is None or secret is None or refresh_token is None:
        return []
    from bot.connectors.quickbooks import QuickBooksConnector
    from bot.tokens import SealedTokens

    return [
        QuickBooksConnector(
            realm_id,
            client_id,
            secret.get_secret_value(),
            refresh_token.get_secret_value(),
            SealedTokens(db, {"quickbooks": secret.get_secret_value()}, clock),
            settings.quickbooks_api_url,
            settings.quickbooks_token_url,
            refund_item_id=settings.quickbooks_refund_item_id,
            refund_account_id=settings.quickbooks_refund_account_id,
            tax_code=settings.quickbooks_tax_code,
        )
    ]


def _hubspot(settings: Systems, clock: Callable[[], datetime]) -> list[Connector]:
    if settings.hubspot_access_token is None:
        return []
    from bot.connectors.hubspot import HubSpotConnector

    return [
        HubSpotConnector(
            settings.hubspot_access_token.get_secret_value(),
            settings.hubspot_api_url,
            account_property=settings.hubspot_account_property,
            vip_property=settings.hubspot_vip_property,
            renewals=settings.hubspot_renewals,
            clock=clock,
        )
    ]


def _google(settings: Systems) -> list[Connector]:
    """Each of the three on its own, by what it works on: a folder, a spreadsheet, a mailbox."""
    if settings.google_service_account is None:
        return []
    from bot.connectors.gmail import GmailConnector
    from bot.connectors.google.client import ServiceAccount
    from bot.connectors.google_drive import DriveConnector
    from bot.connectors.google_sheets import SheetsConnector

    account, url = (
        ServiceAccount.from_key_file(settings.google_service_account.get_secret_value()),
        settings.google_api_url,
    )
    made: list[Connector] = []
    if settings.google_drive_folder is not None:
        shared_drive, acts_as = settings.google_shared_drive, settings.google_acts_as
        made.append(
            DriveConnector(account, settings.google_drive_folder, url, shared_drive=shared_drive, acts_as=acts_as)
        )
    if settings.google_spreadsheet is not None:
        made.append(SheetsConnector(account, settings.google_spreadsheet, url, tabs=TABS))
    if settings.google_mailbox is not None:
        made.append(GmailConnector(account, settings.google_mailbox, url))
    return made
