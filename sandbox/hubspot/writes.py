"""Upsert records by a unique property, add default associations, and add properties."""

from sandbox.hubspot.wire import LINKS, Api, Body, Refusal, shown

NEEDED = {"notes": ("hs_timestamp",), "tasks": ("hs_timestamp",)}
ALLOWED = {
    "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
    "hs_task_priority": ("LOW", "MEDIUM", "HIGH"),
    "hs_task_type": ("CALL", "EMAIL", "TODO"),
}
BODY_MOST = 65_536


def upsert(api: Api, kind: str, asked: Body) -> tuple[int, Body]:
    """Upsert the inputs and return 200, or 207 if some failed; a batch of one is refused as a whole."""
    inputs = asked.get("inputs")
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= 100:
        raise Refusal(400, "VALIDATION_ERROR", "Between 1 and 100 inputs are needed.")
    at, results, errors = api.stamp(), [], []
    for given in inputs:
        try:
            results.append(_one(api, kind, given))
        except Refusal as refusal:
            if len(inputs) == 1:
                raise
            errors.append({"context": {"id": [given.get("id", "")]}, "links": {}, "errors": [], **refusal.body})
    api.state.changed("hubspot")
    body: Body = {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": results}
    return (207, {**body, "numErrors": len(errors), "errors": errors}) if errors else (200, body)


def link(api: Api, kind: str, record_id: str, other: str, other_id: str) -> Body:
    """Link two records; a repeat keeps the one link."""
    here, there = api.record(kind, record_id), api.record(other, other_id)
    if (kind, other) not in LINKS:
        raise Refusal(400, "VALIDATION_ERROR", f"The sandbox links no {kind} to {other}.")
    ends = [kind, here["id"], other, there["id"]]
    if ends not in api.store["links"]:
        api.store["links"].append(ends)
    api.state.changed("hubspot")
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": LINKS[kind, other]}
    both = {"from": {"id": here["id"]}, "to": {"id": there["id"]}}
    back = {"from": {"id": there["id"]}, "to": {"id": here["id"]}}
    results = [{**pair, "associationSpec": spec} for pair in (both, back)]
    return {"status": "COMPLETE", "startedAt": api.stamp(), "completedAt": api.stamp(), "results": results}


def add_property(api: Api, kind: str, asked: Body) -> Body:
    of_kind = api.store["properties"].setdefault(kind, {})
    if asked.get("name") in of_kind:
        raise Refusal(409, "CONFLICT", "A property of this name exists.")
    stated = {name: asked[name] for name in ("name", "label", "type", "fieldType", "groupName")}
    unique = bool(asked.get("hasUniqueValue"))
    of_kind[asked["name"]] = {**stated, "hasUniqueValue": unique, "description": "", "options": []}
    api.state.changed("hubspot")
    added: Body = of_kind[asked["name"]]
    return added


def _one(api: Api, kind: str, given: Body) -> Body:
    name, value, properties = given.get("idProperty"), str(given.get("id", "")), given.get("properties", {})
    if not name:
        raise Refusal(400, "VALIDATION_ERROR", "idProperty is needed.")
    api.refuse_not_unique(kind, name)
    if not all(isinstance(text, str) for text in properties.values()):
        raise Refusal(400, "VALIDATION_ERROR", "Property values were not valid", {"properties": "not a string"})
    _refuse_values(api, kind, properties)
    found, at = api.by_value(kind, name, value), api.stamp()
    if found is None:
        if lacking := [needed for needed in NEEDED.get(kind, ()) if needed not in properties]:
            fields = dict.fromkeys(lacking, "is required")
            raise Refusal(400, "VALIDATION_ERROR", "Property values were not valid", fields)
        record: Body = {"id": api.next_id(), "properties": {}, "createdAt": at, "updatedAt": at}
        api.store[kind][record["id"]] = record
    else:
        record = found
    record["properties"] |= {**properties, name: value}
    record["updatedAt"] = at
    return {**shown(kind, record, record["properties"]), "new": found is None}


def _refuse_values(api: Api, kind: str, properties: dict[str, str]) -> None:
    wrong = {name: "not an option" for name, most in ALLOWED.items() if properties.get(name, most[0]) not in most}
    wrong |= {name: "too long" for name, value in properties.items() if len(value) > BODY_MOST}
    unknown = [
        name for name in properties if not name.startswith("hs_") and name not in api.store["properties"].get(kind, {})
    ]
    wrong |= {name: "does not exist" for name in unknown if name != "hubspot_owner_id"}
    if wrong:
        raise Refusal(400, "VALIDATION_ERROR", "Property values were not valid", wrong)
