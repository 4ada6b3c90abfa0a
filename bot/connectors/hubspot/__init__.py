"""HubSpot: notes and tasks on a customer's record; the contact and the renewal deal.

    idempotent   the step's key, as a digest, is the value of a unique property of the note or task; the record is read
                 by that value first (no search: those lag), else upserted under it. Links are default associations,
                 which a repeat sets again
    find         the same read; a record that is not linked to the customer yet is not finished, so it is not found
    refusals     `refusal` in hubspot_api.py; categories and properties are named, never quoted
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      the token of a private app is a header of the base's client and nowhere else
    contract     tests/contract/test_hubspot.py against the OpenAPI file of HubSpot's own client
    exempt       a customer found by account id or company name comes from the search, which misses records of the last
                 seconds: that refuses a step, it never doubles one

The unique property has to be made once, on notes and on tasks: `check` says so where it is missing. A task needs an
owner who is still there: a task of nobody is done by nobody.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx

from bot.connectors.base import parsed_params
from bot.connectors.hubspot.client import OBJECTS, TITLE, VERSION, Batch, Property, Thing, batch_refusal, refusal, rich
from bot.connectors.hubspot.facts import contact_fact, deal_fact
from bot.connectors.hubspot.operations import OPERATIONS, Customer, Note, Task
from bot.connectors.hubspot.records import Customers, Whose
from bot.connectors.oauth import utc_now
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import JSON, TOTAL_S, Http, in_path, short, to_json
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure

KEY_PROPERTY: Final = "countersign_step"
PRIORITIES: Final = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH", "urgent": "HIGH"}


class HubSpotConnector:
    """`account_property` holds our account ids, `vip_property` marks VIPs, `renewals` is the renewal pipeline's id."""

    name = "hubspot"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        key: str,
        base_url: str = "https://api.hubapi.com",
        *,
        account_property: str | None = None,
        vip_property: str = "vip",
        renewals: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self._vip_property, self._renewals, self._clock = vip_property, renewals, clock
        self._account_property = account_property
        self._http = Http(
            TITLE,
            base_url,
            {"Authorization": f"Bearer {key}"},
            refusal,
            key_name="HUBSPOT_ACCESS_TOKEN",
            request_id_header="x-hubspot-correlation-id",
            transport=transport,
            total_s=total_s,
        )
        self._customers = Customers(self._http, account_property, vip_property)

    async def perform(self, action: Action, key: str) -> Receipt:
        params = _params(action)
        kind = _kind(params)
        made = await self._made(kind, key)
        whose = await self._customers.of(params)
        if made is not None and _finished(made, whose):
            return _receipt(made, whose, note="An earlier try of this step had written it.")
        request_id = None
        if made is None:
            made, request_id = await self._upsert(kind, key, await self._properties(params, whose))
        await self._link(kind, made, whose)
        return _receipt(made, whose, request_id=request_id)

    async def find(self, action: Action, key: str) -> Receipt | None:
        params = _params(action)
        made = await self._made(_kind(params), key)
        if made is None:
            return None
        whose = await self._customers.of(params)
        return _receipt(made, whose) if _finished(made, whose) else None

    async def check(self) -> str:
        for kind in ("notes", "tasks"):
            found = await self._property(kind, KEY_PROPERTY)
            if found is None or not found.hasUniqueValue:
                raise Refused(f"{TITLE} has no property {KEY_PROPERTY} with unique values on {kind}: make it first.")
        if self._account_property and not await self._property("contacts", self._account_property):
            words = f"{TITLE} has no property {self._account_property} on contacts"
            raise Refused(f"{words}: make it, or change HUBSPOT_ACCOUNT_PROPERTY.")
        marks = await self._property("contacts", self._vip_property)
        vip = "" if marks else f" No property {self._vip_property} on contacts: it marks nobody as a VIP."
        return f"{TITLE} answers in version {VERSION} and takes the key.{vip}"

    async def _property(self, kind: str, name: str) -> Property | None:
        try:
            path = f"/crm/properties/{VERSION}/{kind}/{in_path(name)}"
            return self._http.record(Property, await self._http.read(path))
        except Refused as no:
            if no.reason != "not_found":
                raise
            return None

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        names = [name for name in ("contact", "deal") if name in wanted]
        fields = details.fields
        asked = Customer(account_id=fields.account_id, email=fields.email, customer_name=fields.customer_name)
        if not names or not (asked.account_id or asked.email or asked.customer_name):
            return ()
        fact = partial(Fact, source=TITLE, observed_at=now)
        try:
            whose = await self._customers.of(asked)
        except ConnectorError as error:
            return tuple(fact(name=name, missing=error.sentence, failed=error.passes) for name in names)
        return tuple([await self._fact(name, whose, fact) for name in names])

    async def close(self) -> None:
        await self._http.close()

    async def _fact(self, name: str, whose: Whose, fact: Callable[..., Fact]) -> Fact:
        try:
            if name == "deal":
                return deal_fact(await self._customers.open_deals(whose, self._renewals), fact)
            owner = await self._customers.owner(whose.owner_id) if whose.owner_id else None
            return contact_fact(whose, owner, self._vip_property, fact)
        except ConnectorError as error:
            return fact(name=name, missing=error.sentence, failed=error.passes)

    async def _made(self, kind: str, key: str) -> Thing | None:
        """By the unique property's own value, which does not lag."""
        query = {"idProperty": KEY_PROPERTY, "associations": "contacts,companies"}
        return await self._customers.one(kind, _unique(key), (KEY_PROPERTY,), **query)

    async def _properties(self, params: Note | Task, whose: Whose) -> Mapping[str, str]:
        body = rich(params.text, params.reference)
        if isinstance(params, Note):
            return {"hs_timestamp": _stamp(self._clock()), "hs_note_body": body}
        if whose.owner_id is None:
            raise Refused(f"This customer has no owner in {TITLE}: set one there, then press Retry.")
        if await self._customers.owner(whose.owner_id) is None:
            raise Refused(f"This customer's owner has left {TITLE}: set another one there, then press Retry.")
        return {
            "hs_timestamp": _stamp(params.due_at),
            "hs_task_subject": short(params.subject),
            "hs_task_body": body,
            "hs_task_status": "NOT_STARTED",
            "hs_task_priority": PRIORITIES[params.priority],
            "hs_task_type": "TODO",
            "hubspot_owner_id": whose.owner_id,
        }

    async def _upsert(self, kind: str, key: str, properties: Mapping[str, str]) -> tuple[Thing, str | None]:
        unique = _unique(key)
        one = {"id": unique, "idProperty": KEY_PROPERTY, "properties": {KEY_PROPERTY: unique, **properties}}
        reply = await self._http.write(
            "POST", f"{OBJECTS}/{kind}/batch/upsert", to_json({"inputs": [one]}).encode(), JSON
        )
        batch = self._http.record(Batch, reply)
        if not batch.results:
            raise batch_refusal(batch, reply)
        return batch.results[0], reply.request_id

    async def _link(self, kind: str, made: Thing, whose: Whose) -> None:
        try:
            for to, record in whose.records:
                path = f"{OBJECTS}/{kind}/{made.id}/associations/default/{to}/{record.id}"
                await self._http.write("PUT", path, b"", JSON)
        except (CredentialsRefused, Unsure):
            raise
        except Unavailable as error:
            raise Unsure(f"{TITLE} has it, but not linked to the customer yet. {error.sentence}") from None
        except Refused as no:
            sentence = f"{TITLE} has it ({made.id}), but does not link it to the customer. {no.sentence}"
            raise Refused(sentence, request_id=no.request_id) from None


def _params(action: Action) -> Note | Task:
    match parsed_params(TITLE, OPERATIONS, action):
        case (Note() | Task()) as params:
            return params
    raise Refused(f"{TITLE} has no operation {action.operation!r} here.")


def _kind(params: Note | Task) -> str:
    return "notes" if isinstance(params, Note) else "tasks"


def _finished(made: Thing, whose: Whose) -> bool:
    return all(made.linked_to(kind, record.id) for kind, record in whose.records)


def _receipt(made: Thing, whose: Whose, *, note: str | None = None, request_id: str | None = None) -> Receipt:
    """The link is the customer's record, where people read notes and tasks."""
    return Receipt(vendor_id=made.id, url=whose.url or made.url, note=note, request_id=request_id)


def _unique(key: str) -> str:
    """A digest, since keys hold slashes and this stands in paths."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
