"""Show HubSpot on the page: notes and tasks, newest first, with the records they are about."""

from itertools import islice
from typing import Any

from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return `notes` and `tasks`, at most 100 of each."""
    return {
        "notes": [_note(state.hubspot, note) for note in _newest(state, "notes")],
        "tasks": [_task(state.hubspot, task) for task in _newest(state, "tasks")],
    }


def _newest(state: State, kind: str) -> list[dict[str, Any]]:
    return list(islice(reversed(state.hubspot.get(kind, {}).values()), SHOWN))


def _note(store: dict[str, Any], note: dict[str, Any]) -> dict[str, Any]:
    said = note["properties"]
    about = _about(store, "notes", note["id"])
    return {"id": note["id"], "about": about, "body": said["hs_note_body"], "at": said["hs_timestamp"]}


def _task(store: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    said = task["properties"]
    owner = store["owners"].get(said.get("hubspot_owner_id") or "", {})
    return {
        "id": task["id"],
        "about": _about(store, "tasks", task["id"]),
        "subject": said["hs_task_subject"],
        "body": said["hs_task_body"],
        "priority": said["hs_task_priority"],
        "owner": owner.get("email"),
        "due": said["hs_timestamp"],
    }


def _about(store: dict[str, Any], kind: str, record_id: str) -> str:
    names = []
    for here, here_id, there, there_id in store["links"]:
        if (here, here_id) == (kind, record_id):
            said = store[there][there_id]["properties"]
            names.append(said.get("name") or f"{said.get('firstname', '')} {said.get('lastname', '')}".strip())
    return ", ".join(names)
