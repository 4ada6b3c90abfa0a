"""List what the independent server is shown of each vendor: the specification, the sandbox, and what is asked of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.connectors.base import Connector
from bot.core.model import Action, Details
from sandbox import fidel, google, hubspot, quickbooks, stripe, zendesk
from sandbox.fidel.seeds import BRAND, REFUNDED, VISA
from sandbox.state import State
from tests.connectors.crm import HUBSPOT_KEY, ZENDESK_SECRET, Crm
from tests.connectors.google import GoogleWorld, key_file
from tests.connectors.hubspot.test_hubspot import note, task
from tests.connectors.quickbooks.support import SECRET as QUICKBOOKS_SECRET
from tests.connectors.quickbooks.support import Company
from tests.connectors.support import FIDEL_KEY, NOW, STRIPE_KEY, World, details
from tests.connectors.zendesk.test_zendesk import ticket
from tests.contract import test_connectors as fidel_samples
from tests.contract import test_google as google_samples
from tests.contract import test_quickbooks as quickbooks_samples
from tests.contract import test_stripe as stripe_samples

BRACKETS = (  # how Stripe writes lists and objects
    "--validator-form-object-format=brackets",
    "--validator-form-array-format=brackets",
    "--validator-query-array-format=brackets",
    "--validator-query-object-format=brackets",
)


@dataclass(frozen=True)
class Vendor:
    """`prefix` is the sandbox's; what follows it is the path in `spec`. `routes` seeds the state that it is given."""

    name: str
    spec: str  # a file in ../shared/reference/openapi
    prefix: str
    routes: Callable[[State], list[web.RouteDef]]
    connector: Callable[[str], Connector]  # given the sandbox's address, without a slash at its end
    actions: tuple[Action, ...]
    stated: tuple[Details, ...] = ()
    wanted: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    not_in_spec: str = "(?!)"  # "METHOD /path" as a pattern: what the vendor has and its file has not
    together: bool = False  # all actions in one world, since one works on what another made


def _fidel(state: State) -> list[web.RouteDef]:
    routes = _seeded(fidel, FIDEL_KEY)(state)
    state.fidel["reimbursement"] = True
    return routes


def _seeded(vendor: Any, secret: Any) -> Callable[[State], list[web.RouteDef]]:
    """Return what seeds a state with the vendor's examples and routes requests with this secret to it."""

    def routes(state: State) -> list[web.RouteDef]:
        vendor.seed(state, NOW)
        listed: list[web.RouteDef] = vendor.routes(state, secret, now=lambda: NOW)
        return listed

    return routes


def _google(state: State) -> list[web.RouteDef]:
    google.seed(state, key_file=key_file())
    return google.routes(state)


def _of(connector: str) -> tuple[Action, ...]:
    return tuple(one for one in google_samples.ACTIONS if one.connector == connector)


def _stripe(state: State) -> list[web.RouteDef]:
    routes = _seeded(stripe, STRIPE_KEY)(state)
    state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]["has_evidence"] = True
    return routes


VENDORS = (
    Vendor(
        "stripe",
        "stripe.v1.current.openapi.json",
        "/stripe",
        _stripe,
        lambda url: World(State(), url=url).stripe(),
        stripe_samples.STRIPE,
        stripe_samples.STATED,
        stripe_samples.WANTED,
        BRACKETS,
        not_in_spec=r"POST /v1/charges/[^/]+",
    ),
    Vendor(
        "fidel",
        "fidel-api.yaml",
        "/fidel/v1",
        _fidel,
        lambda url: World(State(), url=url).fidel(reimbursement=True),
        fidel_samples.FIDEL,
        (
            details("2490 GBP", transaction_id=REFUNDED, brand_id=BRAND, brand_name="Harbour Lane Bakery"),
            details("2490 GBP", card_id=VISA, transaction_date="2026-11-15", brand_name="Nobody"),
        ),
        fidel_samples.WANTED,
    ),
    Vendor(
        "zendesk",
        "zendesk.support.v2.openapi.json",
        "/zendesk",
        _seeded(zendesk, ZENDESK_SECRET),
        lambda url: Crm(State(), url=url).zendesk(),
        (ticket(), ticket(priority="urgent", email=None)),
        (details(email="ap@northwind.example"),),
        frozenset({"tickets"}),
        not_in_spec="POST /oauth/tokens",
        together=True,
    ),
    Vendor(
        "quickbooks",
        "quickbooks.online.v3.openapi.json",
        "/quickbooks",
        _seeded(quickbooks, QUICKBOOKS_SECRET),
        lambda url: Company(State(), url=url).connector(),
        quickbooks_samples.STEPS,
        (details("12950 USD", invoice_number="INV-20418", email="ap@northwind.example"),),
        frozenset({"books_invoice", "books_customer"}),
        not_in_spec="POST /oauth2/v1/tokens/bearer",
    ),
    Vendor(
        "hubspot",
        "hubspot.crm.2026-09.openapi.json",
        "/hubspot",
        _seeded(hubspot, HUBSPOT_KEY),
        lambda url: Crm(State(), url=url).hubspot(),
        (
            note(),
            task(),
            note(email=None, account_id="cus_NORTHWIND"),
            note(email=None, customer_name="Kestrel Hotels"),
        ),
        tuple(details(email=email) for email in ("ap@northwind.example", "haruka@example.com")),
        frozenset({"contact", "deal"}),
    ),
    Vendor(
        "drive",
        "google.drive.v3.openapi.json",
        "/google",
        _google,
        lambda url: GoogleWorld(State(), url=url).drive(),
        _of("drive"),
        (details(invoice_number="INV-20431"),),
        frozenset({"document"}),
        not_in_spec="POST /token",
    ),
    Vendor(
        "sheets",
        "google.sheets.v4.openapi.json",
        "/google/sheets",
        _google,
        lambda url: GoogleWorld(State(), url=url).sheets(),
        _of("sheets"),
        (details(invoice_number="INV-20431"),),
        frozenset({"rows"}),
        together=True,
    ),
    Vendor(
        "gmail",
        "google.gmail.v1.openapi.json",
        "/google",
        _google,
        lambda url: GoogleWorld(State(), url=url).gmail(),
        _of("gmail"),
        (details(invoice_number="INV-20431", email="ap@northwind.example"),),
        frozenset({"thread"}),
        not_in_spec="POST /token|GET /drive/.*",  # an attachment comes from Drive
    ),
)
