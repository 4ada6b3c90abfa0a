"""Send an invoice again from the system that issued it, to an address on record or one that a person has verified."""

from datetime import timedelta

from bot.core.actions import Subject, by_hand, row, step, ticket
from bot.core.model import Action, Kind
from bot.core.playbooks.playbook import Need, Playbook
from bot.core.records import is_on_record, on_record, towards


def _actions(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    sent = _send(subject)
    log = row(
        subject,
        "send-log",
        "Sent documents",
        "Log the recipient and the document's id",
        fields.invoice_number,
        fields.email or ", ".join(sorted(on_record(subject.facts))) or "the address on record",
        str(sent.params.get("document_id") or fields.invoice_number),
        sent.connector,
        fields.verified or _standing(subject),
    )
    return sent, log, ticket(subject)


def _standing(subject: Subject) -> str:
    email = subject.fields.email
    return "on record" if email is None or is_on_record(email, subject.facts) else "not verified"


def _send(subject: Subject) -> Action:
    """Send the stored copy of a paid invoice, since no system sends one again; the books go first if both have it."""
    books, stripe = subject.known("books_invoice", "status"), subject.known("invoice", "status")
    if books in ("open", "overdue") or (books is None and stripe is None and not _copy(subject)):
        return _from(subject, "quickbooks")
    if stripe == "open":
        return _from(subject, "stripe")
    return _copy(subject) or by_hand("send-invoice", "drive", f"{_words(subject)}: find its copy and send it by hand")


def _from(subject: Subject, connector: str) -> Action:
    fields = subject.fields
    return step(
        "send-invoice",
        connector,
        "send_invoice",
        _words(subject),
        invoice_number=fields.invoice_number,
        email=fields.email,
        verified=fields.verified if fields.email else None,
    )


def _copy(subject: Subject) -> Action | None:
    fields, document_id = subject.fields, subject.known("document", "document_id")
    to = fields.email or next(iter(sorted(on_record(subject.facts))), None)
    if document_id is None or to is None:
        return None
    return step(
        "send-invoice",
        "gmail",
        "send",
        f"{_words(subject)}, from the stored documents",
        to=to,
        subject=f"Invoice {fields.invoice_number}",
        text=f"Hello,\n\nplease find invoice {fields.invoice_number} attached, as you asked for on the phone.\n",
        document_id=document_id,
        verified=fields.verified,
        reference=subject.reference(),
    )


def _words(subject: Subject) -> str:
    return f"Send invoice {subject.fields.invoice_number} again {towards(subject.fields, subject.facts)}"


PLAYBOOK = Playbook(
    kind=Kind.INVOICE_RESEND,
    title="Invoice resend",
    asks="wants an invoice again",
    channel="documents",
    due=timedelta(days=1),
    intents=frozenset({"invoice_resend"}),
    needs=(Need("the invoice number", ("invoice_number",)),),
    facts=frozenset({"invoice", "books_invoice", "books_customer", "document"}),
    actions=_actions,
    form=("invoice_number", "email", "customer_name"),
)
