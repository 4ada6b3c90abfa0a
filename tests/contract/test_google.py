"""Check every request that the three Google connectors send, and every answer they accept, against the documents
that Google's own client is built from. The requests are what arrived on a socket.

Names in a query are checked by test_google_clients.py: Google's client refuses those that Google does not know.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import unquote

import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from bot.core.model import Action
from bot.http.errors import ConnectorError, Unavailable, Unsure
from sandbox.google.seeds import DOCUMENTS, THREAD
from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import KEY, NOW, REFERENCE, Exchange, action, details, world_of
from tests.support.places import reference

OURS = dict(REFERENCE)
INVOICE = "1PdfINV-20431"
MAIL: Mapping[str, Any] = {"to": "ap@northwind.example", "subject": "Your invoice", "text": "Here.", "reference": OURS}

ACTIONS = (
    action("drive", "store", name="Call.txt", text="Zoë", reference=OURS),
    action("drive", "share", document_id=INVOICE, email="ap@northwind.example"),
    action("drive", "share", document_id="1Nothing", email="ap@northwind.example"),
    action("drive", "share", document_id=INVOICE, email="x@blocked.example"),
    action("sheets", "append_row", sheet="Disputes", cells=["INV-20431", "=1"], reference=OURS),
    action("sheets", "append_row", sheet="Nowhere", cells=[], reference=OURS),
    action("sheets", "set_status", row_key=KEY, status="approved"),
    action("gmail", "draft", **MAIL),
    action("gmail", "send", **MAIL),
    action("gmail", "send", **MAIL, document_id=INVOICE),
    action("gmail", "reply", thread_id=THREAD, subject="x", text="Here.", reference=OURS),
    action("gmail", "reply", thread_id="18missing", subject="x", text="Here.", reference=OURS),
)
TRIED = (
    (ACTIONS[0], "/upload/drive/v3/files"),
    (ACTIONS[1], "/permissions"),
    (ACTIONS[4], ":batchUpdate"),
    (ACTIONS[7], "/drafts"),
    (ACTIONS[8], "/drafts/send"),
)


world = world_of(google_world)


@cache
def contract(service: str) -> OpenAPI:
    document = reference(f"openapi/google.{service}.openapi.json")
    for schema in document["components"]["schemas"].values():  # open, they would let a misspelt name pass
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        # written down only in its text: the entries of this map are cleared by null
        if "appProperties" in schema.get("properties", {}):
            schema["properties"]["appProperties"]["additionalProperties"]["nullable"] = True
        # the same: whom to share with is "output only" there, and the one thing that every sharing has to say
        if "emailAddress" in schema.get("properties", {}):
            schema["properties"]["emailAddress"].pop("readOnly", None)
    for operation in (one for path in document["paths"].values() for one in path.values()):
        for kind, said in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                said.pop("schema")  # the validator takes bytes for no string
    return OpenAPI.from_dict(document)


def service_of(exchange: Exchange) -> tuple[str, str]:
    """Return the file and the host of an exchange."""
    if "/gmail/" in exchange.path:
        return "gmail.v1", "https://gmail.googleapis.com"
    if exchange.path.startswith("/v4/"):
        return "sheets.v4", "https://sheets.googleapis.com"
    return "drive.v3", "https://www.googleapis.com"


def faults(exchange: Exchange) -> Iterator[str]:
    if exchange.content_type == "multipart/related":  # what it says of the file is the body of the plain call
        about = exchange.body.split(b"\r\n")[3]
        plain = exchange.path.removeprefix("/upload")
        yield from faults(replace(exchange, path=plain, body=about, content_type="application/json"))
    service, host = service_of(exchange)
    what = f"{exchange.method} {exchange.path}"
    request = MockRequest(
        host,
        exchange.method.lower(),
        unquote(exchange.path),
        args=dict(exchange.query),
        headers=dict(exchange.headers),
        data=exchange.body,
        content_type=exchange.content_type,
    )
    try:
        contract(service).validate_request(request)
    except OpenAPIError as error:
        yield f"request {what}: {error} {error.__cause__}"
    if exchange.status is None or exchange.query.get("alt") == "media" or exchange.path.endswith("/export"):
        return  # a document's bytes have no schema
    try:
        contract(service).validate_response(request, MockResponse(exchange.answer, exchange.status))
    except OpenAPIError as error:
        yield f"answer {exchange.status} to {what}: {error} {error.__cause__}"


async def run(world: GoogleWorld, todo: Action) -> None:
    connector: Any = getattr(world, todo.connector)()
    with suppress(ConnectorError):
        await connector.perform(todo, KEY)
    with suppress(ConnectorError):
        await connector.find(todo, KEY)
    await connector.close()


def found(world: GoogleWorld) -> list[str]:
    assert world.exchanges
    return [fault for one in world.exchanges for fault in faults(one)]


@pytest.mark.parametrize("todo", ACTIONS, ids=lambda todo: todo.operation)
async def test_what_is_sent_to_google_and_accepted_from_it_fits_its_documents(world: GoogleWorld, todo: Action) -> None:
    if todo.operation == "set_status":
        await run(world, ACTIONS[4])
    await run(world, todo)
    assert found(world) == []


@pytest.mark.parametrize(("todo", "path"), TRIED, ids=lambda one: str(getattr(one, "operation", "")))
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("429", (Unavailable,)),
        ("403", (Unavailable,)),  # a rate limit, as Drive and Gmail say it
        ("lost_reply", (Unsure, type(None))),  # None: looked up at once, and there
        ("drop", (Unsure, type(None))),  # None: looked up at once, and sent again
        ("hang", (Unsure, type(None))),
    ],
)
async def test_after_a_throttle_or_a_time_out_what_follows_fits_too(
    world: GoogleWorld, todo: Action, path: str, fault: str, kinds: tuple[type[Exception], ...]
) -> None:
    world.error = {"errors": [{"reason": "userRateLimitExceeded", "domain": "usageLimits", "message": "Slow down"}]}
    world.fail(path, fault, "POST")
    connector: Any = getattr(world, todo.connector)(total_s=0.5)
    error: Exception | None = None
    try:
        await connector.perform(todo, KEY)
    except ConnectorError as raised:
        error = raised
    assert isinstance(error, kinds)
    await connector.find(todo, KEY)
    await connector.close()
    assert found(world) == []


async def test_what_is_looked_up_at_google_fits_its_documents(world: GoogleWorld) -> None:
    said = details(invoice_number="INV-20431", email="ap@northwind.example", payment_id="pi_1")
    for connector in (world.drive(), world.sheets(), world.gmail()):
        await connector.check()
        assert await connector.facts(said, frozenset({"document", "rows", "thread"}), NOW)
        await connector.close()
    drive = world.drive()
    world.store["files"][DOCUMENTS]["appProperties"] = {f"id-{n:040}": f"1Never{n}" for n in range(30)}
    await drive.perform(ACTIONS[0], KEY)  # a full folder, whose properties are freed
    await drive.close()
    assert found(world) == []


async def test_a_request_that_breaks_a_document_is_seen() -> None:
    """Check that the documents do not let everything pass."""
    headers = {"Authorization": "Bearer ya29.x"}
    path = "/v4/spreadsheets/1Sheet:batchUpdate"
    misspelt = json.dumps({"requests": [{"insertDimensions": {}}]}).encode()
    wrong = [
        Exchange("POST", path, {}, headers, misspelt, "application/json"),
        Exchange("POST", path, {}, headers, b'{"requests":{}}', "application/json"),
        Exchange("POST", "/v4/spreadsheets/1Sheet:update", {}, headers, b"{}", "application/json"),
        Exchange("POST", "/gmail/v1/users/me/drafts", {}, headers, b'{"message":{"raws":"x"}}', "application/json"),
        Exchange("PUT", "/drive/v3/files/1Pdf", {}, headers, b"{}", "application/json"),
        Exchange("GET", "/drive/v3/files/1Pdf", {}, headers, b"", "", 200, b'{"ident":"x"}'),
    ]
    assert all(list(faults(one)) for one in wrong)
