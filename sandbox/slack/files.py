"""Answer files.*: upload addresses, uploads, and files that blocks may show by id.

A file is scanned for a moment after its completion; blocks that show it earlier are refused, as at Slack.
Source of the errors: Slack's pages of the two methods.
"""

import base64
from typing import Any, Final

from aiohttp import web

from sandbox.slack.arguments import Arguments, number, structure
from sandbox.slack.workspace import ApiError, Workspace

LOOKED_THROUGH_S: Final = 0.7
BYTES_MOST: Final = 1024 * 1024
KEPT: Final = 30
PNG: Final = b"\x89PNG\r\n\x1a\n"

File = dict[str, Any]


def kept(ws: Workspace) -> dict[str, File]:
    """Return the files by id, oldest first; a state saved by an earlier release has none."""
    files: dict[str, File] = ws.slack.setdefault("files", {})
    return files


def upload_place(ws: Workspace, args: Arguments) -> dict[str, Any]:
    length = number(args, "length", 0, BYTES_MOST + 1, "invalid_arguments")
    if ws.slack.get("no_files"):
        raise ApiError("file_uploads_disabled")
    if length > BYTES_MOST:
        raise ApiError("file_upload_size_restricted")
    file_id, secret = ws.new_id("F"), ws.new_id("")
    files = kept(ws)
    files[file_id] = {"id": file_id, "name": str(args["filename"]), "size": length, "secret": secret}
    if len(files) > KEPT:
        del files[next(iter(files))]
    ws.changed()
    return {"upload_url": f"{ws.origin}/upload/v1/{file_id}/{secret}", "file_id": file_id}


def complete(ws: Workspace, args: Arguments) -> dict[str, Any]:
    given = structure(args, "files", "invalid_arguments")
    if not isinstance(given, list) or not given or not all(isinstance(entry, dict) for entry in given):
        raise ApiError("invalid_arguments")
    found = [kept(ws).get(str(entry.get("id"))) for entry in given]
    completed = [file for file in found if file is not None and "content" in file]
    if len(completed) < len(given):
        raise ApiError("file_not_found")
    for file, entry in zip(completed, given, strict=True):
        file |= {"title": str(entry.get("title") or file["name"]), "completed_at": ws.clock()}
    ws.changed()
    return {"files": [{"id": file["id"], "title": file["title"]} for file in completed]}


def is_ready(ws: Workspace, file_id: object) -> bool:
    """Check whether blocks may show a file: an image, completed and scanned."""
    file = kept(ws).get(str(file_id))
    return file is not None and ws.clock() - file.get("completed_at", ws.clock()) >= LOOKED_THROUGH_S


def routes(ws: Workspace) -> list[web.RouteDef]:
    async def take(request: web.Request) -> web.Response:
        """Store an upload; the secret in its address stands in for a token."""
        file, content = kept(ws).get(request.match_info["id"]), await request.read()
        if file is None or file["secret"] != request.match_info["secret"] or "content" in file:
            raise web.HTTPNotFound(text="no such upload")
        if len(content) != file["size"] or not content.startswith(PNG):
            raise web.HTTPBadRequest(text="not the file that was announced")
        file["content"] = base64.b64encode(content).decode()
        ws.changed()
        return web.Response(text=f"OK - {len(content)}")

    async def show(request: web.Request) -> web.Response:
        file = kept(ws).get(request.match_info["id"])
        if file is None or "completed_at" not in file:
            raise web.HTTPNotFound
        return web.Response(body=base64.b64decode(file["content"]), content_type="image/png")

    return [web.post("/upload/v1/{id}/{secret}", take), web.get("/sim/files/{id}", show)]
