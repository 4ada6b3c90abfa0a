"""Google Drive's records and reads, and the ids that our folder keeps: `drive.py` says what for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic import Field

from bot.connectors.google.client import Record
from bot.connectors.google.documents import FIELDS, Document, document
from bot.connectors.google_drive.operations import digest, quoted
from bot.http.client import JSON, Http, in_path, to_json
from bot.http.errors import Refused, Unavailable, Unsure

TITLE: Final = "Google Drive"
EVERY: Final[Mapping[str, str]] = MappingProxyType({"supportsAllDrives": "true"})
SLOTS_AT_MOST: Final = 30  # properties of one app on one file
FREE_FROM: Final = 20
PAGES_AT_MOST: Final = 10  # of 100 permissions of one file


class Folder(Record):
    name: str = ""
    app_properties: dict[str, str] = Field(default_factory=dict)


class Ids(Record):
    ids: list[str]


class Listed(Record):
    files: list[Document]


class Permission(Record):
    id: str
    email_address: str = ""


class Permissions(Record):
    permissions: list[Permission]
    next_page_token: str | None = None


class Kept(NamedTuple):
    """The ids that our folder keeps, by slot."""

    slots: dict[str, str]
    document_id: str | None  # of the key in question


class DriveApi:
    """`us` is who we are at Drive, `search` what every search asks for beside its query."""

    def __init__(self, http: Http, folder: str, us: str, search: Mapping[str, str]) -> None:
        self._http, self._folder, self._us, self._search = http, folder, us, search

    async def kept(self, key: str) -> Kept:
        path, query = f"/drive/v3/files/{in_path(self._folder)}", {**EVERY, "fields": "name,appProperties"}
        try:
            folder = self._http.record(Folder, await self._http.read(path, query))
        except Refused as no:
            if no.reason != "not_found":
                raise
            sentence = f"{TITLE} does not show us our folder: share it with {self._us} as an editor."
            raise Refused(sentence, reason=no.reason, request_id=no.request_id) from None
        slots = {slot: kept for slot, kept in folder.app_properties.items() if slot.startswith("id-")}
        return Kept(slots, slots.get(_slot(key)))

    async def reserved(self, key: str, kept: Kept) -> str:
        """A new id, kept at Drive before anything is made under it. Raises Refused, Unavailable."""
        query = {"count": "1", "space": "drive", "type": "files"}
        reply = await self._http.read("/drive/v3/files/generateIds", query)
        ids = self._http.record(Ids, reply).ids
        if not ids:
            raise self._http.unreadable(reply)
        freed = await self._freed(kept.slots)
        if len(kept.slots) - len(freed) >= SLOTS_AT_MOST:
            words = f"{TITLE} is slow to list the documents that were stored last: we wait for it."
            raise Unavailable(words, retry_after_s=60.0)
        properties = to_json({"appProperties": {_slot(key): ids[0], **freed}}).encode()
        path = f"/drive/v3/files/{in_path(self._folder)}"
        try:
            await self._http.write("PATCH", path, properties, JSON, query={**EVERY, "fields": "id"})
        except Unsure as error:  # an id may be kept, and no file is made: the next try reads which
            raise Unavailable(error.sentence, request_id=error.request_id) from None
        return ids[0]

    async def _freed(self, slots: dict[str, str]) -> dict[str, None]:
        """Slots whose file the search lists by now, and so finds without them; when full, of files never made too."""
        if len(slots) < FREE_FROM:
            return {}
        newest = await self.listed(f"{quoted(self._folder)} in parents", orderBy="createdTime desc")
        listed = {one.id for one in newest}
        freed = {slot: None for slot, document_id in slots.items() if document_id in listed}
        if freed or len(slots) < SLOTS_AT_MOST:
            return freed
        return {slot: None for slot, kept in slots.items() if await document(self._http, kept) is None}

    async def listed(self, query: str, **more: str) -> list[Document]:
        asked = {**self._search, **more, "q": query, "fields": f"files({FIELDS})"}
        return self._http.record(Listed, await self._http.read("/drive/v3/files", asked)).files

    async def permission(self, document_id: str, email: str) -> Permission | None:
        fields = "permissions(id,emailAddress),nextPageToken"
        query = {**EVERY, "pageSize": "100", "fields": fields}
        for _ in range(PAGES_AT_MOST):
            page = self._http.record(Permissions, await self._http.read(permissions_path(document_id), query))
            for one in page.permissions:
                if one.email_address.lower() == email.lower():
                    return one
            if page.next_page_token is None:
                return None
            query["pageToken"] = page.next_page_token
        raise Unavailable(f"{TITLE} lists more people on this document than we can look through.")


def _slot(key: str) -> str:
    return f"id-{digest(key)}"


def permissions_path(document_id: str) -> str:
    return f"/drive/v3/files/{in_path(document_id)}/permissions"
