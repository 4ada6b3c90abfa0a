"""Answer a mailbox: messages, threads, and a search over both that may lag."""

import re
from typing import Any, Final

from aiohttp import web

from sandbox.google.wire import Api, Body, Refusal, Who

WORDS: Final = r'\{([^}]*)\}|"([^"]*)"|(\S+)'


async def profile(api: Api, request: web.Request, who: Who) -> Body:
    box = box_of(api, who)
    return {"emailAddress": who.mailbox, "messagesTotal": len(box["messages"]), "historyId": "1"}


async def search(api: Api, request: web.Request, who: Who) -> Body:
    found = [mail for mail in found_in(api, who, request.query.get("q", "")) if "DRAFT" not in mail["labelIds"]]
    if not found:
        return {"resultSizeEstimate": 0}
    return {"messages": [_ids(mail) for mail in found], "resultSizeEstimate": len(found)}


async def read(api: Api, request: web.Request, who: Who) -> Body:
    return shown(message(api, who, request.match_info["id"]), request.query.get("format", "full"))


async def threads(api: Api, request: web.Request, who: Who) -> Body:
    found = dict.fromkeys(mail["threadId"] for mail in found_in(api, who, request.query.get("q", "")))
    if not found:
        return {"resultSizeEstimate": 0}
    return {"threads": [{"id": thread_id, "snippet": ""} for thread_id in found], "resultSizeEstimate": len(found)}


async def thread(api: Api, request: web.Request, who: Who) -> Body:
    wanted = request.match_info["id"]
    found = [mail for mail in box_of(api, who)["messages"].values() if mail["threadId"] == wanted]
    if not found:
        raise Refusal(404, "Requested entity was not found.", "notFound")
    return {"id": wanted, "messages": [shown(mail, request.query.get("format", "full")) for mail in found]}


def box_of(api: Api, who: Who) -> Body:
    box: Body = api.store["mailboxes"][who.mailbox]
    return box


def message(api: Api, who: Who, message_id: str) -> Body:
    found: Body | None = box_of(api, who)["messages"].get(message_id)
    if found is None:
        raise Refusal(404, "Requested entity was not found.", "notFound")
    return found


def header(mail: Body, name: str) -> str:
    return next((field["value"] for field in mail["headers"] if field["name"].lower() == name.lower()), "")


def shown(mail: Body, form: str) -> Body:
    body: Body = {"id": mail["id"], "threadId": mail["threadId"], "labelIds": mail["labelIds"]}
    if form == "minimal":
        return body
    payload: Body = {"mimeType": mail["mimeType"], "headers": mail["headers"]}
    if form == "full":
        payload["parts"] = [{"filename": part["name"], "mimeType": part["type"]} for part in mail["attachments"]]
    return {**body, "snippet": mail["text"][:100], "payload": payload}


def found_in(api: Api, who: Who, query: str) -> list[Body]:
    """Return the mails that match the query, newest first."""
    mails = reversed(list(box_of(api, who)["messages"].values()))
    words = [next(filter(None, match), "") for match in re.findall(WORDS, query)]
    groups = [match[0] != "" for match in re.findall(WORDS, query)]
    return [
        mail
        for mail in mails
        if api.listed("gmail", mail)
        and all(
            any(_fits(mail, word) for word in text.split()) if group else _fits(mail, text)
            for text, group in zip(words, groups, strict=True)
        )
    ]


def _fits(mail: Body, word: str) -> bool:
    """Match a mail with `in:`, `subject:`, `from:`, `to:`, or words of the mail."""
    name, _, value = word.partition(":")
    if name == "in":
        return value.upper() in mail["labelIds"]
    if name in ("from", "to"):
        return value.lower() in header(mail, name).lower()
    text = header(mail, "Subject") if name == "subject" else f"{header(mail, 'Subject')} {mail['text']}"
    sought: Any = re.escape(value if name == "subject" else word)
    return re.search(rf"(?<!\w){sought}(?!\w)", text, re.IGNORECASE) is not None


def _ids(mail: Body) -> Body:
    return {"id": mail["id"], "threadId": mail["threadId"]}
