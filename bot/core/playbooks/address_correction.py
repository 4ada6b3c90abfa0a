"""Change a billing address, in the books and at Stripe. Tax identifiers never pass through Slack or through us."""

from datetime import timedelta

from pydantic import JsonValue

from bot.core.actions import Subject, at_stripe, by_hand, in_books, step, ticket
from bot.core.model import Action, Kind
from bot.core.playbooks.playbook import CUSTOMER, Need, Playbook
from bot.core.records import address


def _actions(subject: Subject) -> tuple[Action, ...]:
    tax = by_hand(
        "tax-details",
        "quickbooks",
        "Check the tax details on the customer's record in the books (its link is under Facts); they never pass here",
    )
    return (
        _update(subject, "books-address", "quickbooks", in_books(subject)),
        _update(subject, "stripe-address", "stripe", at_stripe(subject)),
        ticket(subject),
        tax,
    )


def _update(subject: Subject, name: str, connector: str, whose: dict[str, JsonValue] | None) -> Action:
    new = subject.fields.billing_address
    where = "in the books" if connector == "quickbooks" else "at Stripe"
    sentence = f"Change the billing address {where} to {address(new) if new else 'the new one'}"
    if whose is None or new is None:
        return by_hand(name, connector, sentence)
    parts = {part: value for part, value in new.model_dump().items() if value}
    return step(name, connector, "update_address", sentence, address=parts, **whose)


PLAYBOOK = Playbook(
    kind=Kind.ADDRESS_CORRECTION,
    title="Address correction",
    asks="corrects a billing or tax address",
    channel="accounts",
    due=timedelta(days=2),
    intents=frozenset({"tax_or_address_change"}),
    needs=(CUSTOMER, Need("the new address", ("billing_address",))),
    facts=frozenset({"books_customer", "books_invoice", "customer"}),
    actions=_actions,
    form=("customer_name", "email", "account_id", "billing_address"),
)
