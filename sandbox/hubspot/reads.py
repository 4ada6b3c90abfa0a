"""Answer reads by id or unique value, which are exact, and searches, which lag and are limited to five a second."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.hubspot.wire import Api, Body, Refusal, shown

LAG = timedelta(seconds=20)
SEARCHES_A_SECOND = 5

MATCHES: Mapping[str, Callable[[str | None, str], bool]] = {
    "EQ": lambda stored, value: (stored or "").lower() == value.lower(),
    "NEQ": lambda stored, value: (stored or "").lower() != value.lower(),
    "CONTAINS_TOKEN": lambda stored, value: value.lower() in (stored or "").lower().split(),
    "HAS_PROPERTY": lambda stored, _: bool(stored),
}


def one(api: Api, kind: str, value: str, query: Mapping[str, str]) -> Body:
    record = api.record(kind, value, query.get("idProperty"))
    body = shown(kind, record, query.get("properties", "").split(","))
    for other in filter(None, query.get("associations", "").split(",")):
        linked = [end[1] for end in ends(api, kind, record["id"]) if end[0] == other]
        if linked:
            rows = [{"id": linked_id, "type": f"{kind[:-1]}_to_{other}"} for linked_id in linked]
            body.setdefault("associations", {})[other] = {"results": rows}
    return body


def search(api: Api, kind: str, asked: Body) -> Body:
    _throttle(api)
    groups = asked.get("filterGroups")
    if not isinstance(groups, list) or len(groups) > 5 or not 0 < asked.get("limit", 10) <= 200:
        raise Refusal(400, "VALIDATION_ERROR", "filterGroups or limit is invalid.")
    until = api.now() - LAG
    found = [
        record
        for record in api.store[kind].values()
        if datetime.fromisoformat(record["updatedAt"]) <= until
        and (not groups or any(all(_fits(api, kind, record, rule) for rule in group["filters"]) for group in groups))
    ]
    results = [shown(kind, record, asked.get("properties", [])) for record in found[: asked.get("limit", 10)]]
    return {"total": len(found), "results": results}


def owner(api: Api, owner_id: str, archived: bool) -> Body:
    found: Body | None = api.store["owners"].get(owner_id)
    if found is None or found["archived"] is not archived:
        raise Refusal(404, "OBJECT_NOT_FOUND", "The owner does not exist.")
    return found


def ends(api: Api, kind: str, record_id: str) -> list[tuple[str, str]]:
    """Return the records linked to a record, from either side."""
    pairs = [((a, b), (c, d)) for a, b, c, d in api.store["links"]]
    mine = (kind, record_id)
    return [there for here, there in pairs if here == mine] + [here for here, there in pairs if there == mine]


def _fits(api: Api, kind: str, record: Body, filter_: Body) -> bool:
    name, value = filter_["propertyName"], filter_.get("value", "")
    if name.startswith("associations."):
        other = {"contact": "contacts", "company": "companies"}[name.removeprefix("associations.")]
        return (other, value) in ends(api, kind, record["id"])
    if filter_["operator"] not in MATCHES:
        raise Refusal(400, "VALIDATION_ERROR", f"The sandbox knows no operator {filter_['operator']}.")
    return MATCHES[filter_["operator"]](record["properties"].get(name), value)


def _throttle(api: Api) -> None:
    now = api.now().timestamp()
    recent = [at for at in api.store["searches"] if now - at < 1]
    if len(recent) >= SEARCHES_A_SECOND:
        refusal = Refusal(429, "RATE_LIMITS", "You have reached your secondly limit.")
        refusal.body |= {"errorType": "RATE_LIMIT", "policyName": "SECONDLY"}
        raise refusal
    api.store["searches"] = [*recent, now]
