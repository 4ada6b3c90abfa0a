"""Writes to Fidel API that set a record to a state, so that a repeat ends in the same state: read, merge, write.

Whether Fidel merges or replaces metadata is not documented, so all of it is sent back with ours merged in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from bot.connectors.fidel.client import TITLE, Brand, Card, Location, path_of
from bot.connectors.fidel.operations import BrandReference, CardReference, ShopAddress, UpdateBrand
from bot.core.model import Frozen
from bot.http.client import Thing
from bot.http.errors import Refused


@dataclass(frozen=True)
class Change(Generic[Thing]):
    """A write that is safe to repeat. `body` says what of a record is still to be set; nothing: it is so already."""

    what: str
    vendor_id: str
    model: type[Thing]
    path: str
    method: str
    write_path: str
    body: Callable[[Thing], dict[str, Any]]


def change_of(params: Frozen) -> Change[Any] | None:
    """Raises Refused for a change that cannot be made."""
    match params:
        case UpdateBrand():
            if params.name is not None:
                raise Refused(f"{TITLE} refuses to rename a brand, so nothing was sent. Its name stays as it is.")
            path = path_of("brands", params.brand_id)
            return Change("brand", params.brand_id, Brand, path, "PATCH", path, partial(_brand_body, params))
        case BrandReference():
            return change_of(UpdateBrand(brand_id=params.brand_id, reference=params.reference))
        case CardReference():
            path, new = path_of("cards", params.card_id), params.reference.metadata
            # the body is the metadata itself; the rest goes back as it was, above all `id`, which finds the card
            return Change("card", params.card_id, Card, path, "PUT", f"{path}/metadata", partial(_merged, new))
        case ShopAddress():
            path = path_of("locations", params.location_id)
            return Change("shop", params.location_id, Location, path, "PATCH", path, partial(_shop_body, params))
    return None


def _merged(new: Mapping[str, str], record: Brand | Card) -> dict[str, Any]:
    return {} if new.items() <= record.metadata.items() else {**record.metadata, **new}


def _brand_body(params: UpdateBrand, brand: Brand) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if params.website_url is not None and params.website_url != brand.website_url:
        body["websiteURL"] = params.website_url
    if params.logo_url is not None and params.logo_url != brand.logo_url:
        body["logoURL"] = params.logo_url
    reference = params.reference.metadata if params.reference else {}
    if metadata := _merged({**params.metadata, **reference}, brand):
        body["metadata"] = metadata
    return body


def _shop_body(params: ShopAddress, shop: Location) -> dict[str, Any]:
    old = (shop.address, shop.city, shop.postcode, shop.country_code)
    if old == (params.address, params.city, params.postcode, params.country_code):
        return {}
    return {
        "address": params.address,
        "city": params.city,
        "postcode": params.postcode,
        "countryCode": params.country_code,
    }
