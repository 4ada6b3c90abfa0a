"""Talk to HubSpot: customers, notes and tasks, its refusals. `VERSION` is the dated version of every path."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Unpack

from pydantic import SecretStr

from bot.connectors.base import Client
from bot.connectors.hubspot.records import Batch, CrmObject, Owner, Page, Property, Whose
from bot.connectors.oauth import utc_now
from bot.core.model import Frozen
from bot.http.client import JSON, Http, Reply, Wiring, in_path, short, to_json, undecided
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure

TITLE: Final = "HubSpot"
VERSION: Final = "2026-09"
OBJECTS: Final = f"/crm/objects/{VERSION}"
KEY_PROPERTY: Final = "countersign_step"
CONTACT: Final = ("email", "firstname", "lastname", "hubspot_owner_id", "associatedcompanyid", "company")
COMPANY: Final = ("name", "hubspot_owner_id")
DEAL: Final = ("dealname", "closedate", "pipeline")
DEALS_AT_MOST: Final = 50  # open deals of one customer


class HubSpotSettings(Frozen):
    """Hold HUBSPOT_*; `account_property` is the property, on contacts or companies, that holds our account ids.

    `vip_property` marks VIPs, `renewals` is the id of the pipeline of renewal deals.
    """

    access_token: SecretStr
    api_url: str
    account_property: str | None = None
    vip_property: str = "vip"
    renewals: str | None = None


class Customer(Frozen):
    """Name a customer: the contact with the e-mail, else the one with the account id, else the company of this name."""

    account_id: str | None = None
    email: str | None = None
    customer_name: str | None = None


class HubSpotApi(Client):
    """Ask HubSpot."""

    def __init__(
        self, settings: HubSpotSettings, clock: Callable[[], datetime] = utc_now, **wiring: Unpack[Wiring]
    ) -> None:
        self.settings, self.clock = settings, clock
        self._contact, self._company = (*CONTACT, settings.vip_property), (*COMPANY, settings.vip_property)
        headers = {"Authorization": f"Bearer {settings.access_token.get_secret_value()}"}
        request_id = "x-hubspot-correlation-id"
        super().__init__(Http(TITLE, settings.api_url, headers, refusal, "HUBSPOT_ACCESS_TOKEN", request_id, **wiring))

    async def check(self) -> str:
        for kind in ("notes", "tasks"):
            found = await self._property(kind, KEY_PROPERTY)
            if found is None or not found.hasUniqueValue:
                raise Refused(f"{TITLE} has no property {KEY_PROPERTY} with unique values on {kind}: make it first.")
        if self.settings.account_property and not await self._property("contacts", self.settings.account_property):
            words = f"{TITLE} has no property {self.settings.account_property} on contacts"
            raise Refused(f"{words}: make it, or change HUBSPOT_ACCOUNT_PROPERTY.")
        marks = await self._property("contacts", self.settings.vip_property)
        vip = "" if marks else f" No property {self.settings.vip_property} on contacts: it marks nobody as a VIP."
        return f"{TITLE} answers in version {VERSION} and takes the key.{vip}"

    async def _property(self, kind: str, name: str) -> Property | None:
        return await self.http.get_optional(Property, f"/crm/properties/{VERSION}/{kind}/{in_path(name)}")

    async def customer(self, asked: Customer) -> Whose:
        """Return the customer, never a guess between several. Raises Refused where none is found, or several are."""
        contact = await self._by_email(asked.email) if asked.email else None
        if contact is None and asked.account_id and self.settings.account_property:
            contact = await self._only("contacts", self.settings.account_property, asked.account_id, self._contact)
        if contact is not None:
            company_id = contact.value("associatedcompanyid")
            return Whose(contact, await self.one("companies", company_id, self._company) if company_id else None)
        company = None
        if asked.account_id and self.settings.account_property:
            company = await self._only("companies", self.settings.account_property, asked.account_id, self._company)
        if company is None and asked.customer_name:
            company = await self._only("companies", "name", asked.customer_name, self._company)
        if company is None:
            sentence = f"{TITLE} has no contact or company for this customer. Add it there first."
            raise Refused(sentence, reason="not_found")
        return Whose(None, company)

    async def owner(self, owner_id: str) -> Owner | None:
        """Return an owner, None for a person who has left."""
        return await self.http.get_optional(Owner, f"/crm/owners/{VERSION}/{in_path(owner_id)}", {"idProperty": "id"})

    async def one(self, kind: str, record_id: str, properties: Iterable[str], **query: str) -> CrmObject | None:
        query = {"properties": ",".join(properties), **query}
        return await self.http.get_optional(CrmObject, f"{OBJECTS}/{kind}/{in_path(record_id)}", query)

    async def open_deals(self, whose: Whose) -> list[CrmObject]:
        """Return the deals of the pipeline; without one, those whose name has the word renewal."""
        renewal = (
            {"propertyName": "pipeline", "operator": "EQ", "value": self.settings.renewals}
            if self.settings.renewals
            else {"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "renewal"}
        )
        still_open = {"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"}
        names = {"contacts": "associations.contact", "companies": "associations.company"}
        groups = [
            {"filters": [{"propertyName": names[kind], "operator": "EQ", "value": record.id}, still_open, renewal]}
            for kind, record in whose.records
        ]
        return (await self._search("deals", groups, DEAL, DEALS_AT_MOST)).results

    async def _by_email(self, email: str) -> CrmObject | None:
        return await self.one("contacts", email, self._contact, idProperty="email")  # by value: it does not lag

    async def _only(self, kind: str, name: str, value: str, properties: Iterable[str]) -> CrmObject | None:
        group = {"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}
        page = await self._search(kind, [group], properties, 2)
        if page.total > 1:
            what = "account id" if name == self.settings.account_property else "name"
            raise Refused(f"{TITLE} has {page.total} {kind} with this {what}: write it by hand to the right one.")
        return page.results[0] if page.results else None

    async def _search(self, kind: str, groups: list[dict[str, Any]], properties: Iterable[str], limit: int) -> Page:
        asked = {"filterGroups": groups, "properties": [*properties], "sorts": [], "limit": limit, "after": "0"}
        return self.http.record(Page, await self.http.ask(f"{OBJECTS}/{kind}/search", to_json(asked).encode()))

    async def upsert(self, kind: str, unique: str, properties: Mapping[str, str]) -> tuple[CrmObject, str | None]:
        """Write the record with this value of the unique property. Raises Refused, Unavailable, Unsure."""
        one = {"id": unique, "idProperty": KEY_PROPERTY, "properties": {KEY_PROPERTY: unique, **properties}}
        reply = await self.http.write_json("POST", f"{OBJECTS}/{kind}/batch/upsert", {"inputs": [one]})
        batch = self.http.record(Batch, reply)
        if not batch.results:
            raise batch_refusal(batch, reply)
        return batch.results[0], reply.request_id

    async def link(self, kind: str, written: CrmObject, whose: Whose) -> None:
        """Link a note or task to its customer. Raises Refused, Unsure."""
        try:
            for to, record in whose.records:
                path = f"{OBJECTS}/{kind}/{written.id}/associations/default/{to}/{record.id}"
                await self.http.write("PUT", path, b"", JSON)
        except (CredentialsRefused, Unsure):
            raise
        except Unavailable as error:
            raise Unsure(f"{TITLE} has it, but not linked to the customer yet. {error.sentence}") from None
        except Refused as no:
            sentence = f"{TITLE} has it ({written.id}), but does not link it to the customer. {no.sentence}"
            raise Refused(sentence, request_id=no.request_id) from None


def refusal(reply: Reply) -> ConnectorError | None:
    """Return what a 4xx reply means; None leaves 401 and 403 to the base, whose sentences name the setting.

    Only categories and the names of properties are quoted: HubSpot's own sentences repeat addresses.
    """
    category = short(reply.body.get("category") or reply.status)
    request_id = reply.request_id or _correlation_id(reply)
    if reply.status in {401, 403}:
        return None
    if reply.status == 404:
        return Refused(f"{TITLE} has no such record.", reason="not_found", request_id=request_id)
    if reply.status in {423, 477}:  # locked for some seconds; the account is being moved
        return Unavailable(f"{TITLE} is busy with this record.", retry_after_s=2.0, request_id=request_id)
    if reply.status == 409:  # two requests under one unique value: the look decides
        return undecided(f"{TITLE} could not say how it ended ({category}).", reply.write, request_id)
    return Refused(f"{TITLE} refused it ({_named(category, reply.body.get('errors'))}).", request_id=request_id)


def batch_refusal(batch: Batch, reply: Reply) -> ConnectorError:
    """Return what a 207 means whose only record failed."""
    error = batch.errors[0] if batch.errors else {}
    what = _named(short(error.get("category") or "no record came back"), error.get("errors"))
    return Refused(f"{TITLE} refused it ({what}).", request_id=reply.request_id or _correlation_id(reply))


def _named(category: str, errors: object) -> str:
    listed = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    names = sorted({short(error[word]) for error in listed for word in ("in", "code") if error.get(word)})
    return f"{category}: {', '.join(names)}" if names else category


def _correlation_id(reply: Reply) -> str | None:
    found = reply.body.get("correlationId")
    return short(found) if found else None
