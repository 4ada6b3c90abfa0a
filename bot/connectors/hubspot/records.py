"""Whose record a note, a task or a fact is about: only reads, and never a guess between several."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from bot.connectors.base import Record
from bot.connectors.hubspot.client import OBJECTS, TITLE, VERSION, Owner, Page, Thing
from bot.connectors.hubspot.operations import Customer
from bot.http.client import Http, in_path
from bot.http.errors import Refused

CONTACT: Final = ("email", "firstname", "lastname", "hubspot_owner_id", "associatedcompanyid", "company")
COMPANY: Final = ("name", "hubspot_owner_id")
DEAL: Final = ("dealname", "closedate", "pipeline")
DEALS_AT_MOST: Final = 50  # open deals of one customer

T = TypeVar("T", bound=Record)


@dataclass(frozen=True)
class Whose:
    """A customer in HubSpot: a contact, its company, or both."""

    contact: Thing | None
    company: Thing | None

    @property
    def records(self) -> Iterable[tuple[str, Thing]]:
        return [(kind, one) for kind, one in (("contacts", self.contact), ("companies", self.company)) if one]

    @property
    def owner_id(self) -> str | None:
        return next((owner for _, one in self.records if (owner := one.value("hubspot_owner_id"))), None)

    @property
    def url(self) -> str | None:
        return next((one.url for _, one in self.records if one.url), None)


class Customers:
    """`account_property` is the property, on contacts or companies, that holds the account id; None: there is none."""

    def __init__(self, http: Http, account_property: str | None, vip_property: str) -> None:
        self._http = http
        self._account_property = account_property
        self._contact, self._company = (*CONTACT, vip_property), (*COMPANY, vip_property)

    async def of(self, asked: Customer) -> Whose:
        """Raises Refused where none is found, or several are."""
        contact = await self._by_email(asked.email) if asked.email else None
        if contact is None and asked.account_id and self._account_property:
            contact = await self._only("contacts", self._account_property, asked.account_id, self._contact)
        if contact is not None:
            company_id = contact.value("associatedcompanyid")
            return Whose(contact, await self.one("companies", company_id, self._company) if company_id else None)
        company = None
        if asked.account_id and self._account_property:
            company = await self._only("companies", self._account_property, asked.account_id, self._company)
        if company is None and asked.customer_name:
            company = await self._only("companies", "name", asked.customer_name, self._company)
        if company is None:
            sentence = f"{TITLE} has no contact or company for this customer. Add it there first."
            raise Refused(sentence, reason="not_found")
        return Whose(None, company)

    async def owner(self, owner_id: str) -> Owner | None:
        """None for a person who has left."""
        return await self._read(Owner, f"/crm/owners/{VERSION}/{in_path(owner_id)}", {"idProperty": "id"})

    async def one(self, kind: str, record_id: str, properties: Iterable[str], **query: str) -> Thing | None:
        query = {"properties": ",".join(properties), **query}
        return await self._read(Thing, f"{OBJECTS}/{kind}/{in_path(record_id)}", query)

    async def open_deals(self, whose: Whose, pipeline: str | None) -> list[Thing]:
        """Of the pipeline; without one, those whose name has the word renewal."""
        renewal = (
            {"propertyName": "pipeline", "operator": "EQ", "value": pipeline}
            if pipeline
            else {"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "renewal"}
        )
        still_open = {"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"}
        names = {"contacts": "associations.contact", "companies": "associations.company"}
        groups = [
            {"filters": [{"propertyName": names[kind], "operator": "EQ", "value": one.id}, still_open, renewal]}
            for kind, one in whose.records
        ]
        return (await self._search("deals", groups, DEAL, DEALS_AT_MOST)).results

    async def _by_email(self, email: str) -> Thing | None:
        return await self.one("contacts", email, self._contact, idProperty="email")  # by value: it does not lag

    async def _only(self, kind: str, name: str, value: str, properties: Iterable[str]) -> Thing | None:
        group = {"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}
        page = await self._search(kind, [group], properties, 2)
        if page.total > 1:
            what = "account id" if name == self._account_property else "name"
            raise Refused(f"{TITLE} has {page.total} {kind} with this {what}: write it by hand to the right one.")
        return page.results[0] if page.results else None

    async def _search(self, kind: str, groups: list[dict[str, Any]], properties: Iterable[str], limit: int) -> Page:
        asked = {"filterGroups": groups, "properties": [*properties], "sorts": [], "limit": limit, "after": "0"}
        return self._http.record(Page, await self._http.ask(f"{OBJECTS}/{kind}/search", json.dumps(asked).encode()))

    async def _read(self, model: type[T], path: str, query: Mapping[str, str]) -> T | None:
        try:
            return self._http.record(model, await self._http.read(path, query))
        except Refused as no:
            if no.reason != "not_found":
                raise
            return None
