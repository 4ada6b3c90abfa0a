"""Answer views.*: each person has a stack of up to three forms and one Home tab; all carry a hash."""

import json
from typing import Any, Final

from sandbox.slack.arguments import Arguments, structure
from sandbox.slack.checks import VIEW_BYTES, view_problems
from sandbox.slack.messages import add_ids
from sandbox.slack.seed import APP_ID, BOT_ID
from sandbox.slack.workspace import ApiError, Workspace

STACK_MOST: Final = 3
_EMPTY: Final = {
    "private_metadata": "",
    "callback_id": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "submit": None,
    "close": None,
}


def read_view(ws: Workspace, view: Any, kind: str) -> dict[str, Any]:
    """Return a checked view. Raises `invalid_arguments` with pointers, or `view_too_large`."""
    problems = view_problems(view, kind)
    if problems:
        raise ApiError("invalid_arguments", problems)
    if len(json.dumps(view)) > VIEW_BYTES:
        raise ApiError("view_too_large")
    add_ids(ws, view["blocks"])
    return {**_EMPTY, **view}


def _given(ws: Workspace, args: Arguments, kind: str) -> dict[str, Any]:
    return read_view(ws, structure(args, "view", "invalid_arguments"), kind)


def _new(ws: Workspace, view: dict[str, Any], view_id: str) -> dict[str, Any]:
    team = ws.slack["team"]["id"]
    return {
        **view,
        "id": view_id,
        "team_id": team,
        "app_id": APP_ID,
        "app_installed_team_id": team,
        "bot_id": BOT_ID,
        "hash": _hash(ws),
        "state": {"values": {}},
        "root_view_id": view_id,
        "previous_view_id": None,
    }


def _hash(ws: Workspace) -> str:
    return f"{int(ws.clock())}.{ws.new_id('h')}"


def stack_of(ws: Workspace, user: str) -> list[str]:
    """Return the ids of a person's open forms, the visible one last."""
    stack: list[str] = ws.slack["stacks"].setdefault(user, [])
    return stack


def open_view(ws: Workspace, view_id: Any, user: str | None = None) -> dict[str, Any]:
    """Return an open form, of that person if one is named. Raises `not_found`."""
    kept = ws.slack["views"].get(view_id)
    if kept is None or user not in (None, kept["user"]):
        raise ApiError("not_found")
    view: dict[str, Any] = kept["view"]
    return view


def push_view(ws: Workspace, user: str, view: dict[str, Any]) -> dict[str, Any]:
    """Push a form onto a person's stack. Raises `push_limit_reached` or `duplicate_external_id`."""
    stack = stack_of(ws, user)
    if len(stack) >= STACK_MOST:
        raise ApiError("push_limit_reached")
    _free_external_id(ws, view["external_id"], None)
    new = _new(ws, view, ws.new_id("V"))
    if stack:
        new["root_view_id"], new["previous_view_id"] = stack[0], stack[-1]
    stack.append(new["id"])
    ws.slack["views"][new["id"]] = {"user": user, "view": new}
    _show(ws, user, new)
    return new


def replace_view(ws: Workspace, view_id: str, view: dict[str, Any]) -> dict[str, Any]:
    """Replace the content of a form. Raises `duplicate_external_id`."""
    kept = ws.slack["views"][view_id]
    _free_external_id(ws, view["external_id"], view_id)
    lasting = {key: kept["view"][key] for key in ("root_view_id", "previous_view_id")}
    kept["view"] = {**_new(ws, view, view_id), **lasting}
    _show(ws, kept["user"], kept["view"])
    return dict(kept["view"])


def close_views(ws: Workspace, user: str, down_to: str) -> list[dict[str, Any]]:
    """Close a form and everything above it, and return what was closed, top first."""
    stack = stack_of(ws, user)
    closed = []
    while down_to in stack:
        view_id = stack.pop()
        closed.append(ws.slack["views"].pop(view_id)["view"])
        ws.state.tell(user, {"what": "view_closed", "view_id": view_id})
    ws.state.changed("view")
    if closed and stack:
        _show(ws, user, ws.slack["views"][stack[-1]]["view"])
    return closed


def _show(ws: Workspace, user: str, view: dict[str, Any]) -> None:
    ws.state.tell(user, {"what": "view", "view": view})
    ws.state.changed("view")


def _free_external_id(ws: Workspace, external_id: str, mine: str | None) -> None:
    for view_id, kept in ws.slack["views"].items():
        if external_id and kept["view"]["external_id"] == external_id and view_id != mine:
            raise ApiError("duplicate_external_id")


def views_open(ws: Workspace, args: Arguments) -> dict[str, Any]:
    view = _given(ws, args, "modal")
    user = ws.use_trigger(args["trigger_id"])
    stack = stack_of(ws, user)
    if stack:  # a new root form replaces the open ones
        close_views(ws, user, stack[0])
    return {"view": push_view(ws, user, view)}


def views_push(ws: Workspace, args: Arguments) -> dict[str, Any]:
    view = _given(ws, args, "modal")
    user = ws.use_trigger(args["trigger_id"])
    if not stack_of(ws, user):
        raise ApiError("not_found")
    return {"view": push_view(ws, user, view)}


def _named(ws: Workspace, args: Arguments) -> str:
    """Return the id of the view that the arguments name. Raises `not_found`."""
    if args.get("view_id"):
        return str(open_view(ws, args["view_id"])["id"])
    for view_id, kept in ws.slack["views"].items():
        if args.get("external_id") and kept["view"]["external_id"] == args["external_id"]:
            return str(view_id)
    raise ApiError("not_found")


def views_update(ws: Workspace, args: Arguments) -> dict[str, Any]:
    view_id = _named(ws, args)
    view = _given(ws, args, "modal")
    if args.get("hash") and args["hash"] != open_view(ws, view_id)["hash"]:
        raise ApiError("hash_conflict")
    return {"view": replace_view(ws, view_id, view)}


def views_publish(ws: Workspace, args: Arguments) -> dict[str, Any]:
    """Publish a Home tab. Raises `missing_profile_id`, the nearest documented error, for an unknown person."""
    user = str(args["user_id"])
    if user not in ws.slack["people"]:
        raise ApiError("missing_profile_id")
    view = _given(ws, args, "home")
    homes = ws.slack["homes"]
    before = homes.get(user)
    if args.get("hash") and before and args["hash"] != before["hash"]:
        raise ApiError("hash_conflict")
    homes[user] = _new(ws, view, before["id"] if before else ws.new_id("V"))
    ws.changed()
    return {"view": homes[user]}
