"""Answer the page's `/sim/...` requests about the workspace as JSON, and stream what happens in it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any, Final

from aiohttp import web

from sandbox.slack import steps
from sandbox.slack.changes import brief
from sandbox.slack.delivery import Delivery
from sandbox.slack.people import People
from sandbox.slack.seed import APP_ID, BOT_USER, SLACKBOT
from sandbox.slack.workspace import ApiError, Workspace
from sandbox.state import Listener

UNREAD_MOST: Final = 99
MESSAGES_MOST: Final = 300  # the newest of a channel; a benchmark leaves thousands
HEARTBEAT_S: Final = 15  # keeps proxies from closing a quiet stream, and detects closed pages
Body = dict[str, Any]


class Given(Body):
    """Hold what the page sent; a missing key answers 400."""

    def __missing__(self, key: str) -> Any:
        raise web.HTTPBadRequest(text=f"missing: {key}")


async def body_of(request: web.Request) -> Given:
    """Return a request's body. Raises 400 if it is not a JSON object."""
    try:
        value = json.loads(await request.read())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected")
    return Given(value)


def shown(ws: Workspace, message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as the page draws it."""
    user = message.get("user", "")
    return {
        "ts": message["ts"],
        "user": user,
        "name": ws.name_of(user),
        "bot": user in (BOT_USER, SLACKBOT),
        "text": message.get("text", ""),
        "blocks": message.get("blocks", []),
        "edited": "edited" in message,
        "reply_count": message.get("reply_count", 0),
        "last_reply": message.get("latest_reply"),
        "ephemeral": "channel" in message,
        "thread_ts": message.get("thread_ts"),
        "error": bool(message.get("error")),
    }


def _whispered(ws: Workspace, user: str, channel_id: str, thread_ts: str | None) -> list[dict[str, Any]]:
    mine = ws.slack["ephemerals"].get(user, {}).values()
    return [message for message in mine if message["channel"] == channel_id and message.get("thread_ts") == thread_ts]


def channel_messages(ws: Workspace, channel_id: str, user: str) -> list[dict[str, Any]]:
    """Return a channel's messages, oldest first, without replies, with those that only this person sees."""
    newest_first = reversed(ws.messages(channel_id).values())
    top = islice((post for post in newest_first if post.get("thread_ts", post["ts"]) == post["ts"]), MESSAGES_MOST)
    return [shown(ws, post) for post in sorted([*top, *_whispered(ws, user, channel_id, None)], key=_ts)]


def _ts(message: dict[str, Any]) -> str:
    return str(message["ts"])


def thread_messages(ws: Workspace, channel_id: str, ts: str, user: str) -> list[dict[str, Any]]:
    there = ws.messages(channel_id)
    parent = there.get(ts)
    if parent is None:
        raise ApiError("thread_not_found")
    answers = [there[reply] for reply in parent.get("replies", []) if reply in there]
    answers = sorted([*answers, *_whispered(ws, user, channel_id, ts)], key=_ts)
    return [shown(ws, post) for post in (parent, *answers)]


def _unread(ws: Workspace, channel_id: str, user: str) -> int:
    seen = ws.slack["read"].get(user, {}).get(channel_id, "")
    count = 0
    for message in reversed(ws.messages(channel_id).values()):
        if message["ts"] <= seen or count >= UNREAD_MOST:
            break
        count += message.get("thread_ts", message["ts"]) == message["ts"]
    return count


def _channel_row(ws: Workspace, channel: dict[str, Any], user: str) -> dict[str, Any]:
    return {
        "id": channel["id"],
        "name": "Countersign" if channel["dm"] else channel["name"],
        "topic": channel["topic"],
        "private": channel["private"],
        "archived": ws.is_archived(channel),
        "dm": channel["dm"],
        "unread": _unread(ws, channel["id"], user),
    }


def workspace_view(ws: Workspace, user: str) -> dict[str, Any]:
    """Return the Slack part of `/sim/state`."""
    slack = ws.slack
    groups = list(slack["groups"].values())
    members = ("id", "name", "title", "color", "initials")
    return {
        "team": {key: slack["team"][key] for key in ("id", "name")},
        "app": {"id": APP_ID, "name": "Countersign", "user_id": BOT_USER},
        "people": [
            {
                **{key: person[key] for key in members},
                "groups": [group["handle"] for group in groups if person["id"] in group["members"]],
            }
            for person in slack["people"].values()
        ],
        "groups": groups,
        "channels": [
            _channel_row(ws, channel, user) for channel in slack["channels"].values() if user in channel["members"]
        ],
        "commands": slack["commands"],
        "shortcuts": slack.get("shortcuts", []),
    }


def answering(work: Callable[[web.Request], Awaitable[Body]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler that answers JSON, also for an ApiError, which is no fault of the server."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return web.json_response(await work(request))
        except ApiError as error:
            return web.json_response({"ok": False, "status": None, "error": error.code})

    return handle


async def _stream(ws: Workspace, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    listener = Listener(request.query.get("user", ""))
    ws.state.listeners.add(listener)
    try:
        await response.write(b": hello\n\n")
        while True:
            try:
                event = await asyncio.wait_for(listener.queue.get(), HEARTBEAT_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
            else:
                if event.get("what") == "closing":
                    break
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
    except ConnectionError:
        pass  # the page was closed
    finally:
        ws.state.listeners.discard(listener)
    return response


class Page:
    """Handle the Slack part of the page's API."""

    def __init__(self, ws: Workspace, people: People) -> None:
        self._ws = ws
        self._people = people

    async def messages(self, request: web.Request) -> Body:
        query = Given(request.query)
        channel_id, user = query["channel"], query.get("user", "")
        channel = self._ws.channel(channel_id)
        found = channel_messages(self._ws, channel_id, user)
        if found:
            self._ws.slack["read"].setdefault(user, {})[channel_id] = found[-1]["ts"]
        return {"channel": _channel_row(self._ws, channel, user), "messages": found}

    async def changes(self, request: web.Request) -> Body:
        """Return the messages posted or changed after the change of this number, each once and as it is now."""
        after = request.query.get("after", "0")
        if not after.isdigit():
            raise web.HTTPBadRequest(text="after must be a whole number")
        changes = self._ws.changes
        places = [(channel_id, self._ws.messages(channel_id).get(ts)) for channel_id, ts in changes.after(int(after))]
        return {"at": changes.count, "messages": [brief(where, message) for where, message in places if message]}

    async def thread(self, request: web.Request) -> Body:
        query = Given(request.query)
        self._ws.channel(query["channel"])
        return {"messages": thread_messages(self._ws, query["channel"], query["ts"], query.get("user", ""))}

    async def home(self, request: web.Request) -> Body:
        return {"view": self._ws.slack["homes"].get(Given(request.query)["user"])}

    async def open_home(self, request: web.Request) -> Body:
        return await self._people.open_home((await body_of(request))["user"])

    async def click(self, request: web.Request) -> Body:
        self._ws.origin = self._ws.origin or str(request.url.origin())
        given = await body_of(request)
        if given.get("view_id"):
            values = (given.get("state") or {}).get("values")
            return await self._people.click_in_view(
                given["user"], given["view_id"], given["block_id"], given["action"], values
            )
        return await self._people.click(
            given["user"], given["channel"], given["ts"], given["block_id"], given["action"]
        )

    async def submit(self, request: web.Request) -> Body:
        given = await body_of(request)
        return await self._people.submit(given["user"], given["view_id"], given["values"])

    async def close(self, request: web.Request) -> Body:
        given = await body_of(request)
        return await self._people.close(given["user"], given["view_id"])

    async def command(self, request: web.Request) -> Body:
        self._ws.origin = self._ws.origin or str(request.url.origin())
        given = await body_of(request)
        return await self._people.command(given["user"], given["channel"], given["text"])

    async def say(self, request: web.Request) -> Body:
        given = await body_of(request)
        message = await self._people.say(
            given["user"], given["channel"], str(given["text"]), given.get("thread_ts") or None
        )
        return {"ok": True, "message": shown(self._ws, message)}

    async def shortcut(self, request: web.Request) -> Body:
        self._ws.origin = self._ws.origin or str(request.url.origin())
        given = await body_of(request)
        return await self._people.shortcut(given["user"], given["channel"], given["ts"], given["callback_id"])

    async def run_step(self, request: web.Request) -> Body:
        given = await body_of(request)
        return await self._people.run_step(given["user"], given["step"], dict(given["inputs"]))

    async def runs(self, _: web.Request) -> Body:
        """Return the workflow runs, newest first, and the app's steps."""
        return {"runs": list(reversed(steps.runs(self._ws).values())), "steps": self._ws.slack.get("steps", [])}


def routes(ws: Workspace, delivery: Delivery) -> list[web.RouteDef]:
    page = Page(ws, People(ws, delivery))

    async def events(request: web.Request) -> web.StreamResponse:
        return await _stream(ws, request)

    return [
        web.get("/sim/messages", answering(page.messages)),
        web.get("/sim/thread", answering(page.thread)),
        web.get("/sim/changes", answering(page.changes)),
        web.get("/sim/home", answering(page.home)),
        web.get("/sim/events", events),
        web.post("/sim/home/open", answering(page.open_home)),
        web.post("/sim/click", answering(page.click)),
        web.post("/sim/view/submit", answering(page.submit)),
        web.post("/sim/view/close", answering(page.close)),
        web.post("/sim/command", answering(page.command)),
        web.post("/sim/message", answering(page.say)),
        web.post("/sim/shortcut", answering(page.shortcut)),
        web.get("/sim/workflow", answering(page.runs)),
        web.post("/sim/workflow", answering(page.run_step)),
    ]
