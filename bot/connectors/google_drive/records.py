"""Hold Google Drive's records, as far as we read them, and the ids that our folder keeps."""

from typing import NamedTuple

from pydantic import Field

from bot.connectors.google.client import Record
from bot.connectors.google.documents import Document


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
    """Hold the ids that our folder keeps, by slot."""

    slots: dict[str, str]
    document_id: str | None  # of the key in question
