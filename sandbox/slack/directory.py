"""Answer conversations.*, usergroups.* and users.*: people, channels and what was said."""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.slack.arguments import Arguments, flag, number, page_of
from sandbox.slack.messages import public
from sandbox.slack.seed import APP_ID, BOT_ID, BOT_USER
from sandbox.slack.workspace import ApiError, Workspace

HISTORY_PAGE: Final = 100
HISTORY_MOST: Final = 999


def auth_test(ws: Workspace, _: Arguments) -> dict[str, Any]:
    team = ws.slack["team"]
    return {
        "url": f"{ws.origin or 'https://' + team['domain'] + '.slack.com'}/",
        "team": team["name"],
        "user": "countersign",
        "team_id": team["id"],
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


def _channel(ws: Workspace, channel: dict[str, Any]) -> dict[str, Any]:
    if channel["dm"]:
        return {"id": channel["id"], "is_im": True, "is_archived": False, "user": channel["members"][0]}
    return {
        "id": channel["id"],
        "name": channel["name"],
        "name_normalized": channel["name"],
        "is_channel": not channel["private"],
        "is_group": channel["private"],
        "is_im": False,
        "is_mpim": False,
        "is_private": channel["private"],
        "is_archived": ws.is_archived(channel),
        "is_member": BOT_USER in channel["members"],
        "is_general": False,
        "context_team_id": ws.slack["team"]["id"],
        "topic": {"value": channel["topic"], "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel["members"]),
    }


def _kind(channel: dict[str, Any]) -> str:
    return "im" if channel["dm"] else "private_channel" if channel["private"] else "public_channel"


def conversations_list(ws: Workspace, args: Arguments) -> dict[str, Any]:
    kinds = {kind.strip() for kind in str(args.get("types") or "public_channel").split(",")}
    if not kinds <= {"public_channel", "private_channel", "mpim", "im"}:
        raise ApiError("invalid_types")
    found = [
        _channel(ws, channel)
        for channel in ws.slack["channels"].values()
        if _kind(channel) in kinds
        and (not channel["private"] or BOT_USER in channel["members"])
        and not (flag(args, "exclude_archived") and ws.is_archived(channel))
    ]
    page, cursor = page_of(found, args, 100, "invalid_limit")
    return {"channels": page, "response_metadata": {"next_cursor": cursor}}


def conversations_info(ws: Workspace, args: Arguments) -> dict[str, Any]:
    return {"channel": _channel(ws, ws.channel(args["channel"]))}


def conversations_members(ws: Workspace, args: Arguments) -> dict[str, Any]:
    page, cursor = page_of(ws.channel(args["channel"])["members"], args, 100, "invalid_limit")
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def conversations_open(ws: Workspace, args: Arguments) -> dict[str, Any]:
    if args.get("channel"):
        return {"channel": {"id": ws.channel(args["channel"])["id"]}}
    users = args.get("users") or ""
    names = users if isinstance(users, list) else [name for name in str(users).split(",") if name]
    if not names:
        raise ApiError("users_list_not_supplied")
    if len(names) > 1:  # the product needs no group messages
        raise ApiError("too_many_users")
    if ws.person(names[0]).get("deleted"):
        raise ApiError("user_disabled")
    return {"channel": {"id": ws.dm_with(names[0])["id"]}}


def _time(args: Arguments, name: str) -> Decimal | None:
    value = args.get(name)
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ApiError(f"invalid_ts_{name}") from None


def _within(messages: Iterable[dict[str, Any]], args: Arguments) -> Iterator[dict[str, Any]]:
    oldest, latest, inclusive = _time(args, "oldest"), _time(args, "latest"), flag(args, "inclusive")
    for message in messages:
        at = Decimal(message["ts"])
        early = oldest is not None and (at < oldest or (at == oldest and not inclusive))
        late = latest is not None and (at > latest or (at == latest and not inclusive))
        if not early and not late:
            yield message
        elif early and not late:
            return  # newest first: the rest is older still


def history(ws: Workspace, args: Arguments) -> dict[str, Any]:
    """Return a channel's messages, newest first, without replies."""
    channel = ws.channel(args["channel"])
    if BOT_USER not in channel["members"]:
        raise ApiError("not_in_channel")
    newest_first = reversed(ws.messages(channel["id"]).values())
    found = [post for post in _within(newest_first, args) if post.get("thread_ts", post["ts"]) == post["ts"]]
    return _messages(found, args)


def replies(ws: Workspace, args: Arguments) -> dict[str, Any]:
    """Return a thread, oldest first from its parent; the parent alone if nobody has replied."""
    there = ws.messages(ws.channel(args["channel"])["id"])
    parent = there.get(str(args["ts"]))
    if parent is None:
        raise ApiError("thread_not_found")
    answers = [there[ts] for ts in reversed(parent.get("replies", [])) if ts in there]
    found = list(_within(answers, args))
    return _messages([parent, *reversed(found)], args)


def _messages(found: list[dict[str, Any]], args: Arguments) -> dict[str, Any]:
    limit = number(args, "limit", HISTORY_PAGE, HISTORY_MOST, "invalid_cursor")
    page, cursor = page_of(found, {**args, "limit": limit}, limit, "invalid_cursor")
    metadata = flag(args, "include_all_metadata")
    answer = {"messages": [public(message, metadata=metadata) for message in page], "has_more": bool(cursor)}
    return {**answer, "response_metadata": {"next_cursor": cursor}} if cursor else answer


def _user(ws: Workspace, person: dict[str, Any]) -> dict[str, Any]:
    team = ws.slack["team"]["id"]
    return {
        "id": person["id"],
        "team_id": person.get("team", team),
        "name": person["handle"],
        "real_name": person["name"],
        "deleted": bool(person.get("deleted")),
        "is_bot": False,
        "is_app_user": False,
        "is_admin": person["admin"],
        "is_restricted": bool(person.get("guest")),
        "is_ultra_restricted": bool(person.get("single_channel_guest")),
        **({"is_stranger": True} if person.get("stranger") else {}),
        "tz": "Europe/London",
        "tz_offset": 0,
        "profile": {
            "real_name": person["name"],
            "display_name": person["name"],
            "email": person["email"],
            "title": person["title"],
            "team": team,
        },
    }


def _bot(ws: Workspace) -> dict[str, Any]:
    """Return the app's own user."""
    person = {"id": BOT_USER, "handle": "countersign", "name": "Countersign", "admin": False, "email": "", "title": ""}
    return {**_user(ws, person), "is_bot": True}


def users_info(ws: Workspace, args: Arguments) -> dict[str, Any]:
    return {"user": _bot(ws) if args["user"] == BOT_USER else _user(ws, ws.person(args["user"]))}


def users_list(ws: Workspace, args: Arguments) -> dict[str, Any]:
    everybody = [*(_user(ws, person) for person in ws.slack["people"].values()), _bot(ws)]
    page, cursor = page_of(everybody, args, 1000, "limit_required")
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def users_lookup(ws: Workspace, args: Arguments) -> dict[str, Any]:
    for person in ws.slack["people"].values():
        if person["email"] == args["email"]:
            return {"user": _user(ws, person)}
    raise ApiError("users_not_found")


def _group(ws: Workspace, group: dict[str, Any], *, users: bool) -> dict[str, Any]:
    shown = {
        "id": group["id"],
        "team_id": ws.slack["team"]["id"],
        "is_usergroup": True,
        "name": group["name"],
        "handle": group["handle"],
        "description": "",
        "date_delete": 0,
        "user_count": len(group["members"]),
    }
    return {**shown, "users": list(group["members"])} if users else shown


def usergroups_list(ws: Workspace, args: Arguments) -> dict[str, Any]:
    users = flag(args, "include_users")
    return {"usergroups": [_group(ws, group, users=users) for group in ws.slack["groups"].values()]}


def usergroups_users(ws: Workspace, args: Arguments) -> dict[str, Any]:
    group = ws.slack["groups"].get(args["usergroup"])
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": list(group["members"])}
