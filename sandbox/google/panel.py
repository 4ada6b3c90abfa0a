"""Show Google on the page: files and mails, newest first, and the rows of the sheets."""

from datetime import UTC, datetime
from typing import Any

from sandbox.google.drive import FOLDER
from sandbox.google.mails import header
from sandbox.google.wire import Body
from sandbox.state import State

SHOWN = 100


def panel(state: State) -> dict[str, Any]:
    """Return `files`, `rows` and `mails`, at most 100 of each."""
    store = state.google
    files = [file for file in store.get("files", {}).values() if file["mimeType"] != FOLDER]
    rows = [
        {"sheet": tab["title"], "cells": row}
        for sheet in store.get("spreadsheets", {}).values()
        for tab in sheet["tabs"]
        for row in tab["rows"][1:]
    ]
    mails = [mail for box in store.get("mailboxes", {}).values() for mail in box["messages"].values()]
    return {
        "files": [_file(file) for file in sorted(files, key=lambda item: -item["at"])[:SHOWN]],
        "rows": rows[:SHOWN],
        "mails": [_mail(mail) for mail in sorted(mails, key=lambda item: -item["at"])[:SHOWN]],
    }


def _file(file: Body) -> Body:
    shared = [entry["emailAddress"] for entry in file["permissions"]]
    return {"id": file["id"], "name": file["name"], "shared_with": shared, "created": _stamp(file["at"])}


def _mail(mail: Body) -> Body:
    return {
        "id": mail["id"],
        "thread": mail["threadId"],
        "where": mail["labelIds"][0].lower(),
        "from": header(mail, "From"),
        "to": header(mail, "To"),
        "subject": header(mail, "Subject"),
        "text": mail["text"],
        "case": header(mail, "X-Countersign-Case"),
        "attachments": [part["name"] for part in mail["attachments"]],
        "at": _stamp(mail["at"]),
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).isoformat().replace("+00:00", "Z")
