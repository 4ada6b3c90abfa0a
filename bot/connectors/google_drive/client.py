"""Talk to Google Drive: searches, permissions, and the ids that our folder keeps."""

from collections.abc import Mapping
from typing import Final, Unpack

from bot.connectors.base import Client, digest, pages
from bot.connectors.google.client import DRIVE, GoogleSettings, google_http, hosts
from bot.connectors.google.documents import FIELDS, Document, document, file_path
from bot.connectors.google_drive.records import Folder, Ids, Kept, Listed, Permission, Permissions
from bot.http.client import Wiring
from bot.http.errors import Refused, Unavailable, Unsure

TITLE: Final = "Google Drive"
EVERY: Final[Mapping[str, str]] = {"supportsAllDrives": "true"}
SLOTS_AT_MOST: Final = 30  # properties of one app on one file
FREE_FROM: Final = 20
PAGES_AT_MOST: Final = 10  # of 100 permissions of one file


class DriveSettings(GoogleSettings):
    """Hold GOOGLE_*; `drive_folder` is the id of the folder of our documents, `shared_drive` of the drive around it.

    Without a shared drive a service account has no storage: then it `acts_as` a user.
    """

    drive_folder: str
    shared_drive: str | None = None
    acts_as: str | None = None


class DriveApi(Client):
    """Ask Google Drive."""

    def __init__(self, settings: DriveSettings, **wiring: Unpack[Wiring]) -> None:
        account, addresses = settings.account(), hosts(settings.api_url)
        self.folder = settings.drive_folder
        self._us = settings.acts_as or account.client_email
        self._search = {**EVERY, "includeItemsFromAllDrives": "true", "pageSize": "100"}
        if settings.shared_drive:
            self._search |= {"corpora": "drive", "driveId": settings.shared_drive}
        acts_as = settings.acts_as
        super().__init__(
            google_http(TITLE, account, (DRIVE,), addresses.drive, addresses.token, acts_as=acts_as, **wiring)
        )

    async def check(self) -> str:
        await self.kept("")
        return f"{TITLE} answers, takes the service account and shows it our folder."

    async def kept(self, key: str) -> Kept:
        """Return the ids that our folder keeps. Raises Refused where it is not shared with us, Unavailable."""
        query = {**EVERY, "fields": "name,appProperties"}
        folder = await self.http.get_optional(Folder, file_path(self.folder), query)
        if folder is None:
            sentence = f"{TITLE} does not show us our folder: share it with {self._us} as an editor."
            raise Refused(sentence, reason="not_found")
        slots = {slot: kept for slot, kept in folder.app_properties.items() if slot.startswith("id-")}
        return Kept(slots, slots.get(_slot(key)))

    async def reserved(self, key: str, kept: Kept) -> str:
        """Return a new id, kept at Drive before anything is made under it. Raises Refused, Unavailable."""
        query = {"count": "1", "space": "drive", "type": "files"}
        reply = await self.http.read("/drive/v3/files/generateIds", query)
        ids = self.http.record(Ids, reply).ids
        if not ids:
            raise self.http.unreadable(reply)
        freed = await self._freed(kept.slots)
        if len(kept.slots) - len(freed) >= SLOTS_AT_MOST:
            words = f"{TITLE} is slow to list the documents that were stored last: we wait for it."
            raise Unavailable(words, retry_after_s=60.0)
        properties = {"appProperties": {_slot(key): ids[0], **freed}}
        try:
            path = file_path(self.folder)
            await self.http.write_json("PATCH", path, properties, query={**EVERY, "fields": "id"})
        except Unsure as error:  # an id may be kept, and no file is made: the next try reads which
            raise Unavailable(error.sentence, request_id=error.request_id) from None
        return ids[0]

    async def _freed(self, slots: dict[str, str]) -> dict[str, None]:
        """Return slots whose file the search lists by now, and so finds without; when full, of files never made."""
        if len(slots) < FREE_FROM:
            return {}
        newest = await self.listed(f"{quoted(self.folder)} in parents", orderBy="createdTime desc")
        listed = {document.id for document in newest}
        freed = {slot: None for slot, document_id in slots.items() if document_id in listed}
        if freed or len(slots) < SLOTS_AT_MOST:
            return freed
        return {slot: None for slot, kept in slots.items() if await document(self.http, kept) is None}

    async def listed(self, query: str, **more: str) -> list[Document]:
        asked = {**self._search, **more, "q": query, "fields": f"files({FIELDS})"}
        return (await self.http.get(Listed, "/drive/v3/files", asked)).files

    async def permission(self, document_id: str, email: str) -> Permission | None:
        """Return the permission of an address on a document. Raises Refused, Unavailable."""
        query = {**EVERY, "pageSize": "100", "fields": "permissions(id,emailAddress),nextPageToken"}

        async def page(cursor: Mapping[str, str]) -> tuple[list[Permission], str | None]:
            listed = await self.http.get(Permissions, permissions_path(document_id), {**query, **cursor})
            return listed.permissions, listed.next_page_token

        too_many = f"{TITLE} lists more people on this document than we can look through."
        async for permission in pages(page, "pageToken", PAGES_AT_MOST, too_many):
            if permission.email_address.lower() == email.lower():
                return permission
        return None


def _slot(key: str) -> str:
    return f"id-{digest(key)}"


def permissions_path(document_id: str) -> str:
    return f"{file_path(document_id)}/permissions"


def quoted(text: str) -> str:
    """Return a string of Drive's search language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
