"""Define what a playbook says; each kind has a file of its own beside this one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.actions import Subject
from bot.core.model import Action, Details, Kind, Option
from bot.core.notes import summary


@dataclass(frozen=True)
class Need:
    """Require that at least one of these fields is stated."""

    words: str  # for the card: "a payment, invoice or transaction"
    any_of: tuple[str, ...]

    def met(self, details: Details) -> bool:
        return any(
            details.money is not None if name == "money" else getattr(details.fields, name) not in (None, "")
            for name in self.any_of
        )


def _nothing(_: Subject) -> tuple[Action, ...]:
    return ()


def _no_options(_: Subject) -> tuple[Option, ...]:
    return ()


def _no_objection(_: Subject) -> str | None:
    return None


def in_time(subject: Subject, due: timedelta) -> datetime:
    return subject.now + due


@dataclass(frozen=True)
class Playbook:
    kind: Kind
    title: str  # on the card: "Refund"
    asks: str  # after the customer's name: "asks for money back"
    channel: str  # default; the policy's [kinds] may say otherwise, as for `due` and `owner`
    due: timedelta
    form: tuple[str, ...]  # what a person who completes a case of this kind is asked, in order
    owner: str = "finance"
    urgent: bool = False
    intents: frozenset[str] = frozenset()  # what DialNexa may call it; the policy's [intents] go before
    needs: tuple[Need, ...] = ()
    facts: frozenset[str] = frozenset()
    actions: Callable[[Subject], tuple[Action, ...]] = _nothing
    options: Callable[[Subject], tuple[Option, ...]] = _no_options
    objection: Callable[[Subject], str | None] = _no_objection  # a sentence: why it cannot be done as asked
    due_at: Callable[[Subject, timedelta], datetime] = in_time
    note: Callable[[Subject], str] = summary  # what is written where the record lives
    reason_field: str = "escalation_reason"  # where the reason goes that a person fills in
    about_money: bool = False  # a missing amount is worth saying
    named_by: str | None = None  # the field that names the case before its customer does
    restricted: bool = False  # named only to those who may decide on it


MONEY = Need("an amount with its currency", ("money",))
PAYMENT = Need("a payment, invoice or transaction", ("payment_id", "invoice_number", "transaction_id"))
CUSTOMER = Need("the customer", ("customer_name", "account_id", "email"))
