"""Google Drive: a text document stored in our folder, a document shared with one address, and which document an
invoice has.

    idempotent   `store`: Drive takes only ids that it gave out itself, so an id cannot be computed from the key, and a
                 connector keeps no rows. The id is therefore taken first (generateIds) and kept at Drive, as a property
                 of our folder named after the key. Every try reads it there, by the folder's id and not by a search,
                 which lags for minutes; creating the same id twice is refused with 409. A folder has room for 30
                 properties, so one is freed when the search lists its file, which the file's own property then finds.
                 `share`: one permission for each address, looked up first
    find         reads the kept id and its file, or the file's property; the list of the file's permissions
    refusals     google_refusals.py
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      the service account's key only signs; errors name ids and our own address, nobody else's
    contract     tests/contract/test_google.py (google.drive.v3.openapi.json) and test_google_clients.py
    exempt       two tries of one key at the same moment could each keep an id of their own; an execution's lease
                 excludes that. A file that people put in the trash counts as stored

The folder has to be a folder, not a shared drive itself: a drive has no properties.
"""

from datetime import datetime
from functools import partial

import httpx

from bot.connectors.base import parsed_params
from bot.connectors.google import client as google
from bot.connectors.google.client import ServiceAccount
from bot.connectors.google.documents import FIELDS, Document, document
from bot.connectors.google_drive.client import EVERY, TITLE, DriveApi, Kept, Permission, permissions_path
from bot.connectors.google_drive.facts import document_fact, fitting
from bot.connectors.google_drive.operations import (
    OPERATIONS,
    ShareDocument,
    StoreDocument,
    digest,
    metadata,
    multipart,
    quoted,
)
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import JSON, TOTAL_S, in_path, to_json
from bot.http.errors import ConnectorError, Refused


class DriveConnector:
    """`folder` is the id of the folder that documents are stored in, `shared_drive` that of the drive it lies in.

    Without a shared drive a service account has no storage: then it `acts_as` a user.
    """

    name = "drive"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        account: ServiceAccount,
        folder: str,
        base_url: str | None = None,
        *,
        shared_drive: str | None = None,
        acts_as: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        hosts, self._folder = google.hosts(base_url), folder
        self._line = google.line(
            TITLE,
            account,
            (google.DRIVE,),
            hosts.drive,
            hosts.token,
            acts_as=acts_as,
            transport=transport,
            total_s=total_s,
        )
        self._http = self._line.http
        search = {**EVERY, "includeItemsFromAllDrives": "true", "pageSize": "100"}
        if shared_drive:
            search |= {"corpora": "drive", "driveId": shared_drive}
        self._api = DriveApi(self._http, folder, acts_as or account.client_email, search)

    async def perform(self, action: Action, key: str) -> Receipt:
        match parsed_params(TITLE, OPERATIONS, action):
            case StoreDocument() as params:
                return await self._store(params, key)
            case ShareDocument() as params:
                return await self._share(params)
        raise Refused(f"{TITLE} has no operation {action.operation!r} here.")

    async def find(self, action: Action, key: str) -> Receipt | None:
        match parsed_params(TITLE, OPERATIONS, action):
            case StoreDocument():
                stored = await self._stored(key, await self._api.kept(key))
                return _stored_receipt(stored) if stored else None
            case ShareDocument() as params:
                permission = await self._api.permission(params.document_id, params.email)
                return _shared_receipt(params, permission) if permission else None
        return None

    async def check(self) -> str:
        await self._api.kept("")
        return f"{TITLE} answers, takes the service account and shows it our folder."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        number = (details.fields.invoice_number or "").strip()
        if "document" not in wanted or not number:
            return ()
        fact = partial(Fact, source=TITLE, observed_at=now)
        query = f"name contains {quoted(number)} and {quoted(self._folder)} in parents and trashed = false"
        try:
            return (document_fact(number, fitting(number, await self._api.listed(query)), fact),)
        except ConnectorError as error:
            return (fact(name="document", missing=error.sentence, failed=error.passes),)

    async def close(self) -> None:
        await self._line.close()

    # --- store ------------------------------------------------------------------------------------------------------

    async def _store(self, params: StoreDocument, key: str) -> Receipt:
        kept = await self._api.kept(key)
        if stored := await self._stored(key, kept):
            return _stored_receipt(stored, "An earlier try of this step had stored it.")
        document_id = kept.document_id or await self._api.reserved(key, kept)
        body, content_type = multipart(metadata(params, key, document_id, self._folder), params.text)
        query = {"uploadType": "multipart", **EVERY, "fields": FIELDS}
        try:
            reply = await self._http.write("POST", "/upload/drive/v3/files", body, content_type, query=query)
        except Refused as no:
            if no.reason != "exists" or (stored := await document(self._http, document_id)) is None:
                raise
            return _stored_receipt(stored, "An earlier try of this step had stored it.")
        made = self._http.record(Document, reply)
        return _stored_receipt(made).model_copy(update={"request_id": reply.request_id})

    async def _stored(self, key: str, kept: Kept) -> Document | None:
        if kept.document_id is not None:
            return await document(self._http, kept.document_id)
        ours = f"appProperties has {{ key='countersign' and value={quoted(digest(key))} }}"
        return next(iter(await self._api.listed(ours)), None)

    # --- share ------------------------------------------------------------------------------------------------------

    async def _share(self, params: ShareDocument) -> Receipt:
        if permission := await self._api.permission(params.document_id, params.email):
            return _shared_receipt(params, permission, "That address could open it already.")
        body = to_json({"type": "user", "role": "reader", "emailAddress": params.email}).encode()
        query = {**EVERY, "sendNotificationEmail": "false", "fields": "id"}
        reply = await self._http.write("POST", permissions_path(params.document_id), body, JSON, query=query)
        made = self._http.record(Permission, reply)
        return _shared_receipt(params, made).model_copy(update={"request_id": reply.request_id})


def _stored_receipt(stored: Document, note: str | None = None) -> Receipt:
    note = "It lies in the trash of Google Drive now." if stored.trashed else note
    return Receipt(vendor_id=stored.id, url=stored.url, note=note)


def _shared_receipt(params: ShareDocument, permission: Permission, note: str | None = None) -> Receipt:
    url = f"https://drive.google.com/file/d/{in_path(params.document_id)}/view"
    return Receipt(vendor_id=permission.id, url=url, note=note)
