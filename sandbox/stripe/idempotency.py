"""Keep and replay the answer of the first request executed under an idempotency key, a 500 included.

Nothing is kept of a request that failed validation, nor of one that met another in progress with the same key.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any, NamedTuple

from sandbox.stripe.wire import Api, Ask, Body, Refusal
from sandbox.stripe.writes import Execute, Write

KEPT_FOR = timedelta(hours=24)
KEY_MAX = 255


class Reply(NamedTuple):
    status: int
    text: str
    original_request: str | None = None  # set on a replay


class Post(NamedTuple):
    """Hold a POST request with its endpoint, parameters, request id and key."""

    endpoint: str
    ask: Ask
    request_id: str
    key: str | None


async def answer(api: Api, write: Write, post: Post) -> Reply:
    """Replay, refuse, or execute and keep an answer. Raises Refusal for an answer that is not kept."""
    if post.key is None:
        return _run(api, write(api, post.ask))
    fingerprint = _fingerprint(post)
    _refuse_key(api, post.key)
    kept = _recall(api, post.key)
    if kept is not None:
        _refuse_other(post, kept, fingerprint)
        return Reply(kept["status"], kept["text"], kept["request_id"])
    execute = write(api, post.ask)
    api.running.add(post.key)
    try:
        if api.pause is not None:
            await api.pause()
        reply = _run(api, execute)
    finally:
        api.running.discard(post.key)
    _keep(api, post, fingerprint, reply)
    return reply


def _run(api: Api, execute: Execute) -> Reply:
    broken = api.store.pop("break_next", None)
    if broken == "before_effect":
        return _reply(500, _crash())
    try:
        body = execute()
    except Refusal as refusal:
        return _reply(refusal.status, refusal.body)
    return _reply(500, _crash()) if broken == "after_effect" else _reply(200, body)


def _reply(status: int, body: Any) -> Reply:
    return Reply(status, json.dumps(body))


def _crash() -> Body:
    return Refusal(500, "An unknown error occurred", kind="api_error").body


def _refuse_key(api: Api, key: str) -> None:
    if len(key) > KEY_MAX:
        raise Refusal(400, f"Idempotency-Key must be at most {KEY_MAX} characters long.")
    if key in api.running:
        message = "There is currently another in-progress request using this Idempotent Key."
        raise Refusal(409, message, code="idempotency_key_in_use", kind="idempotency_error")


def _recall(api: Api, key: str) -> Body | None:
    """Return the kept answer; after 24 hours it is deleted, and its key creates a new object."""
    kept: Body | None = api.store["idempotency"].get(key)
    if kept is not None and api.now().timestamp() - kept["at"] >= KEPT_FOR.total_seconds():
        del api.store["idempotency"][key]
        return None
    return kept


def _refuse_other(post: Post, kept: Body, fingerprint: str) -> None:
    if kept["endpoint"] != post.endpoint:
        message = "Keys for idempotent requests can only be used for the same endpoint they were first used for."
    elif kept["fingerprint"] != fingerprint:
        message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
    else:
        return
    raise Refusal(400, message, kind="idempotency_error")


def _keep(api: Api, post: Post, fingerprint: str, reply: Reply) -> None:
    kept = {"endpoint": post.endpoint, "fingerprint": fingerprint, "status": reply.status, "text": reply.text}
    api.store["idempotency"][post.key] = kept | {"request_id": post.request_id, "at": api.now().timestamp()}
    api.state.changed("stripe")


def _fingerprint(post: Post) -> str:
    return hashlib.sha256(json.dumps(post.ask.params, sort_keys=True).encode()).hexdigest()
