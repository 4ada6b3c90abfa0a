"""Tell the account's owner at once that a VIP cannot pay, and offer another way to pay."""

from datetime import timedelta

from bot.core.actions import Subject, card_reference, pay_again, payment_link, task, ticket
from bot.core.model import Action, Kind, Option
from bot.core.playbooks.playbook import CUSTOMER, Need, Playbook


def _actions(subject: Subject) -> tuple[Action, ...]:
    return (*_told(subject), payment_link(subject), *card_reference(subject))


def _options(subject: Subject) -> tuple[Option, ...]:
    again = pay_again(subject)
    if not again:
        return ()
    actions = (*_told(subject), *again, *card_reference(subject))
    return (Option(name="pay-again", label="Try the payment again", actions=actions),)


def _told(subject: Subject) -> tuple[Action, ...]:
    words = f"Give the account owner a task: {subject.customer} cannot pay"
    return task(subject, "owner-task", words, "urgent"), ticket(subject, "urgent")


PLAYBOOK = Playbook(
    kind=Kind.VIP_BLOCKER,
    title="VIP payment blocker",
    asks="cannot pay or is blocked",
    channel="vip",
    due=timedelta(minutes=15),
    owner="leads",
    urgent=True,
    intents=frozenset({"payment_blocker"}),
    needs=(CUSTOMER, Need("what is blocked", ("escalation_reason", "payment_status", "payment_id"))),
    facts=frozenset({"contact", "customer", "subscription", "invoice", "books_invoice", "charge"}),
    actions=_actions,
    options=_options,
    form=(
        "customer_name",
        "email",
        "account_id",
        "reason",
        "invoice_number",
        "subscription_id",
        "payment_id",
        "amount",
        "currency",
    ),
    about_money=True,
)
