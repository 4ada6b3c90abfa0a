"""What can be asked of Google Drive, and the bodies of its requests."""

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import Field

from bot.connectors.base import Operation, Repeat
from bot.connectors.google.client import GoogleId, Mailbox, OneLine, Verified
from bot.connectors.parameters import Reference
from bot.core.model import Frozen

TEXT: Final = "text/plain"
PROPERTY_AT_MOST: Final = 124  # bytes of a property's name and value together
CHARACTERS_AT_MOST: Final = 1_000_000  # at most 4 bytes each: below the 5 MB of a multipart upload


class StoreDocument(Frozen):
    name: OneLine
    text: str = Field(min_length=1, max_length=CHARACTERS_AT_MOST)
    reference: Reference


class ShareDocument(Frozen):
    """`verified` says how a person made sure of the recipient: Drive knows no customers, so it cannot."""

    document_id: GoogleId
    email: Mailbox
    verified: Verified | None = None


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "store": Operation(
            StoreDocument,
            Repeat.NATURAL,
            False,
            "The file's id is taken first and kept in the folder's properties under our key, so every try creates the "
            "same file, and Drive refuses the second one (409).",
        ),
        "share": Operation(
            ShareDocument,
            Repeat.NATURAL,
            False,
            "Somebody has one permission on a file: sharing again ends in the same state, and sends no mail.",
        ),
    }
)


def digest(key: str) -> str:
    """The key as a property can carry it."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def metadata(params: StoreDocument, key: str, document_id: str, folder: str) -> dict[str, Any]:
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


def multipart(about: Mapping[str, Any], text: str) -> tuple[bytes, str]:
    """Body and content type of an upload with its metadata (RFC 2387)."""
    first, second = json.dumps(about).encode(), text.encode()
    # a digest of the parts occurs in neither of them, whoever wrote them
    boundary = hashlib.sha256(first + second).hexdigest()
    body = (
        b"--%b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n%b\r\n"
        b"--%b\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n%b\r\n--%b--\r\n"
    )
    mark = boundary.encode()
    return body % (mark, first, mark, second, mark), f"multipart/related; boundary={boundary}"


def quoted(text: str) -> str:
    """A string of Drive's search language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
