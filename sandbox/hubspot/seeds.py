"""Seed HubSpot's first day: the customers of the sample calls, their owners, and one renewal."""

from datetime import UTC, datetime, timedelta

from sandbox.hubspot.wire import Body, stamp
from sandbox.state import State

KEY_PROPERTY, ACCOUNT_PROPERTY, RENEWALS = "countersign_step", "stripe_customer_id", "renewals"
LI, LEFT = "41629779", "41629780"
DANA, MARCUS, PRIYA, HARUKA, TOM, INES = "60121", "60122", "60123", "60124", "60125", "60126"
NORTHWIND, KESTREL, HARBOUR, LARKSPUR = "88101", "88102", "88103", "88104"
RENEWAL = "77001"

_OWNERS = ((LI, "Ben", "Okafor", "ben@acme.example.com", False), (LEFT, "Max", "Gone", "max@acme.example", True))
_CONTACTS: tuple[tuple[str, str, str, str, str | None, Body], ...] = (
    (DANA, "Dana", "Ortiz", "ap@northwind.example", NORTHWIND, {ACCOUNT_PROPERTY: "cus_NORTHWIND"}),
    (MARCUS, "Marcus", "Bell", "marcus@kestrel.example.com", KESTREL, {ACCOUNT_PROPERTY: "KESTREL-001", "vip": "true"}),
    (PRIYA, "Priya", "Raman", "priya@example.com", None, {"hubspot_owner_id": None}),
    (HARUKA, "Haruka", "Sato", "haruka@example.com", None, {"hubspot_owner_id": LEFT}),
    (INES, "Ines", "Moreau", "ines@larkspur.example.com", LARKSPUR, {ACCOUNT_PROPERTY: "LARKSPUR-014"}),
    (TOM, "Tom", "Reyes", "tom@harbourlane.example.com", HARBOUR, {}),
)
_COMPANIES = (
    (NORTHWIND, "Northwind"),
    (KESTREL, "Kestrel Hotels"),
    (HARBOUR, "Harbour Lane Bakery"),
    (LARKSPUR, "Larkspur"),
)


def seed(state: State, now: datetime | None = None) -> None:
    """Fill `state.hubspot` if it is empty."""
    if state.hubspot:
        return
    at = now or datetime.now(UTC)
    store, before = state.hubspot, at - timedelta(days=300)
    store |= {"contacts": {}, "companies": {}, "deals": {}, "notes": {}, "tasks": {}, "owners": {}}
    store |= {"links": [], "searches": [], "last_id": 9000, "properties": {}}
    for kind in ("notes", "tasks"):
        store["properties"][kind] = {KEY_PROPERTY: _property(KEY_PROPERTY)}
    store["properties"]["contacts"] = {name: _property(name) for name in (ACCOUNT_PROPERTY, "vip")}
    for owner_id, first, last, email, archived in _OWNERS:
        store["owners"][owner_id] = _owner(owner_id, first, last, email, archived, stamp(before))
    for business, name in _COMPANIES:
        _add(store, "companies", business, {"name": name, "hubspot_owner_id": LI}, before)
    for contact_id, first, last, email, company_id, more in _CONTACTS:
        stated: Body = {"email": email, "firstname": first, "lastname": last, "hubspot_owner_id": LI}
        _add(store, "contacts", contact_id, {**stated, "associatedcompanyid": company_id, **more}, before)
    closes = stamp(at + timedelta(days=18))
    renewal = {"dealname": "Northwind renewal 2027", "closedate": closes, "pipeline": RENEWALS, "hs_is_closed": "false"}
    _add(store, "deals", RENEWAL, renewal, before)
    store["links"] += [["deals", RENEWAL, "contacts", DANA], ["deals", RENEWAL, "companies", NORTHWIND]]


def _add(store: Body, kind: str, record_id: str, properties: Body, at: datetime) -> None:
    times = {"createdAt": stamp(at), "updatedAt": stamp(at)}
    store[kind][record_id] = {"id": record_id, "properties": properties, **times}


def _property(name: str) -> Body:
    described = {"name": name, "label": "Countersign step", "type": "string", "fieldType": "text"}
    return {**described, "groupName": "engagement", "hasUniqueValue": True, "description": "", "options": []}


def _owner(owner_id: str, first: str, last: str, email: str, archived: bool, at: str) -> Body:
    named = {"id": owner_id, "email": email, "firstName": first, "lastName": last, "type": "PERSON"}
    return {**named, "userId": int(owner_id) // 2, "createdAt": at, "updatedAt": at, "archived": archived, "teams": []}
