"""Define what all of HubSpot's operations share: the store, time, shown records and refusals."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.state import State

Body = dict[str, Any]

KINDS = ("contacts", "companies", "deals", "notes", "tasks")
TYPE_IDS: Mapping[str, str] = {"contacts": "0-1", "companies": "0-2", "deals": "0-3", "notes": "0-46", "tasks": "0-27"}
# Properties shown as null where unset; `vip` and `stripe_customer_id` are this account's own.
PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "contacts": (
        *("email", "firstname", "lastname", "company", "hubspot_owner_id", "associatedcompanyid"),
        *("vip", "stripe_customer_id"),
    ),
    "companies": ("name", "domain", "hubspot_owner_id"),
    "deals": ("dealname", "closedate", "pipeline", "dealstage", "hs_is_closed"),
}
# Type ids of the default associations of notes and tasks
LINKS: Mapping[tuple[str, str], int] = {
    ("notes", "contacts"): 202,
    ("notes", "companies"): 190,
    ("notes", "deals"): 214,
    ("tasks", "contacts"): 204,
    ("tasks", "companies"): 192,
    ("tasks", "deals"): 216,
}


class Refusal(Exception):
    """Refuse a request; `fields` holds the faults by property."""

    def __init__(self, status: int, category: str, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: Body = {"status": "error", "message": message, "category": category}
        if fields:
            self.body["errors"] = [{"message": words, "in": name} for name, words in fields.items()]


@dataclass(frozen=True)
class Api:
    state: State
    key: str
    now: Callable[[], datetime]

    @property
    def store(self) -> Body:
        return self.state.hubspot

    def stamp(self) -> str:
        return stamp(self.now())

    def next_id(self) -> str:
        self.store["last_id"] += 1
        return str(self.store["last_id"])

    def record(self, kind: str, value: str, id_property: str | None = None) -> Body:
        """Return a record by id, or by the value of a unique property. Raises Refusal."""
        if kind not in KINDS:
            raise Refusal(400, "VALIDATION_ERROR", f"Unable to infer object type from: {kind}")
        if id_property is None:
            found = self.store[kind].get(value)
        else:
            self.refuse_not_unique(kind, id_property)
            found = self.by_value(kind, id_property, value)
        if found is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", "Object not found.")
        record: Body = found
        return record

    def by_value(self, kind: str, name: str, value: str) -> Body | None:
        same = value.lower()
        fits = (row for row in self.store[kind].values() if (row["properties"].get(name) or "").lower() == same)
        return next(fits, None)

    def refuse_not_unique(self, kind: str, name: str) -> None:
        unique = (kind, name) == ("contacts", "email") or self.store["properties"].get(kind, {}).get(name, {}).get(
            "hasUniqueValue"
        )
        if not unique:
            raise Refusal(400, "VALIDATION_ERROR", f"{name} is no unique property of {kind}.", {name: "not unique"})


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(kind: str, record: Body, names: Iterable[str]) -> Body:
    """Return a record with the requested properties that its kind has, null where unset."""
    always = ("hs_object_id", "hs_lastmodifieddate")
    stored = {**dict.fromkeys(PROPERTIES.get(kind, ())), **record["properties"]}
    properties = {name: stored[name] for name in names if name in stored}
    extra = dict(zip(always, (record["id"], record["updatedAt"]), strict=True))
    return {
        "id": record["id"],
        "properties": {**properties, **extra},
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
        "archived": False,
        "url": f"https://app.hubspot.com/contacts/1/record/{TYPE_IDS[kind]}/{record['id']}",
    }
