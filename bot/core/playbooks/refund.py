"""Give money back: on Stripe, by Fidel reimbursement, in the books, or by hand."""

from datetime import timedelta

from bot.core.actions import Subject, books, card_reference, pay_back, ticket
from bot.core.model import Action, Fact, Kind
from bot.core.playbooks.playbook import MONEY, PAYMENT, Need, Playbook


def not_refundable(subject: Subject) -> str | None:
    """Object to a refund beside a dispute, which could pay twice, and to one of an unpaid invoice."""
    charge, invoice = subject.facts.get("charge"), subject.facts.get("books_invoice")
    if charge is not None and charge.values.get("disputed") is True:
        return f"{charge.source} says that this payment is disputed; a disputed payment is not refunded."
    if invoice is not None and not subject.fields.payment_id and _unpaid(invoice):
        return f"{invoice.source} says that nothing has been paid on this invoice, so there is nothing to refund."
    return None


def _unpaid(invoice: Fact) -> bool:
    whole = invoice.values.get("amount_minor")
    return whole is not None and whole == invoice.values.get("balance_minor") != 0


def paid_back(subject: Subject) -> tuple[Action, ...]:
    """Return the refund, and its entry in the books if it was not made there."""
    refund = pay_back(subject)
    return (refund,) if refund.connector == "quickbooks" else (refund, books(subject))


def _actions(subject: Subject) -> tuple[Action, ...]:
    return (*paid_back(subject), ticket(subject), *card_reference(subject))


PLAYBOOK = Playbook(
    kind=Kind.REFUND,
    title="Refund",
    asks="asks for money back",
    channel="refunds",
    due=timedelta(days=1),
    intents=frozenset({"refund_request"}),
    needs=(MONEY, PAYMENT, Need("the reason", ("refund_reason", "credit_request"))),
    facts=frozenset({"charge", "refunds", "transaction", "refund", "books_invoice", "books_customer", "contact"}),
    actions=_actions,
    objection=not_refundable,
    form=("amount", "currency", "payment_id", "invoice_number", "transaction_id", "reason", "customer_name", "email"),
    reason_field="refund_reason",
    about_money=True,
)
