"""Write notes and tasks on a customer's record, and find them again by the value of a unique property."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from bot.connectors.base import Operation, digest
from bot.connectors.hubspot.client import KEY_PROPERTY, TITLE, Customer, HubSpotApi
from bot.connectors.hubspot.records import CrmObject, Whose, rich
from bot.connectors.parameters import Reference
from bot.core.model import Receipt
from bot.http.client import short
from bot.http.errors import Refused

PRIORITIES: Final = {"low": "LOW", "normal": "MEDIUM", "high": "HIGH", "urgent": "HIGH"}


class Note(Customer):
    text: str = Field(min_length=1, max_length=50_000)  # HubSpot takes 65,536, and escaping makes it longer
    reference: Reference


class Task(Customer):
    subject: str = Field(min_length=1)
    text: str = Field(min_length=1, max_length=50_000)
    priority: Literal["low", "normal", "high", "urgent"]
    due_at: AwareDatetime
    reference: Reference


async def write(api: HubSpotApi, params: Note | Task, key: str) -> Receipt:
    """Write a note or task. The step's key is the value of a unique property, read by value: searches lag.

    An upsert under it makes one record only, and links are set, not added.
    """
    kind = _kind(params)
    written = await _written(api, kind, key)
    whose = await api.customer(params)
    if written is not None and _finished(written, whose):
        return _receipt(written, whose, note="An earlier try of this step had written it.")
    request_id = None
    if written is None:
        written, request_id = await api.upsert(kind, digest(key), await _properties(api, params, whose))
    await api.link(kind, written, whose)
    return _receipt(written, whose, request_id=request_id)


async def find(api: HubSpotApi, params: Note | Task, key: str) -> Receipt | None:
    written = await _written(api, _kind(params), key)
    if written is None:
        return None
    whose = await api.customer(params)
    return _receipt(written, whose) if _finished(written, whose) else None


async def _written(api: HubSpotApi, kind: str, key: str) -> CrmObject | None:
    """Return the record by the unique property's own value, which does not lag; a digest, since keys hold slashes."""
    query = {"idProperty": KEY_PROPERTY, "associations": "contacts,companies"}
    return await api.one(kind, digest(key), (KEY_PROPERTY,), **query)


async def _properties(api: HubSpotApi, params: Note | Task, whose: Whose) -> Mapping[str, str]:
    body = rich(params.text, params.reference)
    if isinstance(params, Note):
        return {"hs_timestamp": _stamp(api.clock()), "hs_note_body": body}
    if whose.owner_id is None:
        raise Refused(f"This customer has no owner in {TITLE}: set one there, then press Retry.")
    if await api.owner(whose.owner_id) is None:
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


def _kind(params: Note | Task) -> str:
    return "notes" if isinstance(params, Note) else "tasks"


def _finished(written: CrmObject, whose: Whose) -> bool:
    return all(written.linked_to(kind, record.id) for kind, record in whose.records)


def _receipt(written: CrmObject, whose: Whose, *, note: str | None = None, request_id: str | None = None) -> Receipt:
    """Return a receipt with the customer's record, where people read notes and tasks."""
    return Receipt(vendor_id=written.id, url=whose.url or written.url, note=note, request_id=request_id)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


READ: Final = "crm.objects.contacts.read crm.objects.companies.read"
WRITE: Final = f"crm.objects.contacts.write {READ}"  # notes and tasks follow their records

OPERATIONS: Final[Mapping[str, Operation]] = {
    "note": Operation(Note, write, find, WRITE),
    "task": Operation(Task, write, find, f"{WRITE} crm.objects.owners.read"),
}
