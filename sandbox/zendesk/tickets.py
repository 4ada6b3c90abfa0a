"""Create tickets once per idempotency key, update them, and open follow-ups of closed ones."""

import hashlib
import json
from typing import Any

from sandbox.zendesk.wire import Api, Body, Refusal, Reply, invalid

KEY_LASTS_S = 2 * 3600
UPDATES = (30, 600)  # at most 30 of one ticket within 600 s
PRIORITIES = ("low", "normal", "high", "urgent")
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
TAKEN = frozenset(
    (
        *("subject", "comment", "priority", "status", "type", "external_id", "requester", "group_id", "custom_fields"),
        *("tags", "additional_tags", "remove_tags", "safe_update", "updated_stamp", "via_followup_source_id"),
    )
)


def create(api: Api, given: Body, key: str | None) -> Reply:
    """Create a ticket; for 2 hours its key replays the answer. Raises Refusal for the same key with another body."""
    print_ = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
    kept = api.store["keys"].get(key) if key else None
    if kept is not None and api.seconds() - kept["at"] < KEY_LASTS_S:
        if kept["print"] != print_:
            raise Refusal(400, "IdempotentRequestError", "The request parameters do not match the first request's.")
        return Reply(kept["body"], 201, {"x-idempotency-lookup": "hit"})
    body = {"ticket": _made(api, _asked(given))}
    if key:
        api.store["keys"][key] = {"at": api.seconds(), "print": print_, "body": json.loads(json.dumps(body))}
    api.state.changed("zendesk")
    return Reply(body, 201, {"x-idempotency-lookup": "miss"} if key else {})


def update(api: Api, ticket: Body, given: Body) -> Reply:
    asked = _asked(given)
    _throttle(api, ticket["id"])
    if ticket["status"] == "closed":
        raise invalid(status="Status: closed prevents ticket update")
    if asked.get("safe_update") and asked.get("updated_stamp") != ticket["updated_at"]:
        raise Refusal(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data.")
    tags: list[str] = asked.get("tags", ticket["tags"]) + asked.get("additional_tags", [])
    dropped = asked.get("remove_tags", [])
    ticket["tags"] = [tag for tag in dict.fromkeys(tags) if tag not in dropped]
    ticket |= {name: asked[name] for name in ("subject", "priority", "status", "type") if name in asked}
    ticket["updated_at"] = api.stamp()
    events = [_comment(api, ticket, asked["comment"])] if "comment" in asked else []
    api.state.changed("zendesk")
    audit = {
        "id": api.next_id(),
        "ticket_id": ticket["id"],
        "created_at": api.stamp(),
        "author_id": ticket["submitter_id"],
    }
    shown = [{"id": event["id"], "type": "Comment", "body": event["body"]} for event in events]
    return Reply({"ticket": ticket, "audit": {**audit, "events": shown}})


def _asked(given: Body) -> Body:
    asked = given.get("ticket")
    if not isinstance(asked, dict):
        raise Refusal(400, "InvalidValue", "A ticket is required.")
    if unknown := set(asked) - TAKEN:
        raise Refusal(400, "UnprocessableEntity", f"Unpermitted keys {sorted(unknown)}")
    if asked.get("priority", "low") not in PRIORITIES or asked.get("status", "new") not in STATUSES:
        raise invalid(priority="Priority: is not valid")
    return asked


def _made(api: Api, asked: Body) -> Body:
    if not isinstance(asked.get("comment"), dict) or not asked["comment"].get("body"):
        raise invalid(description="Description: cannot be blank")
    via: Body = {"channel": "api", "source": {}}
    if (source := asked.get("via_followup_source_id")) is not None:
        followed = api.store["tickets"].get(str(source))
        if followed is None or followed["status"] != "closed" or "closed_by_merge" in followed["tags"]:
            raise invalid(via_followup_source_id="Source ticket: is not closed or was merged")
        via["source"] = {"from": {"ticket_id": source}, "rel": "follow_up"}
    at, me = api.stamp(), api.store["me"]
    ticket: Body = {
        "id": api.next_id(),
        "external_id": asked.get("external_id"),
        "created_at": at,
        "updated_at": at,
        "type": asked.get("type"),
        "subject": asked.get("subject", ""),
        "raw_subject": asked.get("subject", ""),
        "description": asked["comment"]["body"],
        "priority": asked.get("priority"),
        "status": asked.get("status", "new"),
        "requester_id": _requester(api, asked["requester"]) if "requester" in asked else me,
        "submitter_id": me,
        "is_public": asked["comment"].get("public", True),
        "tags": list(asked.get("tags", [])),
        "custom_fields": asked.get("custom_fields", []),
        "via": via,
    }
    api.store["tickets"][str(ticket["id"])] = ticket
    _comment(api, ticket, asked["comment"])
    return ticket


def _requester(api: Api, stated: Any) -> int:
    email = str(stated.get("email", ""))
    if "@" not in email:
        raise invalid(requester=f"Requester: Email: {email} is not properly formatted")
    for user in api.store["users"].values():
        if user["email"].lower() == email.lower():
            if user["suspended"]:
                raise invalid(requester=f"Requester: {user['name']} is suspended.")
            return int(user["id"])
    if not stated.get("name"):
        raise invalid(requester="Requester: Name: is too short (minimum one character)")
    return add_user(api.store, api.next_id(), stated["name"], email)


def add_user(store: Body, user_id: int, name: str, email: str, *, role: str = "end-user") -> int:
    user = {"id": user_id, "name": name, "email": email, "role": role, "suspended": False, "active": True}
    store["users"][str(user_id)] = user
    return user_id


def _comment(api: Api, ticket: Body, stated: Body) -> Body:
    comment = {
        "id": api.next_id(),
        "type": "Comment",
        "author_id": ticket["submitter_id"],
        "body": stated["body"],
        "public": stated.get("public", True),
        "created_at": api.stamp(),
        "attachments": [],
    }
    api.store["comments"].setdefault(str(ticket["id"]), []).append(comment)
    return comment


def _throttle(api: Api, ticket_id: int) -> None:
    most, within = UPDATES
    times = [at for at in api.store["updates"].get(str(ticket_id), []) if api.seconds() - at < within]
    if len(times) >= most:
        refusal = Refusal(429, "TooManyRequests", "Too many updates of this ticket.")
        refusal.headers["Retry-After"] = str(within - (api.seconds() - times[0]))
        raise refusal
    api.store["updates"][str(ticket_id)] = [*times, api.seconds()]
