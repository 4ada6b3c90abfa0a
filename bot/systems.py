"""Make a connector for each system that is configured; the actions of the others become steps for a person.

A connector is imported where it is made: what nobody configured costs neither memory nor time at start.
"""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, Final

from bot.config import ConfigFaults, Systems
from bot.connectors.base import Connector
from storage import Database

TABS: Final = ("Disputes", "Collections", "Sent documents", "Exceptions")  # of the spreadsheet, as playbooks name them

CONNECTORS: Final = (  # the setting that switches one on, its package, its class
    ("fidel_api_key", "fidel", "FidelConnector"),
    ("stripe_api_key", "stripe", "StripeConnector"),
    ("zendesk_client_id", "zendesk", "ZendeskConnector"),
    ("quickbooks_realm_id", "quickbooks", "QuickBooksConnector"),
    ("hubspot_access_token", "hubspot", "HubSpotConnector"),
    ("google_drive_folder", "google_drive", "DriveConnector"),
    ("google_spreadsheet", "google_sheets", "SheetsConnector"),
    ("google_mailbox", "gmail", "GmailConnector"),
)


def make_connectors(settings: Systems, db: Database, clock: Callable[[], datetime]) -> dict[str, Connector]:
    """Return the connectors by name. Raises ConfigFaults for a credential that cannot be one."""
    connectors: dict[str, Connector] = {}
    for switch, package, class_name in CONNECTORS:
        if getattr(settings, switch) is not None:
            make = connector_class(package, class_name)
            try:
                own = _own_settings(make, switch.partition("_")[0], settings)
                connectors[make.name] = make(own, **_context(package, settings, db, clock))
            except ValueError as fault:
                raise ConfigFaults((str(fault),)) from None
    return connectors


def connector_class(package: str, class_name: str) -> type[Connector]:
    connector: type[Connector] = getattr(import_module(f"bot.connectors.{package}"), class_name)
    return connector


def _own_settings(make: type[Connector], prefix: str, settings: Systems) -> Any:
    """Return a connector's settings: GOOGLE_MAILBOX is `mailbox` of GmailSettings."""
    return make.settings(**{name: getattr(settings, f"{prefix}_{name}") for name in make.settings.model_fields})


def _context(package: str, settings: Systems, db: Database, clock: Callable[[], datetime]) -> dict[str, Any]:
    """Return what a connector needs beside its settings."""
    match package:
        case "zendesk" | "hubspot":
            return {"clock": clock}
        case "google_sheets":
            return {"tabs": TABS}
        case "quickbooks" if settings.quickbooks_client_secret is not None:
            from bot.tokens import SealedTokens

            secret = settings.quickbooks_client_secret.get_secret_value()
            return {"tokens": SealedTokens(db, {package: secret}, clock)}
    return {}
