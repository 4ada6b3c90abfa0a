"""Keep the rules of Google that the connectors rely on, and show the page what happened."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox import google
from sandbox.google.seeds import DOCUMENTS, MAILBOX, SPREADSHEET
from tests.connectors.google import GoogleWorld, google_world
from tests.connectors.support import KEY, REFERENCE, action

SCOPE = "https://www.googleapis.com/auth/"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"


@pytest.fixture
async def world() -> AsyncIterator[GoogleWorld]:
    async with google_world() as running:
        yield running


@pytest.fixture
async def client(world: GoogleWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=world.base, trust_env=False) as made:
        yield made


def signed(world: GoogleWorld, *, kid: str | None = None, **claims: Any) -> str:
    account, now = world.account, int(datetime.now(UTC).timestamp())
    said = {"iss": account.client_email, "scope": f"{SCOPE}drive", "aud": AUDIENCE, "iat": now, "exp": now + 3600}
    header = {"alg": "RS256", "typ": "JWT", "kid": kid or account.private_key_id}
    return jwt.encode(header, {**said, **claims}, RSAKey.import_key(account.private_key))


async def asked(client: httpx.AsyncClient, assertion: str) -> httpx.Response:
    return await client.post("/token", data={"grant_type": GRANT, "assertion": assertion})


async def token(client: httpx.AsyncClient, world: GoogleWorld, scopes: str, **claims: Any) -> dict[str, str]:
    every = " ".join(SCOPE + scope for scope in scopes.split())
    answer = await asked(client, signed(world, scope=every, **claims))
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"aud": "https://evil.example"}, "invalid_grant"),
        ({"iss": "other@acme.example"}, "invalid_grant"),
        ({"exp": 4_000_000_000}, "invalid_grant"),
        ({"iat": 1_000_000_000, "exp": 1_000_003_600}, "invalid_grant"),
        ({"kid": "another"}, "invalid_grant"),
        ({"scope": f"{SCOPE}everything"}, "invalid_scope"),
        ({"sub": "nobody@acme.example"}, "unauthorized_client"),
    ],
)
async def test_an_assertion_that_google_would_not_take_gets_no_token(
    world: GoogleWorld, client: httpx.AsyncClient, wrong: dict[str, Any], error: str
) -> None:
    refused = await asked(client, signed(world, **wrong))
    assert (refused.status_code in {400, 401}, refused.json()["error"]) == (True, error)
    assert world.store["tokens"] == {}


async def test_a_token_is_good_for_its_scopes_and_for_an_hour(world: GoogleWorld, client: httpx.AsyncClient) -> None:
    drive = await token(client, world, "drive.readonly")
    path = f"/drive/v3/files/{DOCUMENTS}?supportsAllDrives=true"
    assert (await client.get(path, headers=drive)).status_code == 200
    assert (await client.patch(path, headers=drive, json={})).status_code == 403
    assert (await client.get(f"/sheets/v4/spreadsheets/{SPREADSHEET}", headers=drive)).status_code == 403
    assert (await client.get(path)).status_code == 401
    world.ahead = timedelta(hours=1)
    assert (await client.get(path, headers=drive)).status_code == 401


async def test_a_service_account_has_no_mailbox_of_its_own(world: GoogleWorld, client: httpx.AsyncClient) -> None:
    own = await token(client, world, "gmail.readonly")
    refused = await client.get("/gmail/v1/users/me/profile", headers=own)
    assert refused.json()["error"]["status"] == "FAILED_PRECONDITION"
    delegated = await token(client, world, "gmail.readonly", sub=MAILBOX)
    assert (await client.get("/gmail/v1/users/me/profile", headers=delegated)).json()["emailAddress"] == MAILBOX


async def test_a_batch_that_fails_in_its_last_part_changes_nothing(
    world: GoogleWorld, client: httpx.AsyncClient
) -> None:
    sheets = await token(client, world, "spreadsheets")
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    mark = {"metadataId": 7, "metadataKey": "k", "visibility": "PROJECT", "location": {"dimensionRange": place}}
    requests = [{"insertDimension": {"range": place}}, {"createDeveloperMetadata": {"developerMetadata": mark}}]
    path = f"/sheets/v4/spreadsheets/{SPREADSHEET}:batchUpdate"
    answers = [await client.post(path, headers=sheets, json={"requests": requests}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 400]
    assert len(world.rows()) == 1


async def test_a_file_id_that_drive_never_gave_out_is_refused(world: GoogleWorld, client: httpx.AsyncClient) -> None:
    drive = {**await token(client, world, "drive"), "Content-Type": "multipart/related; boundary=b"}
    about = '{"id":"1MadeUp","name":"x","mimeType":"text/plain","parents":["1FolderDocuments"]}'
    body = f"--b\r\nContent-Type: application/json\r\n\r\n{about}\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"
    refused = await client.post("/upload/drive/v3/files?uploadType=multipart", headers=drive, content=body)
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "The provided file ID is not usable.")


async def test_the_page_shows_files_rows_and_mails_the_newest_first(world: GoogleWorld) -> None:
    drive, sheets, gmail = world.drive(), world.sheets(), world.gmail()
    ours = dict(REFERENCE)
    await drive.perform(action("drive", "store", name="Call.txt", text="x", reference=ours), KEY)
    await drive.perform(action("drive", "share", document_id="1PdfINV-20431", email="ap@northwind.example"), KEY)
    await sheets.perform(action("sheets", "append_row", sheet="Exceptions", cells=["x"], reference=ours), KEY)
    mail = {"to": "ap@northwind.example", "subject": "Invoice", "text": "Here.", "document_id": "1PdfINV-20431"}
    await gmail.perform(action("gmail", "send", **mail, reference=ours), KEY)
    for connector in (drive, sheets, gmail):
        await connector.close()
    shown = google.panel(world.state)
    assert [one["name"] for one in shown["files"]] == ["Call.txt", "INV-20418.pdf", "INV-20431.pdf"]
    assert shown["files"][2]["shared_with"] == ["ap@northwind.example"]
    assert shown["rows"] == [{"sheet": "Exceptions", "cells": [KEY, "open", "call-7f3a", "case-12", "x"]}]
    assert [one["where"] for one in shown["mails"]] == ["sent", "inbox"]
    assert shown["mails"][0]["attachments"] == ["INV-20431.pdf"]
