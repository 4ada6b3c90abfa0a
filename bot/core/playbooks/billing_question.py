"""Answer a question about a charge or an invoice without moving money; one button makes it a refund or a dispute."""

from datetime import timedelta

from bot.core.actions import Subject, crm_note, step, ticket
from bot.core.model import Action, Kind, Option
from bot.core.notes import billing_note
from bot.core.playbooks.playbook import Need, Playbook
from bot.core.records import REASONS

_ANSWERS = ("books_invoice", "invoice")  # whose words a customer may read


def _actions(subject: Subject) -> tuple[Action, ...]:
    note = crm_note(subject, f"Write a billing note on the record of {subject.customer}")
    return (note, ticket(subject), *_answer(subject))


def _answer(subject: Subject) -> tuple[Action, ...]:
    """Return a draft, which whoever sends it reads first."""
    email = subject.fields.email
    if email is None:
        return ()
    about = subject.fields.invoice_number or subject.fields.payment_id or "your account"
    draft = step(
        "answer",
        "gmail",
        "draft",
        f"Draft an answer to {email} in Gmail; it goes out when a person sends it",
        to=email,
        subject=f"Your question about {about}",
        text=_text(subject, about),
        reference=subject.reference(),
    )
    return (draft,)


def _text(subject: Subject, about: str) -> str:
    sentences = [
        fact.sentence for name in _ANSWERS if (fact := subject.facts.get(name)) and fact.sentence and not fact.missing
    ]
    lines = [
        f"Hello {subject.fields.customer_name or ''}".rstrip() + ",",
        "",
        f"you asked about {about} on the phone.",
        *(["This is what our records show:", f"- {sentences[0]}"] if sentences else []),
        "",
        "Please answer this mail if something is still open.",
    ]
    return "\n".join(lines)


def _options(_: Subject) -> tuple[Option, ...]:
    return (
        Option(name="as-refund", label="Treat as a refund", kind=Kind.REFUND),
        Option(name="as-dispute", label="Treat as a dispute", kind=Kind.DISPUTE),
    )


PLAYBOOK = Playbook(
    kind=Kind.BILLING_QUESTION,
    title="Billing question",
    asks="asks what a charge or an invoice is",
    channel="accounts",
    due=timedelta(days=2),
    intents=frozenset({"billing_question"}),
    needs=(
        Need("an invoice, charge or account", ("invoice_number", "payment_id", "transaction_id", "account_id")),
        Need("what they believe is wrong", REASONS),
    ),
    facts=frozenset({"invoice", "books_invoice", "books_customer", "charge", "contact"}),
    actions=_actions,
    options=_options,
    note=billing_note,
    form=("invoice_number", "payment_id", "account_id", "reason", "customer_name", "email", "amount", "currency"),
    about_money=True,
)
