"""Send a receipt by e-mail, to an address on record or one that a person has verified."""

from datetime import timedelta

from bot.core.actions import Subject, step, ticket
from bot.core.model import Action, Kind
from bot.core.playbooks.playbook import Need, Playbook
from bot.core.records import towards


def _actions(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    send = step(
        "send-receipt",
        "stripe",
        "send_receipt",
        f"Send the receipt of payment {fields.payment_id} {towards(fields, subject.facts, payment=True)}",
        payment_id=fields.payment_id,
        email=fields.email,
        verified=fields.verified,
    )
    return send, ticket(subject)


PLAYBOOK = Playbook(
    kind=Kind.RECEIPT,
    title="Receipt",
    asks="wants a receipt by e-mail",
    channel="documents",
    due=timedelta(days=1),
    intents=frozenset({"receipt_request"}),
    needs=(Need("the payment", ("payment_id",)), Need("the e-mail", ("email",))),
    facts=frozenset({"customer", "charge"}),
    actions=_actions,
    form=("payment_id", "email", "customer_name"),
)
