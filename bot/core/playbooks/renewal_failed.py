"""Retry a renewal that did not go through, or send a payment link, and tell the account's owner."""

from datetime import timedelta

from bot.core.actions import Subject, pay_again, payment_link, task, ticket
from bot.core.model import Action, Kind, Option
from bot.core.playbooks.playbook import Need, Playbook

# decline codes after which the same card is refused again: https://docs.stripe.com/declines/codes
_SAME_CARD_FAILS = frozenset({"expired_card", "lost_card", "stolen_card", "pickup_card", "invalid_number"})


def _actions(subject: Subject) -> tuple[Action, ...]:
    again = pay_again(subject)
    hopeless = subject.known("subscription", "failure") in _SAME_CARD_FAILS
    return (*_link(subject),) if hopeless or not again else (*again, *_told(subject))


def _options(subject: Subject) -> tuple[Option, ...]:
    """Return the other way to get the payment, if there is one."""
    ways = [Option(name="payment-link", label="Send a payment link", actions=_link(subject))]
    if again := pay_again(subject):
        ways.append(Option(name="pay-again", label="Try the payment again", actions=(*again, *_told(subject))))
    return tuple(way for way in ways if way.actions != _actions(subject))


def _link(subject: Subject) -> tuple[Action, ...]:
    return payment_link(subject), *_told(subject)


def _told(subject: Subject) -> tuple[Action, ...]:
    words = f"Give the account owner a task: the renewal of {subject.customer} did not go through"
    return task(subject, "owner-task", words, "high"), ticket(subject)


PLAYBOOK = Playbook(
    kind=Kind.RENEWAL_FAILED,
    title="Failed renewal",
    asks="has a renewal that did not go through",
    channel="renewals",
    due=timedelta(days=1),
    intents=frozenset({"failed_renewal"}),
    needs=(Need("the subscription or the account", ("subscription_id", "account_id", "email", "invoice_number")),),
    facts=frozenset({"subscription", "invoice", "customer", "contact", "deal"}),
    actions=_actions,
    options=_options,
    form=("subscription_id", "account_id", "email", "customer_name", "invoice_number", "amount", "currency"),
    about_money=True,
)
