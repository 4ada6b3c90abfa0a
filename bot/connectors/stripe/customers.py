"""The customer's record: its billing address, and a short-lived link to its own page at Stripe."""

from bot.connectors.stripe.client import TITLE, StripeApi, path_of
from bot.connectors.stripe.operations import PortalLink, UpdateAddress
from bot.connectors.stripe.records import Customer, Place, PortalSession
from bot.core.model import Address, Receipt
from bot.http.errors import Refused


async def update_address(api: StripeApi, params: UpdateAddress, key: str) -> Receipt:
    customer = await api.customer(params.account_id, params.email)
    new = _merged(customer.address or Place(), params.address)
    if new == customer.address:
        return _unchanged(customer)
    # the whole address, an empty text for what it lacks: whether Stripe merges or replaces is then all the same
    fields = {f"address[{name}]": value or "" for name, value in new.model_dump().items()}
    reply = await api.send(path_of("customers", customer.id), fields)  # no key: a replay would hide a later change
    if api.http.record(Customer, reply).id != customer.id:
        raise api.http.unreadable(reply)
    return Receipt(vendor_id=customer.id, url=customer.url, request_id=reply.request_id)


async def find_address(api: StripeApi, params: UpdateAddress, key: str) -> Receipt | None:
    customer = await api.customer(params.account_id, params.email)
    new = _merged(customer.address or Place(), params.address)
    return _unchanged(customer) if new == customer.address else None


async def portal_link(api: StripeApi, params: PortalLink, key: str) -> Receipt:
    customer = await api.customer(params.account_id, params.email)
    reply = await api.send("/v1/billing_portal/sessions", {"customer": customer.id})
    session = api.http.record(PortalSession, reply)
    note = "The link opens the customer's own billing page and works for a short time only: send it at once."
    return Receipt(vendor_id=session.id, url=session.url, note=note, request_id=reply.request_id)


async def find_portal_link(api: StripeApi, params: PortalLink, key: str) -> Receipt | None:
    return None  # nothing lists sessions, and another link does no harm


def _merged(old: Place, stated: Address) -> Place:
    """What was not stated stays; but a new street leaves nothing of the old one behind."""
    country = stated.country.strip().upper() if stated.country else old.country
    if stated.country and not (country and len(country) == 2 and country.isascii() and country.isalpha()):
        raise Refused(f"{TITLE} takes the country as two letters, as in US or GB: correct it and approve again.")
    new = Place(
        line1=stated.line1 or old.line1,
        line2=stated.line2 or (None if stated.line1 else old.line2),
        city=stated.city or old.city,
        state=stated.region or old.state,
        postal_code=stated.postcode or old.postal_code,
        country=country,
    )
    if not any(stated.model_dump().values()):
        raise Refused("No part of the new address is stated.")
    return new


def _unchanged(customer: Customer) -> Receipt:
    return Receipt(vendor_id=customer.id, url=customer.url, note="The address was so already.")
