"""Settle a charge that the caller contests: the approver picks how, and evidence is never submitted by us."""

from datetime import datetime, timedelta

from bot.core.actions import Subject, by_hand, card_reference, pay_back, row, step, ticket
from bot.core.model import Action, Kind, Option
from bot.core.notes import moment
from bot.core.playbooks.playbook import Need, Playbook
from bot.core.playbooks.refund import not_refundable
from bot.core.records import reason, records


def _options(subject: Subject) -> tuple[Option, ...]:
    """Return the ways to settle; the ticket and the queue come before what is left to a person, who may take days."""
    written = (ticket(subject), _queue(subject))
    return tuple(
        Option(name=name, label=label, actions=(*first, *written, *last, *card_reference(subject)))
        for name, label, first, last in _settlements(subject)
        if first
    )


def _settlements(subject: Subject) -> tuple[tuple[str, str, tuple[Action, ...], tuple[Action, ...]], ...]:
    """Return the name and label of each way to settle, what happens first, and what happens last."""
    may_refund = subject.details.money is not None and not_refundable(subject) is None
    staged = ("evidence", "Stage evidence", (_stage(subject),), (_submit(subject),))
    return (
        ("refund", "Refund it", (pay_back(subject),) if may_refund else (), ()),
        staged if _at_stripe(subject) else ("evidence", "Gather evidence", _gather(), ()),
        ("search", "Ask Fidel to search", _search(subject), ()),
    )


def _at_stripe(subject: Subject) -> bool:
    return subject.fields.payment_id is not None and not subject.absent("dispute")


def _stage(subject: Subject) -> Action:
    return step(
        "stage-evidence",
        "stripe",
        "stage_evidence",
        "Stage the evidence for the dispute at Stripe, without submitting it",
        payment_id=subject.fields.payment_id,
        text=_text(subject),
        reference=subject.reference(),
    )


def _submit(subject: Subject) -> Action:
    """Return a step for a person: submitting ends the dispute's evidence for good, so they check it first."""
    due = subject.known("dispute", "due_by")
    by = f", at the latest on {due[:10]}" if due else ""
    return by_hand("submit-evidence", "stripe", f"Look at the staged evidence and submit it{by}")


def _text(subject: Subject) -> str:
    """Return what the look-ups say. What the caller said belongs to the case and not to a bank."""
    looked = [fact.sentence for fact in subject.facts.values() if fact.sentence and fact.name in _PROOF]
    return "\n".join([f"Payment {subject.fields.payment_id}.", *(f"{sentence}." for sentence in looked)])


_PROOF = frozenset({"charge", "refunds", "transaction", "refund"})


def _gather() -> tuple[Action, ...]:
    return (by_hand("gather-evidence", "drive", "Gather the evidence and keep it with the documents of the customer"),)


def _search(subject: Subject) -> tuple[Action, ...]:
    fields, paid = subject.fields, subject.details.money
    card_id = fields.card_id or subject.known("transaction", "card_id")
    if not (card_id and fields.location_id and fields.transaction_date and paid):
        return ()
    asked = step(
        "missing-transaction",
        "fidel",
        "request_missing_transaction",
        f"Ask Fidel API to search for a missing transaction of {subject.amount} on {fields.transaction_date}",
        card_id=card_id,
        location_id=fields.location_id,
        date=fields.transaction_date,
        **subject.exact,
    )
    return (asked,)


def _queue(subject: Subject) -> Action:
    return row(
        subject,
        "queue-row",
        "Disputes",
        "Add a row to the dispute queue",
        subject.customer,
        subject.amount,
        records(subject.details),
        reason(subject.details),
        subject.owner,
        moment(subject.due_at),
        subject.link or "",
    )


def _due_at(subject: Subject, due: timedelta) -> datetime:
    """Return a time before the evidence is due, and never later than the policy wants."""
    latest = subject.now + due
    try:
        deadline = datetime.fromisoformat(subject.known("dispute", "due_by") or "")
    except ValueError:
        return latest
    return max(subject.now, min(latest, deadline)) if deadline.tzinfo else latest


PLAYBOOK = Playbook(
    kind=Kind.DISPUTE,
    title="Dispute",
    asks="contests a charge",
    channel="disputes",
    due=timedelta(days=2),
    due_at=_due_at,
    intents=frozenset({"charge_dispute"}),
    needs=(
        Need("an amount or a transaction", ("money", "transaction_id", "payment_id")),
        Need("the date or the transaction", ("transaction_date", "transaction_id", "payment_id")),
        Need("the reason", ("dispute_reason",)),
    ),
    facts=frozenset(
        {"dispute", "charge", "refunds", "transaction", "refund", "books_invoice", "books_customer", "contact"}
    ),
    options=_options,
    form=("amount", "currency", "transaction_id", "payment_id", "transaction_date", "reason", "customer_name", "email"),
    reason_field="dispute_reason",
    about_money=True,
)
