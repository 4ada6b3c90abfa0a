"""Serve `/slack/api/{method}` (token, rate, arguments, answer) and `/hooks/...`, the response URLs."""

import hmac
import json
from typing import Any

from aiohttp import web

from sandbox.slack import messages
from sandbox.slack.arguments import missing, read_arguments
from sandbox.slack.methods import EVERYWHERE, GENERAL, METHODS, Method
from sandbox.slack.rates import POSTING
from sandbox.slack.workspace import ApiError, Workspace


def _refusal(error: ApiError) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "error": error.code}
    if error.messages:
        answer["response_metadata"] = {"messages": list(error.messages)}
    return answer


def _authorise(ws: Workspace, token: str, request: web.Request, given: object) -> None:
    header = request.headers.get("Authorization", "")
    offered = header.removeprefix("Bearer ") if header else given
    if not isinstance(offered, str) or not offered:
        raise ApiError("not_authed")
    if not hmac.compare_digest(offered.encode(), token.encode()):
        raise ApiError("invalid_auth")
    if ws.faults.active("slack") == "revoked_token":
        raise ApiError("token_revoked")


def _wait(ws: Workspace, name: str, method: Method, arguments: dict[str, Any]) -> int:
    """Return the seconds to wait before this request, 0 if it is allowed now."""
    if name == "chat.postMessage":
        return ws.rates.take(f"post:{arguments.get('channel')}", POSTING)
    return ws.rates.take(name, method.rate) if method.rate else 0


def _answer(ws: Workspace, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    method = METHODS[name]
    absent = missing(method.required, arguments)
    if absent:
        raise ApiError("invalid_arguments", absent)
    try:
        return {"ok": True, **method.answer(ws, arguments)}
    except ApiError as error:
        if error.code not in method.errors | EVERYWHERE | GENERAL:
            raise RuntimeError(f"{name} may not answer {error.code}") from error
        raise


def routes(ws: Workspace, token: str) -> list[web.RouteDef]:
    async def call(request: web.Request) -> web.Response:
        ws.origin = ws.origin or str(request.url.origin())
        name = request.match_info["method"]
        try:
            arguments = await read_arguments(request)
            _authorise(ws, token, request, arguments.get("token"))
            method = METHODS.get(name)
            if method is None:
                raise ApiError("unknown_method")
            wait = _wait(ws, name, method, arguments)
            if wait:
                refusal = _refusal(ApiError("ratelimited"))
                return web.json_response(refusal, status=429, headers={"Retry-After": str(wait)})
            return web.json_response(_answer(ws, name, arguments))
        except ApiError as error:
            return web.json_response(_refusal(error))

    async def hook(request: web.Request) -> web.Response:
        try:
            use_hook(ws, request.match_info["token"], json.loads(await request.read()))
        except ApiError as error:
            return web.json_response(_refusal(error), status=404 if error.code.endswith("_url") else 400)
        except ValueError:
            return web.json_response(_refusal(ApiError("invalid_payload")), status=400)
        return web.Response(text="ok")

    return [
        web.get("/slack/api/{method}", call),
        web.post("/slack/api/{method}", call),
        web.post("/hooks/{kind}/{team}/{id}/{token}", hook),
    ]


def use_hook(ws: Workspace, token: str, post: dict[str, Any]) -> None:
    """Handle a post to a response URL. Raises `expired_url`, `used_url`, `no_text` or `invalid_blocks`."""
    hook = ws.use_hook(token)
    if post.get("delete_original"):
        _remove_original(ws, hook)
        return
    body: dict[str, Any] = {"text": str(post.get("text") or "")}
    if post.get("blocks") is not None:
        body["blocks"] = messages.read_blocks(ws, post["blocks"], "invalid_blocks")
    if not any(body.values()):
        raise ApiError("no_text")
    if post.get("replace_original") and hook["ts"]:
        _replace_original(ws, hook, body)
    else:
        deliver(ws, hook["user"], hook["channel"], {**body, **_in_thread(post)}, post.get("response_type"))


def _in_thread(post: dict[str, Any]) -> dict[str, Any]:
    return {"thread_ts": str(post["thread_ts"])} if post.get("thread_ts") else {}


def deliver(ws: Workspace, user: str, channel_id: str, body: dict[str, Any], response_type: object) -> None:
    """Show a message to the whole channel if the app says so, otherwise to that person only."""
    if response_type == "in_channel":
        messages.keep_message(ws, channel_id, messages.from_the_app(body))
    else:
        ws.whisper(user, channel_id, body)


def _remove_original(ws: Workspace, hook: dict[str, Any]) -> None:
    if ws.slack["ephemerals"].get(hook["user"], {}).pop(hook["ts"], None) is None and hook["ts"]:
        messages.remove_message(ws, hook["channel"], hook["ts"])
    ws.changed()


def _replace_original(ws: Workspace, hook: dict[str, Any], body: dict[str, Any]) -> None:
    whispered = ws.slack["ephemerals"].get(hook["user"], {}).get(hook["ts"])
    message = whispered or ws.messages(hook["channel"]).get(hook["ts"])
    if message is None:
        raise ApiError("message_not_found")
    messages.change_message(ws, hook["channel"], message, {"blocks": [], **body})
