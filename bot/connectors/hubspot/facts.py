"""What HubSpot knows about a case: the contact and the renewal deal. Pure: records come in, facts go out."""

from collections.abc import Callable, Iterable
from typing import Final

from pydantic import JsonValue

from bot.connectors.hubspot.client import Owner, Thing
from bot.connectors.hubspot.records import Whose
from bot.core.model import Fact

MakeFact = Callable[..., Fact]
YES: Final = frozenset({"true", "yes", "vip"})


def contact_fact(whose: Whose, owner: Owner | None, vip_property: str, fact: MakeFact) -> Fact:
    """Of a company without a known contact, `contact_id`, `email` and `name` are null; `vip` is null where unknown."""
    contact, company = whose.contact, whose.company.value("name") if whose.company else None
    name = " ".join(filter(None, (contact.value("firstname"), contact.value("lastname")))) if contact else ""
    company = company or (contact.value("company") if contact else None)
    vip = _vip(whose, vip_property)
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
    return fact(name="contact", values=values, sentence=", ".join(said), url=whose.url)


def _vip(whose: Whose, vip_property: str) -> bool | None:
    """What contact or company say. HubSpot leaves out what is no property of its: then nobody knows."""
    stated = [one.properties[vip_property] for _, one in whose.records if vip_property in one.properties]
    return any((value or "").lower() in YES for value in stated) if stated else None


def deal_fact(deals: Iterable[Thing], fact: MakeFact) -> Fact:
    """The open renewal deal that closes first; `close_date` is a day, ISO 8601."""
    dated = sorted(deals, key=lambda deal: (deal.value("closedate") or "9999", deal.id))
    if not dated:
        return fact(name="deal", missing="HubSpot has no open renewal deal of this customer.")
    deal = dated[0]
    name, closes = deal.value("dealname") or f"Deal {deal.id}", (deal.value("closedate") or "")[:10] or None
    values: dict[str, JsonValue] = {"deal_id": deal.id, "name": name, "close_date": closes}
    return fact(name="deal", values=values, sentence=f"{name}, closes {closes or 'on no stated day'}", url=deal.url)
