"""List the vendors, each with its seed and its panel for the page."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sandbox import fidel, google, hubspot, quickbooks, stripe, zendesk
from sandbox.state import State


class Vendor(NamedTuple):
    seed: Callable[[State], None]
    panel: Callable[[State], dict[str, Any]]  # what the page shows


VENDORS: Final[Mapping[str, Vendor]] = MappingProxyType(
    {
        "fidel": Vendor(fidel.seed, fidel.panel),
        "stripe": Vendor(stripe.seed, stripe.panel),
        "zendesk": Vendor(zendesk.seed, zendesk.panel),
        "quickbooks": Vendor(quickbooks.seed, quickbooks.panel),
        "hubspot": Vendor(hubspot.seed, hubspot.panel),
        "google": Vendor(google.seed, google.panel),
    }
)


def seed_vendors(state: State) -> None:
    for vendor in VENDORS.values():
        vendor.seed(state)
