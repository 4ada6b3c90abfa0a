"""Google's own Python client, built from Google's own documents, makes of each call the same method, address and body
as what our connectors put on the socket."""

import email
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from googleapiclient.discovery import build_from_document  # type: ignore[import-untyped]  # Google ships no types
from googleapiclient.http import HttpMockSequence, MediaInMemoryUpload  # type: ignore[import-untyped]  # the same

from sandbox.google.seeds import DOCUMENTS, SPREADSHEET
from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import KEY, NOW, Exchange, details, world_of
from tests.contract.test_google import ACTIONS, run
from tests.support.places import reference

FILES = ("drive.v3", "sheets.v4", "gmail.v1")
ID = r"([^/:?]+)"
SHEET = rf"/v4/spreadsheets/{ID}"
ME = "/gmail/v1/users/me"

# method and path: the file, the way to the method, and the names of what is in the path
CALLS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("GET", "/drive/v3/files/generateIds", "drive.v3", "files.generateIds", ()),
    ("GET", "/drive/v3/files", "drive.v3", "files.list", ()),
    ("GET", rf"/drive/v3/files/{ID}", "drive.v3", "files.get", ("fileId",)),
    ("PATCH", rf"/drive/v3/files/{ID}", "drive.v3", "files.update", ("fileId",)),
    ("POST", "/upload/drive/v3/files", "drive.v3", "files.create", ()),
    ("GET", rf"/drive/v3/files/{ID}/export", "drive.v3", "files.export_media", ("fileId",)),
    ("GET", rf"/drive/v3/files/{ID}/permissions", "drive.v3", "permissions.list", ("fileId",)),
    ("POST", rf"/drive/v3/files/{ID}/permissions", "drive.v3", "permissions.create", ("fileId",)),
    ("GET", SHEET, "sheets.v4", "spreadsheets.get", ("spreadsheetId",)),
    ("POST", rf"{SHEET}:batchUpdate", "sheets.v4", "spreadsheets.batchUpdate", ("spreadsheetId",)),
    (
        "POST",
        rf"{SHEET}/developerMetadata:search",
        "sheets.v4",
        "spreadsheets.developerMetadata.search",
        ("spreadsheetId",),
    ),
    (
        "GET",
        rf"{SHEET}/developerMetadata/{ID}",
        "sheets.v4",
        "spreadsheets.developerMetadata.get",
        ("spreadsheetId", "metadataId"),
    ),
    (
        "POST",
        rf"{SHEET}/values:batchGetByDataFilter",
        "sheets.v4",
        "spreadsheets.values.batchGetByDataFilter",
        ("spreadsheetId",),
    ),
    (
        "POST",
        rf"{SHEET}/values:batchUpdateByDataFilter",
        "sheets.v4",
        "spreadsheets.values.batchUpdateByDataFilter",
        ("spreadsheetId",),
    ),
    ("GET", f"{ME}/profile", "gmail.v1", "users.getProfile", ()),
    ("GET", f"{ME}/messages", "gmail.v1", "users.messages.list", ()),
    ("GET", rf"{ME}/messages/{ID}", "gmail.v1", "users.messages.get", ("id",)),
    ("GET", f"{ME}/threads", "gmail.v1", "users.threads.list", ()),
    ("GET", rf"{ME}/threads/{ID}", "gmail.v1", "users.threads.get", ("id",)),
    ("GET", f"{ME}/drafts", "gmail.v1", "users.drafts.list", ()),
    ("GET", rf"{ME}/drafts/{ID}", "gmail.v1", "users.drafts.get", ("id",)),
    ("POST", f"{ME}/drafts", "gmail.v1", "users.drafts.create", ()),
    ("POST", f"/upload{ME}/drafts", "gmail.v1", "users.drafts.create", ()),
    ("POST", f"{ME}/drafts/send", "gmail.v1", "users.drafts.send", ()),
)


world = world_of(google_world)


@cache
def client(service: str) -> Any:
    return build_from_document(reference(f"openapi/google.{service}.discovery.json"), http=HttpMockSequence([]))


def theirs(exchange: Exchange) -> tuple[str, Any]:
    """Return the call's name, and Google's own request for it."""
    path = unquote(exchange.path)
    for method, pattern, service, name, names in CALLS:
        found = re.fullmatch(pattern, path)
        if method == exchange.method and found:
            query = {key: _typed(value) for key, value in exchange.query.items() if key not in {"alt", "uploadType"}}
            mine = {"userId": "me"} if service == "gmail.v1" else {}
            name += "_media" if exchange.query.get("alt") == "media" and name == "files.get" else ""
            return name, _method(service, name)(
                **mine, **dict(zip(names, found.groups(), strict=True)), **query, **sent(exchange)
            )
    raise AssertionError(f"no call of Google's is {exchange.method} {path}")


def sent(exchange: Exchange) -> dict[str, Any]:
    if exchange.content_type == "multipart/related":
        about, content = parts(exchange.body, exchange.headers["Content-Type"])
        return {"body": json.loads(about), "media_body": MediaInMemoryUpload(content, "text/plain")}
    if exchange.content_type == "message/rfc822":
        return {"media_body": MediaInMemoryUpload(exchange.body, "message/rfc822")}
    return {"body": json.loads(exchange.body)} if exchange.body else {}


def parts(body: bytes, content_type: str) -> list[bytes]:
    read = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return [part.get_payload(decode=True) for part in read.get_payload()]  # type: ignore[union-attr,misc]  # two parts


def _method(service: str, name: str) -> Callable[..., Any]:
    *way, last = name.split(".")
    resource = client(service)
    for step in way:
        resource = getattr(resource, step)()
    method: Callable[..., Any] = getattr(resource, last)
    return method


def _typed(value: str) -> object:
    return {"true": True, "false": False}.get(value, value)


def _query(pairs: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """`alt=json` is what goes without saying."""
    return {name: values for name, values in pairs.items() if (name, values) != ("alt", ["json"])}


def differences(exchange: Exchange) -> list[str]:
    name, request = theirs(exchange)
    address = urlsplit(request.uri)
    ours = {key: [value] for key, value in exchange.query.items()}
    pairs: dict[str, tuple[object, object]] = {
        "method": (exchange.method, request.method),
        "path": (unquote(exchange.path), unquote(address.path)),
        "query": (_query(ours), _query(parse_qs(address.query))),
    }
    if exchange.content_type == "multipart/related":
        their_type = request.headers["content-type"]
        told = [part.rstrip() for part in parts(request.body, their_type)]
        about, content = parts(exchange.body, exchange.headers["Content-Type"])
        pairs["parts"] = ([json.loads(about), content], [json.loads(told[0]), told[1]])
    elif exchange.content_type == "message/rfc822":
        pairs["body"] = (exchange.body, request.body)
    elif exchange.body:
        pairs["body"] = (json.loads(exchange.body), json.loads(request.body))
    return [f"{name} {what}: {mine!r} is not {other!r}" for what, (mine, other) in pairs.items() if mine != other]


async def test_our_requests_are_those_of_googles_own_client(world: GoogleWorld) -> None:
    client("drive.v3")  # skips before anything runs
    world.store["spreadsheets"][SPREADSHEET]["marks"].append(
        {"id": 1, "key": "countersign_row", "value": "another", "tab": 0, "row": 1}
    )
    for todo in ACTIONS:
        await run(world, todo)
    said = details(invoice_number="INV-20431", email="ap@northwind.example")
    for connector in (world.drive(), world.sheets(), world.gmail()):
        await connector.check()
        await connector.facts(said, frozenset({"document", "rows", "thread"}), NOW)
        await connector.close()
    await _rare_ways(world)
    assert [words for one in world.exchanges for words in differences(one)] == []
    assert {theirs(one)[0] for one in world.exchanges} >= {name for *_, name, _ in CALLS}


async def _rare_ways(world: GoogleWorld) -> None:
    """Try a full folder, a taken metadata id, a mail that nobody confirmed, and a document that Google made."""
    drive, sheets, gmail = world.drive(), world.sheets(), world.gmail()
    world.store["files"][DOCUMENTS]["appProperties"] = {f"id-{n:040}": f"1Never{n}" for n in range(30)}
    await drive.perform(ACTIONS[0], f"{KEY}/2")
    await sheets.api.is_taken(1, KEY)
    world.fail("/drafts/send", "drop")
    file = world.store["files"]["1PdfINV-20431"]
    file["mimeType"] = "application/vnd.google-apps.document"
    await gmail.perform(ACTIONS[9], f"{KEY}/2")
    for connector in (drive, sheets, gmail):
        await connector.close()


def test_a_request_of_another_shape_is_seen() -> None:
    client("sheets.v4")
    strange = Exchange("POST", "/v4/spreadsheets/1Sheet:update", {}, {}, b"{}", "application/json")
    with pytest.raises(AssertionError, match="no call of Google's"):
        theirs(strange)
    unknown = Exchange("GET", "/drive/v3/files", {"query": "x"}, {}, b"", "")
    with pytest.raises(TypeError, match="unexpected keyword argument query"):
        theirs(unknown)
