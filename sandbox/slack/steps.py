"""Run Workflow Builder's custom steps: a run waits until the app completes it with outputs or with an error.

Source of the errors: Slack's pages of functions.completeSuccess and functions.completeError.
"""

from typing import Any, Final

from sandbox.slack.arguments import Arguments, structure
from sandbox.slack.workspace import ApiError, Workspace

RUNS_KEPT: Final = 100


def runs(ws: Workspace) -> dict[str, dict[str, Any]]:
    """Return the runs by execution id, oldest first."""
    found: dict[str, dict[str, Any]] = ws.slack.setdefault("runs", {})
    return found


def begin(ws: Workspace, user: str, callback_id: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Start a run. Raises `user_not_found`, and `not_found` for a step that the app does not have."""
    ws.person(user)
    if callback_id not in {step["callback_id"] for step in ws.slack.get("steps", [])}:
        raise ApiError("not_found")
    run: dict[str, Any] = {"id": ws.new_id("Fx"), "step": callback_id, "by": user, "inputs": inputs, "state": "running"}
    kept = runs(ws)
    kept[run["id"]] = run
    if len(kept) > RUNS_KEPT:
        del kept[next(iter(kept))]
    ws.changed()
    return run


def _running(ws: Workspace, args: Arguments) -> dict[str, Any]:
    run = runs(ws).get(str(args["function_execution_id"]))
    if run is None:
        raise ApiError("function_execution_not_found")
    if run["state"] != "running":
        raise ApiError("execution_not_in_running_state")
    return run


def complete_success(ws: Workspace, args: Arguments) -> dict[str, Any]:
    run, outputs = _running(ws, args), structure(args, "outputs", "invalid_arguments")
    step = next(entry for entry in ws.slack["steps"] if entry["callback_id"] == run["step"])
    required, declared = set(step["required_outputs"]), set(step["outputs"])
    if not isinstance(outputs, dict) or not required <= set(outputs) <= declared:
        raise ApiError("parameter_validation_failed")
    run.update(state="completed", outputs=outputs)
    ws.changed()
    return {}


def complete_error(ws: Workspace, args: Arguments) -> dict[str, Any]:
    _running(ws, args).update(state="failed", error=str(args["error"]))
    ws.changed()
    return {}
