"""Act as people: click, fill in forms, run commands, open the Home tab; the bot is notified and its answer read."""

from typing import Any, Final

from sandbox.slack import payloads, steps
from sandbox.slack.delivery import Answer, Delivery
from sandbox.slack.messages import keep_message, read_blocks
from sandbox.slack.seed import BOT_USER
from sandbox.slack.views import close_views, open_view, push_view, read_view, replace_view, stack_of
from sandbox.slack.web_api import deliver
from sandbox.slack.workspace import ApiError, Workspace

TROUBLE: Final = "We had some trouble connecting. Try again?"
REQUIRED: Final = "Please complete this required field."
_VALUES: Final = (  # members that hold the value of an input
    "value",
    "selected_option",
    "selected_options",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "selected_user",
    "selected_users",
    "selected_channel",
    "selected_conversation",
)
_STARTS: Final = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


class People:
    """Perform everything a person can do to the bot, through `delivery`."""

    def __init__(self, ws: Workspace, delivery: Delivery) -> None:
        self._ws = ws
        self._delivery = delivery

    async def click(self, user: str, channel_id: str, ts: str, block_id: str, given: dict[str, Any]) -> dict[str, Any]:
        """Click on a message. Raises ApiError for an unknown person, channel or message."""
        ws = self._ws
        ws.person(user)
        channel = ws.channel(channel_id)
        message = ws.messages(channel_id).get(ts) or ws.slack["ephemerals"].get(user, {}).get(ts)
        if message is None:
            raise ApiError("message_not_found")
        pressed = payloads.action(ws, message.get("blocks", []), block_id, given)
        answer = await self._delivery.payload(payloads.from_message(ws, user, channel, message, pressed))
        if answer.status != 200:
            ws.warn(user, channel_id, _sorry(answer))
        return _result(answer)

    async def click_in_view(
        self, user: str, view_id: str, block_id: str, given: dict[str, Any], values: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Click in a form or in the Home tab. Raises `not_found` if it is gone."""
        ws = self._ws
        ws.person(user)
        home = ws.slack["homes"].get(user)
        view = home if home and home["id"] == view_id else open_view(ws, view_id, user)
        pressed = payloads.action(ws, view["blocks"], block_id, given)
        return _result(await self._delivery.payload(payloads.from_view(ws, user, view, pressed, values)))

    async def submit(self, user: str, view_id: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send a filled-in form. Raises `not_found` if it was closed meanwhile."""
        ws = self._ws
        ws.person(user)
        view = open_view(ws, view_id, user)
        view["state"] = {"values": _state_of(view, values)}
        absent = _left_empty(view)
        if absent:  # Slack's client checks this itself; the bot gets no request
            return {"ok": True, "response_action": "errors", "errors": absent}
        answer = await self._delivery.payload(payloads.view_submission(ws, user, view))
        if answer.status != 200:
            return {**_result(answer), "error": TROUBLE}
        try:
            return {"ok": True, **self._after_submit(user, view, answer.json())}
        except ApiError as error:
            reason = "; ".join(error.messages) or error.code
            return {"ok": False, "status": answer.status, "error": f"{TROUBLE} ({reason})"}

    def _after_submit(self, user: str, view: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        ws = self._ws
        what = answer.get("response_action")
        if what == "errors":
            return {"response_action": "errors", "errors": _errors_for(view, answer.get("errors"))}
        if what == "clear":
            for root in stack_of(ws, user)[:1]:
                close_views(ws, user, root)
            return {"response_action": "clear"}
        if what in ("update", "push"):
            open_view(ws, view["id"], user)  # raises if it was closed meanwhile
            new = read_view(ws, answer.get("view"), "modal")
            shown = replace_view(ws, view["id"], new) if what == "update" else push_view(ws, user, new)
            return {"response_action": what, "view": shown}
        close_views(ws, user, view["id"])
        return {"response_action": None}

    async def close(self, user: str, view_id: str) -> dict[str, Any]:
        """Cancel a form; the bot is notified only if the form asks for it. Raises `not_found`."""
        ws = self._ws
        ws.person(user)
        view = open_view(ws, view_id, user)
        cleared = bool(view["clear_on_close"])
        closed = close_views(ws, user, stack_of(ws, user)[0] if cleared else view_id)
        for form in closed:
            if form["notify_on_close"]:
                await self._delivery.payload(payloads.view_closed(ws, user, form, cleared=cleared))
        return {"ok": True}

    async def command(self, user: str, channel_id: str, line: str) -> dict[str, Any]:
        """Send the command line "/name text" and show the answer, if it has a body."""
        ws = self._ws
        ws.person(user)
        channel = ws.channel(channel_id)
        name, _, text = line.strip().partition(" ")
        if name not in {entry["command"] for entry in ws.slack["commands"]}:
            ws.warn(user, channel_id, f"{name} is not a valid command.")
            return {"ok": False, "status": None, "error": "unknown command"}
        answer = await self._delivery.form(payloads.command(ws, user, channel, name, text.strip()))
        if answer.status != 200:
            failure = "operation_timeout" if answer.error == "timeout" else "dispatch_failed"
            ws.warn(user, channel_id, f'{name} failed with the error "{failure}"')
            return _result(answer)
        return {**_result(answer), **self._show_answer(user, channel_id, name, answer)}

    def _show_answer(self, user: str, channel_id: str, name: str, answer: Answer) -> dict[str, Any]:
        reply = answer.json() or {"text": answer.body.strip()}
        body: dict[str, Any] = {"text": str(reply.get("text") or "")}
        try:
            if reply.get("blocks"):
                body["blocks"] = read_blocks(self._ws, reply["blocks"], "invalid_blocks")
        except ApiError:
            self._ws.warn(user, channel_id, f'{name} failed with the error "invalid_blocks"')
            return {"error": "invalid_blocks"}
        if any(body.values()):
            deliver(self._ws, user, channel_id, body, reply.get("response_type"))
        return {"text": body["text"]} if body["text"] else {}

    async def shortcut(self, user: str, channel_id: str, ts: str, callback_id: str) -> dict[str, Any]:
        """Choose a shortcut in a message's menu. Raises ApiError for an unknown person, channel or message."""
        ws = self._ws
        ws.person(user)
        channel = ws.channel(channel_id)
        message = ws.messages(channel_id).get(ts)
        if message is None:
            raise ApiError("message_not_found")
        payload = payloads.message_action(ws, user, channel, message, callback_id)
        answer = await self._delivery.payload(payload)
        if answer.status != 200:
            ws.warn(user, channel_id, _sorry(answer))
        return _result(answer)

    async def say(self, user: str, channel_id: str, text: str, thread_ts: str | None) -> dict[str, Any]:
        """Post a person's message and notify the bot if it is in the channel; its answer is ignored."""
        ws = self._ws
        ws.person(user)
        channel = ws.channel(channel_id)
        body = {"user": user, "text": text, **({"thread_ts": thread_ts} if thread_ts else {})}
        message = keep_message(ws, channel["id"], body)
        if BOT_USER in channel["members"] and not channel["dm"]:
            await self._delivery.event(payloads.said(ws, channel, message))
        return message

    async def run_step(self, user: str, callback_id: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Run a workflow that has this step of the app."""
        run = steps.begin(self._ws, user, callback_id, inputs)
        return {**_result(await self._delivery.event(payloads.step_executed(self._ws, run))), "run": run["id"]}

    async def open_home(self, user: str) -> dict[str, Any]:
        self._ws.person(user)
        return _result(await self._delivery.event(payloads.home_opened(self._ws, user)))


def _sorry(answer: Answer) -> str:
    if answer.error == "unreachable":
        return "Countersign could not be reached."
    if answer.error == "timeout":
        return "Countersign did not respond in time."
    return f"Countersign could not do that (it answered {answer.status})."


def _result(answer: Answer) -> dict[str, Any]:
    result: dict[str, Any] = {"ok": answer.status == 200, "status": answer.status}
    return result if answer.status == 200 else {**result, "error": answer.error or f"status {answer.status}"}


def _inputs(view: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in view["blocks"] if block["type"] == "input"]


def _state_of(view: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return what was filled in, and for each untouched input its initial value or an empty one."""
    state = {block_id: dict(actions) for block_id, actions in values.items()}
    for block in _inputs(view):
        element = block["element"]
        key, initial = _STARTS.get(element["type"], ("selected_option", "initial_option"))
        empty: Any = [] if key.endswith("s") else None
        untouched = {"type": element["type"], key: element.get(initial, empty)}
        given = state.setdefault(block["block_id"], {}).get(element["action_id"]) or {}
        state[block["block_id"]][element["action_id"]] = {**untouched, **given}
    return state


def _left_empty(view: dict[str, Any]) -> dict[str, str]:
    state = view["state"]["values"]
    empty = {}
    for block in _inputs(view):
        given = state[block["block_id"]][block["element"]["action_id"]]
        if not block.get("optional") and not any(given.get(key) for key in _VALUES):
            empty[block["block_id"]] = REQUIRED
    return empty


def _errors_for(view: dict[str, Any], errors: Any) -> dict[str, str]:
    """Return the errors that the form can show. Raises ApiError unless all name input blocks."""
    block_ids = {block["block_id"] for block in _inputs(view)}
    if not isinstance(errors, dict) or not errors or not set(errors) <= block_ids:
        raise ApiError("invalid_arguments", ["errors must name input blocks of the view"])
    return {block_id: str(message) for block_id, message in errors.items()}
