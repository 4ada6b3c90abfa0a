"""Read a document in Google Drive, for Drive itself and for Gmail, which attaches it."""

import hashlib
from typing import Final

from bot.connectors.google.client import Record
from bot.http.client import Http, Reply, in_path
from bot.http.errors import Refused, Unavailable

FIELDS: Final = "id,name,mimeType,size,md5Checksum,webViewLink,trashed"
GOOGLE_MADE: Final = "application/vnd.google-apps."
PDF: Final = "application/pdf"


class Document(Record):
    id: str
    name: str = ""
    mime_type: str = ""
    size: int | None = None  # bytes; a document of Google's own has none
    md5_checksum: str | None = None
    web_view_link: str | None = None
    trashed: bool = False

    @property
    def url(self) -> str:
        return self.web_view_link or f"https://drive.google.com/file/d/{in_path(self.id)}/view"


async def document(http: Http, document_id: str) -> Document | None:
    """Return a document, None where Drive has none, or shows us none. Raises Refused, Unavailable."""
    return await http.get_optional(Document, file_path(document_id), {"fields": FIELDS, "supportsAllDrives": "true"})


async def content(http: Http, found: Document, at_most: int) -> tuple[bytes, str]:
    """Return a document's bytes and type; Google's own documents come as PDF. Raises Refused, Unavailable.

    `at_most` in bytes: a larger one is refused before it is fetched where Drive says how large it is.
    """
    if (found.size or 0) > at_most:
        raise _too_large(found, at_most)
    if found.mime_type.startswith(GOOGLE_MADE):
        reply = await http.read(f"{file_path(found.id)}/export", {"mimeType": PDF, "alt": "media"}, raw=True)
        kind = PDF
    else:
        reply = await http.read(file_path(found.id), {"alt": "media", "supportsAllDrives": "true"}, raw=True)
        kind = found.mime_type or "application/octet-stream"
        _check_whole(found, reply)
    if len(reply.content) > at_most:
        raise _too_large(found, at_most)
    return reply.content, kind


def file_path(document_id: str) -> str:
    return f"/drive/v3/files/{in_path(document_id)}"


def _check_whole(found: Document, reply: Reply) -> None:
    md5 = hashlib.md5(reply.content, usedforsecurity=False).hexdigest()
    if found.md5_checksum is not None and md5 != found.md5_checksum:
        raise Unavailable(f"Document {found.id} did not arrive whole.", request_id=reply.request_id)


def _too_large(found: Document, at_most: int) -> Refused:
    most = f"{at_most // 1_000_000} MB"
    return Refused(f"Document {found.id} is larger than the {most} that a mail takes: share it by a link.")
