"""Note an overdue balance that was spoken about, neutrally, with a date to follow up and no pressure."""

from datetime import UTC, date, datetime, time, timedelta

from bot.core.actions import Subject, crm_note, row, task
from bot.core.model import Action, Kind
from bot.core.notes import collections_note, moment, neutral
from bot.core.playbooks.playbook import CUSTOMER, Need, Playbook

_NOON = time(12, tzinfo=UTC)  # the same date nearly everywhere


def _actions(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    return (
        crm_note(subject, f"Write a neutral note on {subject.customer}: facts, promise and date"),
        task(subject, "follow-up", f"Put the follow-up with {subject.customer} on the promised date", "low"),
        row(
            subject,
            "queue-row",
            "Collections",
            "Add a row to the collections queue",
            subject.customer,
            fields.invoice_number,
            subject.amount if subject.details.money else None,
            neutral(fields.promised_next_step),
            subject.owner,
            moment(subject.due_at),
            subject.link or "",
        ),
    )


def _due_at(subject: Subject, due: timedelta) -> datetime:
    """Return the promised date, if that is still ahead."""
    promised = _promised(subject.fields.follow_up_deadline or "")
    return promised if promised and promised > subject.now else subject.now + due


def _promised(stated: str) -> datetime | None:
    try:
        if len(stated) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(stated), _NOON)
        moment_ = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return moment_.astimezone(UTC) if moment_.tzinfo else moment_.replace(tzinfo=UTC)


PLAYBOOK = Playbook(
    kind=Kind.COLLECTIONS,
    title="Collections",
    asks="spoke about an overdue balance",
    channel="collections",
    restricted=True,
    due=timedelta(days=2),
    due_at=_due_at,
    intents=frozenset({"collections"}),
    needs=(CUSTOMER, Need("what was promised", ("promised_next_step", "follow_up_deadline"))),
    facts=frozenset({"invoice", "books_invoice", "books_customer", "contact"}),
    actions=_actions,
    note=collections_note,
    form=(
        "customer_name",
        "email",
        "account_id",
        "invoice_number",
        "amount",
        "currency",
        "promised_next_step",
        "follow_up_deadline",
    ),
    about_money=True,
)
