"""Look up what HubSpot knows about a case: the contact and the renewal deal."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from bot.connectors.base import Inquiry, Lookup
from bot.connectors.hubspot.client import Customer, HubSpotApi
from bot.connectors.hubspot.records import Whose
from bot.core.model import Fact

YES: Final = frozenset({"true", "yes", "vip"})


async def _contact(api: HubSpotApi, inquiry: Inquiry) -> Fact | None:
    """Tell of the contact; without one `contact_id`, `email` and `name` are null, `vip` is null where unknown."""
    whose = await inquiry.shared(_customer, api)
    if whose is None:
        return None
    owner = await api.owner(whose.owner_id) if whose.owner_id else None
    contact, company = whose.contact, whose.company.value("name") if whose.company else None
    name = " ".join(filter(None, (contact.value("firstname"), contact.value("lastname")))) if contact else ""
    company = company or (contact.value("company") if contact else None)
    vip = _vip(whose, api.settings.vip_property)
    values: dict[str, JsonValue] = {
        "contact_id": contact.id if contact else None,
        "email": contact.value("email") if contact else None,
        "name": name or None,
        "vip": vip,
        "owner_email": owner.email if owner else None,
        "company": company,
    }
    unnamed = f"Contact {contact.id}" if contact else None
    said = [word for word in (name or unnamed, company, "VIP" if vip else None) if word]
    said.append(f"owner {owner.email}" if owner and owner.email else "no owner")
    return inquiry.fact("contact", values=values, sentence=", ".join(said), url=whose.url)


def _vip(whose: Whose, vip_property: str) -> bool | None:
    """Return what contact or company say. HubSpot leaves out what is no property of its: then nobody knows."""
    stated = [record.properties[vip_property] for _, record in whose.records if vip_property in record.properties]
    return any((value or "").lower() in YES for value in stated) if stated else None


async def _deal(api: HubSpotApi, inquiry: Inquiry) -> Fact | None:
    """Tell of the open renewal deal that closes first; `close_date` is a day, ISO 8601."""
    whose = await inquiry.shared(_customer, api)
    if whose is None:
        return None
    deals = await api.open_deals(whose)
    dated = sorted(deals, key=lambda deal: (deal.value("closedate") or "9999", deal.id))
    if not dated:
        return inquiry.fact("deal", missing="HubSpot has no open renewal deal of this customer.")
    deal = dated[0]
    name, closes = deal.value("dealname") or f"Deal {deal.id}", (deal.value("closedate") or "")[:10] or None
    values: dict[str, JsonValue] = {"deal_id": deal.id, "name": name, "close_date": closes}
    return inquiry.fact("deal", values=values, sentence=f"{name}, closes {closes or 'on no stated day'}", url=deal.url)


async def _customer(api: HubSpotApi, inquiry: Inquiry) -> Whose | None:
    fields = inquiry.details.fields
    asked = Customer(account_id=fields.account_id, email=fields.email, customer_name=fields.customer_name)
    return await api.customer(asked) if asked.account_id or asked.email or asked.customer_name else None


LOOKUPS: Final[Mapping[str, Lookup]] = {"contact": _contact, "deal": _deal}
