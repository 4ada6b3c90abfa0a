"""Store a text document in our folder, and share a document with one address."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from bot.connectors.base import Operation, digest
from bot.connectors.google.client import DRIVE, GoogleId, Mailbox, OneLine
from bot.connectors.google.documents import FIELDS, Document, document
from bot.connectors.google_drive.client import EVERY, DriveApi, permissions_path, quoted
from bot.connectors.google_drive.records import Kept, Permission
from bot.connectors.parameters import Reference, Verified
from bot.core.model import Frozen, Receipt
from bot.http.client import in_path
from bot.http.errors import Refused

TEXT: Final = "text/plain"
PROPERTY_AT_MOST: Final = 124  # bytes of a property's name and value together
CHARACTERS_AT_MOST: Final = 1_000_000  # at most 4 bytes each: below the 5 MB of a multipart upload


class StoreDocument(Frozen):
    name: OneLine
    text: str = Field(min_length=1, max_length=CHARACTERS_AT_MOST)
    reference: Reference


class ShareDocument(Frozen):
    """Name whom to share with; `verified` says how a person made sure of it, as Drive knows no customers."""

    document_id: GoogleId
    email: Mailbox
    verified: Verified | None = None


# --- store ------------------------------------------------------------------------------------------------------------


async def store(api: DriveApi, params: StoreDocument, key: str) -> Receipt:
    """Store a document. Its id is taken first and kept in the folder's properties under our key.

    So every try creates the same file, and Drive refuses the second one (409).
    """
    kept = await api.kept(key)
    if stored := await _stored(api, key, kept):
        return _stored_receipt(stored, "An earlier try of this step had stored it.")
    document_id = kept.document_id or await api.reserved(key, kept)
    body, content_type = _multipart(_metadata(params, key, document_id, api.folder), params.text)
    query = {"uploadType": "multipart", **EVERY, "fields": FIELDS}
    try:
        reply = await api.http.write("POST", "/upload/drive/v3/files", body, content_type, query=query)
    except Refused as no:
        if no.reason != "exists" or (stored := await document(api.http, document_id)) is None:
            raise
        return _stored_receipt(stored, "An earlier try of this step had stored it.")
    created = api.http.record(Document, reply)
    return _stored_receipt(created).model_copy(update={"request_id": reply.request_id})


async def _stored(api: DriveApi, key: str, kept: Kept) -> Document | None:
    if kept.document_id is not None:
        return await document(api.http, kept.document_id)
    ours = f"appProperties has {{ key='countersign' and value={quoted(digest(key))} }}"
    return next(iter(await api.listed(ours)), None)


async def find_stored(api: DriveApi, params: StoreDocument, key: str) -> Receipt | None:
    stored = await _stored(api, key, await api.kept(key))
    return _stored_receipt(stored) if stored else None


def _stored_receipt(stored: Document, note: str | None = None) -> Receipt:
    note = "It lies in the trash of Google Drive now." if stored.trashed else note
    return Receipt(vendor_id=stored.id, url=stored.url, note=note)


def _metadata(params: StoreDocument, key: str, document_id: str, folder: str) -> dict[str, Any]:
    properties = {"countersign": digest(key), **params.reference.metadata}
    return {
        "id": document_id,
        "name": params.name,
        "mimeType": TEXT,
        "parents": [folder],
        "appProperties": {
            name: value
            for name, value in properties.items()
            if len(name.encode()) + len(value.encode()) <= PROPERTY_AT_MOST
        },
    }


def _multipart(about: Mapping[str, Any], text: str) -> tuple[bytes, str]:
    """Return body and content type of an upload with its metadata (RFC 2387)."""
    first, second = json.dumps(about).encode(), text.encode()
    # a digest of the parts occurs in neither of them, whoever wrote them
    boundary = hashlib.sha256(first + second).hexdigest()
    body = (
        b"--%b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%b\r\n"
        b"--%b\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n%b\r\n--%b--\r\n"
    )
    mark = boundary.encode()
    return body % (mark, first, mark, second, mark), f"multipart/related; boundary={boundary}"


# --- share ------------------------------------------------------------------------------------------------------------


async def share(api: DriveApi, params: ShareDocument, key: str) -> Receipt:
    """Share a document, without a mail. Somebody has one permission on a file: a repeat ends in the same state."""
    if permission := await api.permission(params.document_id, params.email):
        return _shared_receipt(params, permission, "That address could open it already.")
    body = {"type": "user", "role": "reader", "emailAddress": params.email}
    query = {**EVERY, "sendNotificationEmail": "false", "fields": "id"}
    reply = await api.http.write_json("POST", permissions_path(params.document_id), body, query=query)
    granted = api.http.record(Permission, reply)
    return _shared_receipt(params, granted).model_copy(update={"request_id": reply.request_id})


async def find_shared(api: DriveApi, params: ShareDocument, key: str) -> Receipt | None:
    permission = await api.permission(params.document_id, params.email)
    return _shared_receipt(params, permission) if permission else None


def _shared_receipt(params: ShareDocument, permission: Permission, note: str | None = None) -> Receipt:
    url = f"https://drive.google.com/file/d/{in_path(params.document_id)}/view"
    return Receipt(vendor_id=permission.id, url=url, note=note)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "store": Operation(StoreDocument, store, find_stored, DRIVE),
    "share": Operation(ShareDocument, share, find_shared, DRIVE),
}
