"""Create and send drafts, the only way to send mail; a sent draft disappears and the mail gets new ids."""

import base64
import binascii
import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from aiohttp import web

from sandbox.google.mails import box_of, found_in, header, message, shown
from sandbox.google.wire import Api, Body, Refusal, Who

JSON_AT_MOST: Final = 5_000_000  # bytes of `raw`
KEPT: Final = ("from", "to", "subject", "in-reply-to", "references", "message-id", "reply-to", "date")


async def search(api: Api, request: web.Request, who: Who) -> Body:
    found = {mail["id"]: mail["threadId"] for mail in found_in(api, who, request.query.get("q", ""))}
    drafts = [(draft, kept) for draft, kept in box_of(api, who)["drafts"].items() if kept in found]
    if not drafts:
        return {"resultSizeEstimate": 0}
    listed = [{"id": draft, "message": {"id": kept, "threadId": found[kept]}} for draft, kept in drafts]
    return {"drafts": listed, "resultSizeEstimate": len(drafts)}


async def read(api: Api, request: web.Request, who: Who) -> Body:
    draft_id = request.match_info["id"]
    kept = message(api, who, _of(api, who, draft_id))
    return {"id": draft_id, "message": shown(kept, request.query.get("format", "full"))}


async def create(api: Api, request: web.Request, who: Who) -> Body:
    asked = (await request.json()).get("message", {})
    text = asked.get("raw", "")
    if len(text) > JSON_AT_MOST:
        raise Refusal(400, "Request payload size exceeds the limit.", "uploadTooLarge")
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error:
        raise Refusal(400, "Invalid value for ByteString", "invalidArgument") from None
    return _made(api, who, raw, asked.get("threadId"))


async def upload(api: Api, request: web.Request, who: Who) -> Body:
    if request.query.get("uploadType") != "media" or request.content_type != "message/rfc822":
        raise Refusal(400, "Media type is not supported.", "badContent")
    return _made(api, who, await request.read(), None)


async def send(api: Api, request: web.Request, who: Who) -> Body:
    box, draft_id = box_of(api, who), (await request.json()).get("id", "")
    draft = message(api, who, _of(api, who, draft_id))
    if not header(draft, "To"):
        raise Refusal(400, "Recipient address required", "invalidArgument")
    del box["drafts"][draft_id], box["messages"][draft["id"]]
    sent = {**draft, "id": api.new_id(), "labelIds": ["SENT"], "at": api.seconds()}
    if draft["threadId"] == draft["id"]:
        sent["threadId"] = sent["id"]
    ours = f"<CA{api.new_id()}@mail.gmail.com>"  # Gmail ignores the mail's own
    sent["headers"] = [field for field in draft["headers"] if field["name"].lower() != "message-id"]
    sent["headers"].append({"name": "Message-ID", "value": ours})
    box["messages"][sent["id"]] = sent
    api.state.changed("google")
    return shown(sent, "minimal")


def add_message(
    box: Body, raw: bytes, message_id: str, labels: list[str], at: float, thread: str | None = None
) -> Body:
    """Store and return a mail; it joins another thread only if its subject and its In-Reply-To fit."""
    read = message_from_bytes(raw, _class=EmailMessage, policy=SMTP)
    plain = read.get_body(("plain",))
    kept: Body = {
        "id": message_id,
        "labelIds": labels,
        "at": at,
        "mimeType": read.get_content_type(),
        "headers": [
            {"name": name, "value": str(value)}
            for name, value in read.items()
            if name.lower() in KEPT or name.lower().startswith("x-")
        ],
        "text": plain.get_content().strip() if plain else "",
        "attachments": [
            {
                "name": part.get_filename() or "",
                "type": part.get_content_type(),
                "size": len(part.get_payload(decode=True) or b""),
            }
            for part in read.iter_attachments()
        ],
    }
    kept["threadId"] = thread if thread and _belongs(box, kept, thread) else message_id
    box["messages"][message_id] = kept
    return kept


def _made(api: Api, who: Who, raw: bytes, thread: str | None) -> Body:
    box, draft_id = box_of(api, who), f"r-{api.new_id()}"
    if thread is not None and not any(mail["threadId"] == thread for mail in box["messages"].values()):
        raise Refusal(404, "Requested entity was not found.", "notFound")
    kept = add_message(box, raw, api.new_id(), ["DRAFT"], api.seconds(), thread)
    box["drafts"][draft_id] = kept["id"]
    api.state.changed("google")
    return {"id": draft_id, "message": shown(kept, "minimal")}


def _belongs(box: Body, mail: Body, thread: str) -> bool:
    there = [other for other in box["messages"].values() if other["threadId"] == thread]
    subjects = {_bare(header(other, "Subject")) for other in there}
    ids = {header(other, "Message-ID") for other in there}
    return _bare(header(mail, "Subject")) in subjects and header(mail, "In-Reply-To") in ids


def _bare(subject: str) -> str:
    return re.sub(r"^((re|aw|fwd?): *)+", "", subject.strip(), flags=re.IGNORECASE)


def _of(api: Api, who: Who, draft_id: str) -> str:
    kept: str | None = box_of(api, who)["drafts"].get(draft_id)
    if kept is None:
        raise Refusal(404, "Requested entity was not found.", "notFound")
    return kept
