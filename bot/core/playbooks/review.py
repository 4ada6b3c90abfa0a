"""Let a person say what an unclear case is and fill in what is missing; that kind's playbook then starts."""

from datetime import timedelta

from bot.core.actions import Subject, row
from bot.core.model import Action, Kind
from bot.core.notes import moment
from bot.core.playbooks.playbook import Playbook
from bot.core.records import records


def _actions(subject: Subject) -> tuple[Action, ...]:
    """Return a row in the exception sheet, if there is one, for when a person finds nothing else to do."""
    if "sheets.append_row" not in subject.available_operations:
        return ()
    sentence = "Add a row to the exception sheet; nothing else is done"
    cells = (subject.customer, records(subject.details), subject.owner, moment(subject.due_at), subject.link or "")
    return (row(subject, "exception-row", "Exceptions", sentence, *cells),)


PLAYBOOK = Playbook(
    kind=Kind.REVIEW,
    title="Needs a look",
    asks="asks for something that a person has to read",
    channel="review",
    due=timedelta(days=1),
    facts=frozenset(
        {"charge", "refunds", "transaction", "refund", "brand", "invoice", "books_invoice", "books_customer", "contact"}
    ),
    actions=_actions,
    form=(),
    about_money=True,
)
