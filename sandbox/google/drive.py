"""Answer Drive: files under ids that it issued, private properties, permissions, and a search that lags."""

import base64
import hashlib
import json
import re
from email import message_from_bytes
from typing import Any, Final

from aiohttp import web

from sandbox.google.wire import Api, Body, Refusal, Who

FOLDER: Final = "application/vnd.google-apps.folder"
DEFAULT: Final = ("kind", "id", "name", "mimeType")  # the members answered without `fields`
OWN: Final = ("content", "at", "permissions", "driveId")
PROPERTIES_AT_MOST: Final = 30
BYTES_AT_MOST: Final = 124
TERMS: Final = (
    (r"name = '(?P<name>(?:[^'\\]|\\.)*)'", lambda file, value: file["name"] == value),
    (r"name contains '(?P<word>(?:[^'\\]|\\.)*)'", lambda file, value: value.lower() in file["name"].lower()),
    (r"'(?P<parent>[^']*)' in parents", lambda file, value: value in file["parents"]),
    (r"trashed = (?P<trashed>true|false)", lambda file, value: file["trashed"] is (value == "true")),
)
PROPERTY: Final = r"appProperties has \{ ?key='([^']*)' and value='([^']*)' ?\}"


async def generate_ids(api: Api, request: web.Request, who: Who) -> Body:
    ids = [f"1{api.new_id()}" for _ in range(int(request.query.get("count", "10")))]
    api.store["given_ids"] += ids
    api.state.changed("google")
    return {"kind": "drive#generatedIds", "space": "drive", "ids": ids}


async def search(api: Api, request: web.Request, who: Who) -> Body:
    if any(request.query.get(name) != "true" for name in ("supportsAllDrives", "includeItemsFromAllDrives")):
        return {"kind": "drive#fileList", "incompleteSearch": False, "files": []}  # our folder is in a shared drive
    files = [file for file in api.store["files"].values() if api.listed("drive", file)]
    for term in re.split(r" and (?![^{]*\})", request.query.get("q", "")):
        files = [file for file in files if _fits(file, term)]
    if request.query.get("orderBy") == "createdTime desc":
        files.sort(key=lambda file: -file["at"])
    shown = files[: int(request.query.get("pageSize", "100"))]
    return {"kind": "drive#fileList", "incompleteSearch": False, "files": [_shown(file) for file in shown]}


async def read(api: Api, request: web.Request, who: Who) -> Body | web.Response:
    file = _file(api, request)
    if request.query.get("alt") == "media":
        return web.Response(body=base64.b64decode(file["content"]), content_type=file["mimeType"])
    return _partial(request, file)


async def export(api: Api, request: web.Request, who: Who) -> web.Response:
    file = _file(api, request)
    if not file["mimeType"].startswith("application/vnd.google-apps."):
        raise Refusal(403, "Export only supports Docs Editors files.", "fileNotExportable")
    return web.Response(body=b"%PDF-1.7 exported " + file["name"].encode(), content_type="application/pdf")


async def update(api: Api, request: web.Request, who: Who) -> Body:
    file, change = _file(api, request), await request.json()
    properties = {**file.get("appProperties", {}), **change.get("appProperties", {})}
    properties = {name: value for name, value in properties.items() if value is not None}
    _check_properties(properties)
    file["appProperties"] = properties
    api.state.changed("google")
    return _partial(request, file)


async def upload(api: Api, request: web.Request, who: Who) -> Body:
    if request.query.get("uploadType") != "multipart" or request.content_type != "multipart/related":
        raise Refusal(400, "Bad Request", "badRequest")
    raw = b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n" + await request.read()
    parts = message_from_bytes(raw).get_payload()
    if not isinstance(parts, list) or len(parts) != 2:
        raise Refusal(400, "Malformed multipart body.", "badContent")
    about = json.loads(_bytes_of(parts[0]))
    file = new_file(api, about, _bytes_of(parts[1]), api.seconds())
    return _partial(request, file)


async def permissions(api: Api, request: web.Request, who: Who) -> Body:
    shown = [dict(entry) for entry in _file(api, request)["permissions"]]
    return {"kind": "drive#permissionList", "permissions": shown}


async def share(api: Api, request: web.Request, who: Who) -> Body:
    file, asked = _file(api, request), await request.json()
    address = asked.get("emailAddress", "")
    if address.endswith("@blocked.example"):
        words = 'Bad Request. User message: "You can\'t share outside your organization."'
        raise Refusal(403, words, "sharingNotAllowedOutsideDomain")
    if address.endswith("@nogoogle.example"):
        words = f'Bad Request. User message: "You are trying to invite {address}. Since there is no Google account ..."'
        raise Refusal(400, words, "invalidSharingRequest")
    same = [entry for entry in file["permissions"] if entry["emailAddress"].lower() == address.lower()]
    permission = {"kind": "drive#permission", "id": api.new_id(), **asked}
    if not same:
        file["permissions"].append(permission)
        api.state.changed("google")
    return dict(same[0] if same else permission)


def new_file(api: Api, about: Body, content: bytes, at: float) -> Body:
    """Store and return a file. Raises Refusal for an id that was never issued or is in use."""
    file_id, files = about.get("id") or f"1{api.new_id()}", api.store["files"]
    if file_id in files:
        raise Refusal(409, "A file already exists with the provided ID.", "fileIdInUse")
    if "id" in about and file_id not in api.store["given_ids"]:
        raise Refusal(400, "The provided file ID is not usable.", "invalid")
    parent = files.get((about.get("parents") or [""])[0])
    if parent is None:
        raise Refusal(403, "Service Accounts do not have storage quota.", "storageQuotaExceeded")
    _check_properties(about.get("appProperties", {}))
    files[file_id] = file_of({**about, "id": file_id}, content, at, parent["driveId"])
    api.state.changed("google")
    file: Body = files[file_id]
    return file


def file_of(about: Body, content: bytes, at: float, drive_id: str) -> Body:
    file: Body = {"kind": "drive#file", "parents": [], "appProperties": {}, "trashed": False, **about}
    file |= {"driveId": drive_id, "at": at, "permissions": [], "content": base64.b64encode(content).decode()}
    file["webViewLink"] = f"https://drive.google.com/file/d/{file['id']}/view"
    if not file["mimeType"].startswith("application/vnd.google-apps."):
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        file |= {"size": str(len(content)), "md5Checksum": md5}
    return file


def _bytes_of(part: Any) -> bytes:
    content: bytes = part.get_payload(decode=True)
    return content


def _file(api: Api, request: web.Request) -> Body:
    file_id = request.match_info["id"]
    file: Body | None = api.store["files"].get(file_id)
    everywhere = request.query.get("supportsAllDrives") == "true" or request.path.endswith("/export")
    if file is None or not everywhere:
        raise Refusal(404, f"File not found: {file_id}.", "notFound")
    return file


def _fits(file: Body, term: str) -> bool:
    if match := re.fullmatch(PROPERTY, term):
        return bool(file.get("appProperties", {}).get(match[1]) == match[2])
    for pattern, fits in TERMS:
        if match := re.fullmatch(pattern, term):
            return bool(fits(file, re.sub(r"\\(.)", r"\1", match[1])))
    raise Refusal(400, "Invalid Value", "invalid")


def _check_properties(properties: Body) -> None:
    if len(properties) > PROPERTIES_AT_MOST:
        raise Refusal(403, "The limit of app properties has been exceeded.", "appPropertiesLimitExceeded")
    for name, value in properties.items():
        if len(name.encode()) + len(value.encode()) > BYTES_AT_MOST:
            raise Refusal(400, "A property's key and value are too long.", "propertyTooLong")


def _shown(file: Body) -> Body:
    return {name: value for name, value in file.items() if name not in OWN}


def _partial(request: web.Request, file: Body) -> Body:
    shown = _shown(file)
    return shown if "fields" in request.query else {name: shown[name] for name in DEFAULT}
