"""Route calls to Drive, Sheets and Gmail, with tokens, scopes, and refusals in each service's shape."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from sandbox.google import drafts, drive, mails, sheets, tokens
from sandbox.google.wire import Api, Handle, Refusal, selected
from sandbox.state import State

PREFIX: Final = "/google"
SCOPES: Final = {
    "drive": ("drive", "drive.readonly"),
    "drive write": ("drive",),
    "sheets": ("spreadsheets",),
    "gmail": ("gmail.readonly", "gmail.modify"),
    "gmail write": ("gmail.compose", "gmail.modify"),
}
ID: Final = "{id:[^/:]+}"
SPREADSHEET: Final = f"/sheets/v4/spreadsheets/{ID}"
ME: Final = "/gmail/v1/users/me"

CALLS: Final[tuple[tuple[str, str, str, Handle], ...]] = (
    ("GET", "drive", "/drive/v3/files/generateIds", drive.generate_ids),
    ("GET", "drive", "/drive/v3/files", drive.search),
    ("GET", "drive", f"/drive/v3/files/{ID}", drive.read),
    ("GET", "drive", f"/drive/v3/files/{ID}/export", drive.export),
    ("PATCH", "drive write", f"/drive/v3/files/{ID}", drive.update),
    ("POST", "drive write", "/upload/drive/v3/files", drive.upload),
    ("GET", "drive", f"/drive/v3/files/{ID}/permissions", drive.permissions),
    ("POST", "drive write", f"/drive/v3/files/{ID}/permissions", drive.share),
    ("GET", "sheets", SPREADSHEET, sheets.read),
    ("POST", "sheets", f"{SPREADSHEET}:batchUpdate", sheets.batch_update),
    ("POST", "sheets", f"{SPREADSHEET}/developerMetadata:search", sheets.search_metadata),
    ("GET", "sheets", SPREADSHEET + "/developerMetadata/{metadata}", sheets.read_metadata),
    ("POST", "sheets", f"{SPREADSHEET}/values:batchGetByDataFilter", sheets.get_values),
    ("POST", "sheets", f"{SPREADSHEET}/values:batchUpdateByDataFilter", sheets.update_values),
    ("GET", "gmail", f"{ME}/profile", mails.profile),
    ("GET", "gmail", f"{ME}/messages", mails.search),
    ("GET", "gmail", f"{ME}/messages/{ID}", mails.read),
    ("GET", "gmail", f"{ME}/threads", mails.threads),
    ("GET", "gmail", f"{ME}/threads/{ID}", mails.thread),
    ("GET", "gmail", f"{ME}/drafts", drafts.search),
    ("GET", "gmail", f"{ME}/drafts/{ID}", drafts.read),
    ("POST", "gmail write", f"{ME}/drafts", drafts.create),
    ("POST", "gmail write", f"/upload{ME}/drafts", drafts.upload),
    ("POST", "gmail write", f"{ME}/drafts/send", drafts.send),
)


def routes(
    state: State,
    *,
    new_id: Callable[[], str] = lambda: secrets.token_hex(12),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[web.RouteDef]:
    """Return every route below `/google`; `/google/key-file` serves the service account's key file for the set-up."""
    api = Api(state, new_id, now)

    async def give(request: web.Request) -> web.Response:
        return await tokens.give(api, request)

    async def key_file(_: web.Request) -> web.Response:
        return web.json_response(text=state.google["account"]["key_file"])

    table = [web.route(method, PREFIX + path, _door(api, name, handle)) for method, name, path, handle in CALLS]
    return [web.post(f"{PREFIX}/token", give), web.get(f"{PREFIX}/key-file", key_file), *table]


def _door(api: Api, name: str, handle: Handle) -> Callable[[web.Request], Awaitable[web.Response]]:
    service = name.split()[0]

    async def answer(request: web.Request) -> web.Response:
        try:
            whose = tokens.who(api, request, service, SCOPES[name])
            body = await handle(api, request, whose)
            if isinstance(body, web.Response):
                return body
            return web.json_response(selected(body, request.query.get("fields", "")))
        except json.JSONDecodeError:
            no = Refusal(400, "Invalid JSON payload received.", "parseError")
        except Refusal as refusal:
            no = refusal
        return web.json_response(no.body(service), status=no.code)

    return answer
