"""Build what Slack sends to an app: clicks, forms, commands and events."""

import re
from typing import Any, Final

from sandbox.slack.checks import elements_of_block
from sandbox.slack.messages import public
from sandbox.slack.seed import APP_ID, BOT_USER
from sandbox.slack.workspace import Workspace

OLD_TOKEN: Final = "deprecated-token"  # noqa: S105 - Slack's retired verification token, which apps must ignore
_NOT_SHOWN: Final = frozenset({"confirm", "focus_on_load", "options", "option_groups", "accessibility_label", "url"})


def common(ws: Workspace, kind: str, user: str) -> dict[str, Any]:
    person = ws.slack["people"][user]
    team = ws.slack["team"]
    return {
        "type": kind,
        "team": {"id": team["id"], "domain": team["domain"]},
        "user": {
            "id": user,
            "username": person["handle"],
            "name": person["handle"],
            "team_id": team["id"],
        },
        "api_app_id": APP_ID,
        "token": OLD_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def action(ws: Workspace, blocks: list[dict[str, Any]], block_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what was pressed as the person's screen had it, even if the element is gone meanwhile."""
    found: dict[str, Any] = {}
    for block in blocks:
        if block.get("block_id") == block_id:
            for element in elements_of_block(block):
                if element.get("action_id") == given.get("action_id"):
                    found = {key: value for key, value in element.items() if key not in _NOT_SHOWN}
    return {**found, **given, "block_id": block_id, "action_ts": ws.new_ts()}


def from_message(
    ws: Workspace, user: str, channel: dict[str, Any], message: dict[str, Any], pressed: dict[str, Any]
) -> dict[str, Any]:
    """Return block_actions from a message; one that only this person sees comes without its content."""
    ephemeral = "channel" in message
    payload = {
        **common(ws, "block_actions", user),
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel["id"],
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel["id"], "name": "directmessage" if channel["dm"] else channel["name"]},
        "state": {"values": {}},
        "trigger_id": ws.new_trigger(user),
        "response_url": ws.new_hook("actions", user, channel["id"], message["ts"]),
        "actions": [pressed],
    }
    if message.get("thread_ts"):
        payload["container"]["thread_ts"] = message["thread_ts"]
    return payload if ephemeral else {**payload, "message": public(message)}


def from_view(
    ws: Workspace, user: str, view: dict[str, Any], pressed: dict[str, Any], values: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return block_actions from a form or the Home tab, without channel; `values` is what is filled in so far."""
    return {
        **common(ws, "block_actions", user),
        "container": {"type": "view", "view_id": view["id"]},
        "view": {**view, "state": {"values": values or {}}},
        "trigger_id": ws.new_trigger(user),
        "actions": [pressed],
    }


def view_submission(ws: Workspace, user: str, view: dict[str, Any]) -> dict[str, Any]:
    extra = {"trigger_id": ws.new_trigger(user), "view": view, "response_urls": []}
    return {**common(ws, "view_submission", user), **extra}


def view_closed(ws: Workspace, user: str, view: dict[str, Any], *, cleared: bool) -> dict[str, Any]:
    return {**common(ws, "view_closed", user), "view": view, "is_cleared": cleared}


def command(ws: Workspace, user: str, channel: dict[str, Any], name: str, text: str) -> dict[str, str]:
    team = ws.slack["team"]
    return {
        "token": OLD_TOKEN,
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": channel["id"],
        "channel_name": "directmessage" if channel["dm"] else channel["name"],
        "user_id": user,
        "user_name": ws.slack["people"][user]["handle"],
        "command": name,
        "text": _escaped(ws, text),
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": ws.new_hook("commands", user, channel["id"], None),
        "trigger_id": ws.new_trigger(user),
    }


def _escaped(ws: Workspace, text: str) -> str:
    """Return a command's text with mentions escaped, as `should_escape` requests it."""
    ids = {person["handle"]: person["id"] for person in ws.slack["people"].values()}

    def mention(match: re.Match[str]) -> str:
        handle = match[1]
        return f"<@{ids[handle]}|{handle}>" if handle in ids else match[0]

    return re.sub(r"(?<!\S)@([a-z0-9._-]+)", mention, text)


def message_action(
    ws: Workspace, user: str, channel: dict[str, Any], message: dict[str, Any], callback_id: str
) -> dict[str, Any]:
    """Return a shortcut that was chosen in the menu of a message."""
    return {
        **common(ws, "message_action", user),
        "callback_id": callback_id,
        "trigger_id": ws.new_trigger(user),
        "response_url": ws.new_hook("app", user, channel["id"], message["ts"]),
        "message_ts": message["ts"],
        "channel": {"id": channel["id"], "name": "directmessage" if channel["dm"] else channel["name"]},
        "message": public(message),
        "action_ts": ws.new_ts(),
    }


def said(ws: Workspace, channel: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a message in a channel that the app is in."""
    kind = "group" if channel["private"] else "channel"
    event = {**public(message), "channel": channel["id"], "channel_type": kind, "event_ts": message["ts"]}
    return event_callback(ws, event)


def step_executed(ws: Workspace, run: dict[str, Any]) -> dict[str, Any]:
    event = {
        "type": "function_executed",
        "function": {"id": "Fn0FINANCE1", "callback_id": run["step"], "type": "app", "app_id": APP_ID},
        "inputs": run["inputs"],
        "function_execution_id": run["id"],
        "workflow_execution_id": "Wx" + run["id"][2:],
        "event_ts": ws.new_ts(),
    }
    return event_callback(ws, event)


def home_opened(ws: Workspace, user: str) -> dict[str, Any]:
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": ws.dm_with(user)["id"],
        "tab": "home",
        "event_ts": ws.new_ts(),
    }
    view = ws.slack["homes"].get(user)
    return event_callback(ws, {**event, "view": view} if view else event)


def event_callback(ws: Workspace, event: dict[str, Any]) -> dict[str, Any]:
    team = ws.slack["team"]["id"]
    return {
        "type": "event_callback",
        "token": OLD_TOKEN,
        "team_id": team,
        "api_app_id": APP_ID,
        "event_id": ws.new_id("Ev"),
        "event_time": int(ws.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event": event,
    }
