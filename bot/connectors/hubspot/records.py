"""Hold HubSpot's records, as far as we read them, and its rich text."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.connectors.base import Record
from bot.connectors.parameters import Reference


class LinkedTo(Record):
    id: str


class Linked(Record):
    results: tuple[LinkedTo, ...]


class CrmObject(Record):
    """Hold a contact, company, deal, note or task; values are strings, and null where unset."""

    id: str
    properties: Mapping[str, str | None]
    associations: Mapping[str, Linked] | None = None
    url: str | None = None

    def value(self, name: str) -> str | None:
        return self.properties.get(name) or None

    def linked_to(self, kind: str, record_id: str) -> bool:
        linked = (self.associations or {}).get(kind)
        return linked is not None and any(record.id == record_id for record in linked.results)


class Page(Record):
    results: list[CrmObject]
    total: int


class Batch(Record):
    """Hold the answer to a batch of one."""

    results: tuple[CrmObject, ...] = ()
    errors: tuple[Mapping[str, object], ...] = ()


class Owner(Record):
    id: str
    email: str | None = None


class Property(Record):
    name: str
    hasUniqueValue: bool = False  # noqa: N815 - HubSpot's name


@dataclass(frozen=True)
class Whose:
    """Hold a customer in HubSpot: a contact, its company, or both."""

    contact: CrmObject | None
    company: CrmObject | None

    @property
    def records(self) -> Iterable[tuple[str, CrmObject]]:
        return [(kind, record) for kind, record in (("contacts", self.contact), ("companies", self.company)) if record]

    @property
    def owner_id(self) -> str | None:
        return next((owner for _, record in self.records if (owner := record.value("hubspot_owner_id"))), None)

    @property
    def url(self) -> str | None:
        return next((record.url for _, record in self.records if record.url), None)


def rich(text: str, reference: Reference) -> str:
    """Return plain words as the HTML that bodies are, with their origin."""
    origin = f"Countersign {reference.case}, call {reference.call}"
    lines = [*text.splitlines(), "", origin, *([str(reference.link)] if reference.link else [])]
    return "<br>".join(html.escape(line, quote=False) for line in lines)
