"""How HubSpot talks: its records, its refusals, its rich text. `VERSION` is the dated version of every path."""

import html
from collections.abc import Mapping
from typing import Final

from bot.connectors.base import Record
from bot.connectors.parameters import Reference
from bot.http.client import Reply, short
from bot.http.errors import ConnectorError, Refused, Unavailable, Unsure

TITLE: Final = "HubSpot"
VERSION: Final = "2026-09"
OBJECTS: Final = f"/crm/objects/{VERSION}"


class LinkedTo(Record):
    id: str


class Linked(Record):
    results: tuple[LinkedTo, ...]


class Thing(Record):
    """A contact, company, deal, note or task; values are strings, and null where unset."""

    id: str
    properties: Mapping[str, str | None]
    associations: Mapping[str, Linked] | None = None
    url: str | None = None

    def value(self, name: str) -> str | None:
        return self.properties.get(name) or None

    def linked_to(self, kind: str, record_id: str) -> bool:
        linked = (self.associations or {}).get(kind)
        return linked is not None and any(one.id == record_id for one in linked.results)


class Page(Record):
    results: list[Thing]
    total: int


class Batch(Record):
    """The answer to a batch of one."""

    results: tuple[Thing, ...] = ()
    errors: tuple[Mapping[str, object], ...] = ()


class Owner(Record):
    id: str
    email: str | None = None


class Property(Record):
    name: str
    hasUniqueValue: bool = False  # noqa: N815 - HubSpot's name


def rich(text: str, reference: Reference) -> str:
    """Plain words as the HTML that bodies are, with their origin."""
    origin = f"Countersign {reference.case}, call {reference.call}"
    lines = [*text.splitlines(), "", origin, *([str(reference.link)] if reference.link else [])]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def refusal(reply: Reply) -> ConnectorError | None:
    """What a 4xx reply means; None leaves 401 and 403 to the base, whose sentences name the setting.

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
        sentence = f"{TITLE} could not say how it ended ({category})."
        if reply.write:
            return Unsure(f"{sentence} It may have happened.", request_id=request_id)
        return Unavailable(sentence, request_id=request_id)
    return Refused(f"{TITLE} refused it ({_named(category, reply.body.get('errors'))}).", request_id=request_id)


def batch_refusal(batch: Batch, reply: Reply) -> ConnectorError:
    """What a 207 means whose only record failed."""
    error = batch.errors[0] if batch.errors else {}
    what = _named(short(error.get("category") or "no record came back"), error.get("errors"))
    return Refused(f"{TITLE} refused it ({what}).", request_id=reply.request_id or _correlation_id(reply))


def _named(category: str, errors: object) -> str:
    listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    names = sorted({short(one[word]) for one in listed for word in ("in", "code") if one.get(word)})
    return f"{category}: {', '.join(names)}" if names else category


def _correlation_id(reply: Reply) -> str | None:
    found = reply.body.get("correlationId")
    return short(found) if found else None
