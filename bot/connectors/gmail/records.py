"""Write mails (RFC 5322) with a mark that they are ours, and hold what Gmail tells of them.

A mark is two things: a code in the subject, which can be searched, and a header with the whole key's digest, which
cannot be searched but is exact. Colleagues' answers carry the code too; only ours carry the header.
"""

import base64
import hashlib
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Final, NamedTuple

from pydantic import Field

from bot.connectors.base import digest
from bot.connectors.google.client import ADDRESS, Record
from bot.connectors.parameters import Reference

HEADER: Final = "X-Countersign"  # Gmail keeps headers of this kind, and replaces Message-ID
CASE: Final = "X-Countersign-Case"  # where colleagues open the case; its text is none of the recipient's business


class Header(Record):
    name: str
    value: str


class Payload(Record):
    headers: list[Header] = Field(default_factory=list)


class Message(Record):
    id: str
    thread_id: str = ""
    label_ids: list[str] = Field(default_factory=list)
    payload: Payload = Payload()

    def header(self, name: str) -> str:
        found = (header.value for header in self.payload.headers if header.name.lower() == name.lower())
        return next(found, "")

    @property
    def is_draft(self) -> bool:
        return "DRAFT" in self.label_ids

    @property
    def is_sent(self) -> bool:
        return "SENT" in self.label_ids

    @property
    def url(self) -> str:
        return f"https://mail.google.com/mail/#all/{self.id}"

    def is_ours(self, key: str) -> bool:
        return self.header(HEADER) == digest(key)  # short enough that its header is never folded


class Messages(Record):
    messages: list[Message] = Field(default_factory=list)


class DraftOf(Record):
    id: str
    message: Message


class Drafts(Record):
    drafts: list[DraftOf] = Field(default_factory=list)
    next_page_token: str | None = None


class Thread(Record):
    id: str
    messages: list[Message] = Field(default_factory=list)


class Threads(Record):
    threads: list[Thread] = Field(default_factory=list)


class Attached(NamedTuple):
    name: str
    kind: str  # "application/pdf"
    content: bytes


def code(key: str) -> str:
    """Return ten letters and digits that people can read out: 50 bits, so that a hit is almost surely ours."""
    return base64.b32encode(hashlib.sha256(key.encode()).digest())[:10].decode()


def mail(
    sender: str, to: str, subject: str, text: str, key: str, reference: Reference, attached: Attached | None = None
) -> EmailMessage:
    """Write a mail. Raises ValueError where a line break would begin another header."""
    written = EmailMessage(policy=SMTP)
    written["From"], written["To"], written["Subject"] = sender, to, subject
    written[HEADER] = digest(key)
    written[CASE] = reference.link or reference.case
    written.set_content(text)
    if attached:
        valid = re.fullmatch(r"[a-z]+/[\w.+-]+", attached.kind, re.ASCII)
        main, _, sub = (attached.kind if valid else "application/octet-stream").partition("/")
        name = re.sub(r"[^\w .()+-]", "_", attached.name) or "document"
        name += ".pdf" if sub == "pdf" and not name.lower().endswith(".pdf") else ""
        written.add_attachment(attached.content, maintype=main, subtype=sub, filename=name)
    return written


def answer(sender: str, thread: Thread, subject: str, text: str, key: str, reference: Reference) -> EmailMessage | None:
    """Write a mail to whoever wrote last, with what keeps it in the thread; None where no address of another wrote.

    `Reply-To` is not believed: a stranger could turn our answer elsewhere with it.
    """
    last = last_of_others(thread)
    _, to = getaddresses([last.header("From")])[0] if last else ("", "")
    if last is None or re.fullmatch(ADDRESS, to) is None:
        return None
    about = " ".join(last.header("Subject").split()) or subject
    about = about if about.lower().startswith("re:") else f"Re: {about}"
    written = mail(sender, to, about, text, key, reference)
    if message_id := _ids(last.header("Message-ID")):
        written["In-Reply-To"] = message_id
        written["References"] = f"{_ids(last.header('References'))} {message_id}".strip()
    return written


def last_of_others(thread: Thread) -> Message | None:
    return next(
        (message for message in reversed(thread.messages) if not message.is_sent and not message.is_draft), None
    )


def raw(written: EmailMessage) -> str:
    return base64.urlsafe_b64encode(written.as_bytes()).decode()


def _ids(header: str) -> str:
    """Return only the message ids of a header: it is a stranger's text."""
    return " ".join(re.findall(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>", header)[-20:])
