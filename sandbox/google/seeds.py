"""Seed Google's first day: a folder with two invoices, a spreadsheet, and a mailbox with one thread."""

import json
from datetime import UTC, datetime, timedelta

from sandbox.google.drafts import add_message
from sandbox.google.drive import FOLDER, file_of
from sandbox.google.tokens import new_key_file, public_key
from sandbox.state import State

ACCOUNT = "countersign@acme-finance.iam.gserviceaccount.com"
MAILBOX = "billing@acme.example"
SHARED_DRIVE = "0ADriveFinance"
DOCUMENTS = "1FolderDocuments"
SPREADSHEET = "1SheetFinanceQueue"
THREAD = "18f0c0invoice"
TABS = ("Disputes", "Exceptions", "Sent documents", "Collections")
HEADING = ["key", "status", "call", "case"]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0>>endobj\n%%EOF\n"
QUESTION = b"""From: Dana Ortiz <ap@northwind.example>\r
To: billing@acme.example\r
Subject: Invoice INV-20431\r
Message-ID: <q1@northwind.example>\r
\r
Could you send us INV-20431 again, please?\r
"""


def seed(state: State, now: datetime | None = None, key_file: str | None = None) -> None:
    """Fill `state.google` if it is empty; `key_file` is the service account's, a new one by default."""
    if state.google:
        return
    at = ((now or datetime.now(UTC)) - timedelta(days=3)).timestamp()
    key_file = key_file or new_key_file(ACCOUNT)
    key = json.loads(key_file)
    account = {"client_email": key["client_email"], "private_key_id": key["private_key_id"]}
    folder = {"id": DOCUMENTS, "name": "Finance documents", "mimeType": FOLDER}
    files = [file_of(folder, b"", at, SHARED_DRIVE)]
    for number in ("INV-20418", "INV-20431"):
        about = {"id": f"1Pdf{number}", "name": f"{number}.pdf", "mimeType": "application/pdf", "parents": [DOCUMENTS]}
        files.append(file_of(about, PDF, at, SHARED_DRIVE))
    box: dict[str, dict[str, str]] = {"messages": {}, "drafts": {}}
    add_message(box, QUESTION, THREAD, ["INBOX"], at)
    tabs = [{"id": n, "title": title, "rows": [list(HEADING)]} for n, title in enumerate(TABS)]
    state.google |= {
        "account": {**account, "key_file": key_file, "public_key": public_key(key_file)},
        "tokens": {},
        "revoked": False,
        "lag_s": {"drive": 60, "gmail": 0},
        "given_ids": [],
        "files": {file["id"]: file for file in files},
        "spreadsheets": {SPREADSHEET: {"id": SPREADSHEET, "title": "Finance queue", "tabs": tabs, "marks": []}},
        "mailboxes": {MAILBOX: box},
    }
