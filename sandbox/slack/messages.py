"""Answer chat.*: check messages, store them with the ids Slack would add, and return them as Slack does."""

from typing import Any, Final

from sandbox.slack import files
from sandbox.slack.arguments import Arguments, structure
from sandbox.slack.checks import TEXT_OF_ALL_BLOCKS, elements_of_block, message_problems, metadata_problem, text_length
from sandbox.slack.rules import Problems, complain
from sandbox.slack.seed import APP_ID, BOT_ID, BOT_USER
from sandbox.slack.workspace import ApiError, Workspace

TEXT_MOST: Final = 40_000  # characters; longer posts are truncated
UPDATED_TEXT_MOST: Final = 4_000
ATTACHMENTS_MOST: Final = 100


def add_ids(ws: Workspace, blocks: list[dict[str, Any]]) -> None:
    """Name every block and element that the app left unnamed, as Slack does."""
    for block in blocks:
        block.setdefault("block_id", ws.new_id("b"))
        for element in elements_of_block(block):
            element.setdefault("action_id", ws.new_id("a"))


def read_blocks(ws: Workspace, value: Any, too_long: str) -> list[dict[str, Any]]:
    """Return blocks with ids. Raises `invalid_blocks_format`, `invalid_blocks` with pointers, or ApiError(too_long)."""
    if not isinstance(value, list):
        raise ApiError("invalid_blocks_format")
    problems = message_problems(value) or _not_here(ws, value)
    if problems:
        raise ApiError("invalid_blocks", problems)
    if text_length(value) > TEXT_OF_ALL_BLOCKS:
        raise ApiError(too_long)
    add_ids(ws, value)
    return value


def _not_here(ws: Workspace, blocks: list[dict[str, Any]]) -> Problems:
    """Return what this workspace cannot show: charts if it is an old one, and files that it does not have."""
    problems: Problems = []
    old = ws.faults.active("slack") == "old_blocks"
    for position, block in enumerate(blocks):
        if old and block["type"] == "data_visualization":
            complain(problems, "unsupported type: data_visualization", f"/blocks/{position}/type")
        if "slack_file" in block and not files.is_ready(ws, block["slack_file"].get("id")):
            complain(problems, "invalid slack file", f"/blocks/{position}/slack_file")
    return problems


def _body(ws: Workspace, args: Arguments, too_long: str) -> dict[str, Any]:
    """Return the text, blocks and attachments as far as they are given."""
    body: dict[str, Any] = {}
    text = args.get("text")
    if text is not None:
        body["text"] = str(text)
    blocks = structure(args, "blocks", "invalid_blocks_format")
    if blocks is not None:
        body["blocks"] = read_blocks(ws, blocks, too_long)
    attachments = structure(args, "attachments", "no_text")
    if attachments:
        if len(attachments) > ATTACHMENTS_MOST:
            raise ApiError("too_many_attachments")
        body["attachments"] = attachments
    if not body.get("text", "").strip() and not body.get("blocks") and not body.get("attachments"):
        raise ApiError("no_text")
    return {"text": "", **body}


def _metadata(args: Arguments) -> dict[str, Any] | None:
    """Return the metadata, None if not given; an empty object removes what was there."""
    metadata: dict[str, Any] | None = structure(args, "metadata", "invalid_metadata_format")
    if metadata:
        problem = metadata_problem(metadata)
        if problem:
            raise ApiError(problem)
    return metadata


def keep_message(ws: Workspace, channel_id: str, message: dict[str, Any]) -> dict[str, Any]:
    """Store a message under a new ts and count it in its thread."""
    ts = ws.new_ts()
    message = {"type": "message", **message, "ts": ts, "team": ws.slack["team"]["id"]}
    there = ws.messages(channel_id)
    parent = there.get(message.get("thread_ts", ""))
    if parent is not None:
        parent["thread_ts"] = parent["ts"]
        parent["reply_count"] = parent.get("reply_count", 0) + 1
        parent["latest_reply"] = ts
        parent.setdefault("replies", []).append(ts)
    there[ts] = message
    ws.changes.note(channel_id, ts)
    ws.changed()
    return message


def public(message: dict[str, Any], *, metadata: bool = False) -> dict[str, Any]:
    """Return a message as the Web API shows it."""
    return {key: value for key, value in message.items() if key != "replies" and (metadata or key != "metadata")}


def from_the_app(body: dict[str, Any]) -> dict[str, Any]:
    return {"user": BOT_USER, "bot_id": BOT_ID, "app_id": APP_ID, **body}


def _open_channel(ws: Workspace, channel_id: Any) -> dict[str, Any]:
    """Return a channel where the bot may post; a person's id stands for the direct messages with that person."""
    channel = ws.dm_with(channel_id) if channel_id in ws.slack["people"] else ws.channel(channel_id)
    if ws.is_archived(channel):
        raise ApiError("is_archived")
    if BOT_USER not in channel["members"]:
        raise ApiError("not_in_channel")
    return channel


def _thread(ws: Workspace, channel_id: str, args: Arguments) -> dict[str, Any]:
    thread_ts = args.get("thread_ts")
    if not thread_ts:
        return {}
    parent = ws.messages(channel_id).get(str(thread_ts))
    if parent is None or parent.get("thread_ts", parent["ts"]) != parent["ts"]:
        raise ApiError("cannot_reply_to_message")
    return {"thread_ts": parent["ts"]}


def post_message(ws: Workspace, args: Arguments) -> dict[str, Any]:
    channel = _open_channel(ws, args["channel"])
    body = _body(ws, args, "msg_blocks_too_long")
    metadata = _metadata(args)
    cut = len(body["text"]) > TEXT_MOST
    body["text"] = body["text"][:TEXT_MOST]
    message = from_the_app({**body, **_thread(ws, channel["id"], args)})
    if metadata:
        message["metadata"] = metadata
    message = keep_message(ws, channel["id"], message)
    warnings = {"response_metadata": {"warnings": ["message_truncated"]}} if cut else {}
    return {"channel": channel["id"], "ts": message["ts"], "message": public(message, metadata=True), **warnings}


def update(ws: Workspace, args: Arguments) -> dict[str, Any]:
    channel = ws.channel(args["channel"])
    if ws.is_archived(channel):
        raise ApiError("is_inactive")
    message = ws.messages(channel["id"]).get(str(args["ts"]))
    if message is None:
        raise ApiError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise ApiError("cant_update_message")
    if len(str(args.get("text") or "")) > UPDATED_TEXT_MOST:
        raise ApiError("msg_too_long")
    body = _body(ws, args, "msg_too_long")
    metadata = _metadata(args)
    change_message(ws, channel["id"], message, body, metadata)
    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "text": message["text"],
        "message": public(message, metadata=True),
    }


def change_message(
    ws: Workspace,
    channel_id: str,
    message: dict[str, Any],
    body: dict[str, Any],
    metadata: dict[str, Any] | None = None,
) -> None:
    """Change a message; blocks and metadata stay if not given and go if empty."""
    message.update(body)
    if metadata is not None:
        message["metadata"] = metadata
    for name in ("blocks", "metadata"):
        if name in message and not message[name]:
            del message[name]
    message["edited"] = {"user": BOT_USER, "ts": f"{int(ws.clock())}.000000"}
    ws.changes.note(channel_id, message["ts"])
    ws.changed()


def post_ephemeral(ws: Workspace, args: Arguments) -> dict[str, Any]:
    channel = _open_channel(ws, args["channel"])
    if args["user"] not in channel["members"]:
        raise ApiError("user_not_in_channel")
    body = _body(ws, args, "msg_too_long")
    if len(body["text"]) > TEXT_MOST:
        raise ApiError("msg_too_long")
    message = ws.whisper(str(args["user"]), channel["id"], {**body, **_thread(ws, channel["id"], args)})
    return {"message_ts": message["ts"]}


def get_permalink(ws: Workspace, args: Arguments) -> dict[str, Any]:
    channel = ws.channel(args["channel"])
    message = ws.messages(channel["id"]).get(str(args["message_ts"]))
    if message is None:
        raise ApiError("message_not_found")
    link = f"{ws.origin}/archives/{channel['id']}/p{message['ts'].replace('.', '')}"
    thread = message.get("thread_ts", message["ts"])
    return {"channel": channel["id"], "permalink": link if thread == message["ts"] else f"{link}?thread_ts={thread}"}


def delete(ws: Workspace, args: Arguments) -> dict[str, Any]:
    channel = ws.channel(args["channel"])
    message = ws.messages(channel["id"]).get(str(args["ts"]))
    if message is None:
        raise ApiError("message_not_found")
    if message.get("bot_id") != BOT_ID:
        raise ApiError("cant_delete_message")
    remove_message(ws, channel["id"], message["ts"])
    return {"channel": channel["id"], "ts": message["ts"]}


def remove_message(ws: Workspace, channel_id: str, ts: str) -> None:
    ws.messages(channel_id).pop(ts, None)
    ws.changed()
