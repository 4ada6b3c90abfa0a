"""Build the actions that several kinds of case share, and describe the subject that actions are made from.

Pure: the same subject gives the same actions, so a proposal can be rebuilt and compared. Operations and parameters are
those of the connectors; one that is not configured makes its action a step for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from bot.core import money
from bot.core.model import Action, CaseState, Details, Fact, Fields, Kind

Facts = Mapping[str, Fact]

_CELL = 500  # characters: a queue is read by people
_SUBJECT = 150


@dataclass(frozen=True)
class Subject:
    """Describe what a case is about, and what its playbook and the policy say of it."""

    root: str
    case_id: str
    details: Details
    facts: Facts
    available_operations: frozenset[str]  # "connector.operation"; what is not among them is a step for a person
    now: datetime
    link: str | None = None  # where people open the case
    kind: Kind = Kind.REVIEW
    title: str = "Needs a look"
    asks: str = "asks for something that a person has to read"
    owner: str = "finance"  # a group of the policy, or a Slack user id
    due_at: datetime | None = None
    note: str = ""  # what is written where the record lives, by the playbook's template

    @property
    def fields(self) -> Fields:
        return self.details.fields

    @property
    def amount(self) -> str:
        return money.show(self.details.money) if self.details.money else "the amount"

    @property
    def customer(self) -> str:
        fields = self.fields
        return fields.customer_name or fields.account_id or fields.email or "the customer"

    @property
    def exact(self) -> dict[str, JsonValue]:
        """Return the amount as connectors take it."""
        paid = self.details.money
        return {"amount_minor": paid.amount_minor, "currency": paid.currency} if paid else {}

    def reference(self, state: CaseState | None = None) -> dict[str, JsonValue]:
        """Return our reference for a vendor's metadata, which Fidel copies: never personal data, amounts or reasons."""
        stated = {"call": self.root, "case": self.case_id, "state": state and state.value, "link": self.link}
        return {name: value for name, value in stated.items() if value is not None}

    def known(self, fact: str, value: str) -> str | None:
        """Return a text value of a fact, or None if that fact did not arrive or has no such value."""
        found = self.facts[fact].values.get(value) if fact in self.facts else None
        return found if isinstance(found, str) else None

    def absent(self, fact: str) -> bool:
        """Return whether a record was looked for and not found; False if nobody could look, or the look-up failed."""
        found = self.facts.get(fact)
        return found is not None and found.missing is not None and not found.failed


def step(name: str, connector: str, operation: str, sentence: str, /, **params: JsonValue) -> Action:
    kept = {key: value for key, value in params.items() if value is not None}
    return Action(name=name, connector=connector, operation=operation, params=kept, sentence=sentence)


def by_hand(name: str, connector: str, sentence: str) -> Action:
    """Return a step that a person does, whatever is connected; `connector` is where they do it."""
    return step(name, connector, "by_hand", sentence)


# --- money ----------------------------------------------------------------------------------------------------------


def pay_back(subject: Subject) -> Action:
    """Return the refund: on Stripe for its payments, by Fidel reimbursement if available, else in the books."""
    fields = subject.fields
    if fields.payment_id:
        return step(
            "refund",
            "stripe",
            "refund",
            f"Refund {subject.amount} on Stripe payment {fields.payment_id}",
            payment_id=fields.payment_id,
            reference=subject.reference(),
            **subject.exact,
        )
    if fields.transaction_id and "fidel.reimburse_transaction" in subject.available_operations:
        return step(
            "refund",
            "fidel",
            "reimburse_transaction",
            f"Reimburse {subject.amount} on Fidel transaction {fields.transaction_id}",
            transaction_id=fields.transaction_id,
            **subject.exact,
        )
    record = f"invoice {fields.invoice_number}" if fields.invoice_number else f"transaction {fields.transaction_id}"
    return _refund_receipt(subject, "refund", f"Refund {subject.amount} for {record}")


def books(subject: Subject) -> Action:
    """Return the entry in the books for a refund that was paid elsewhere."""
    return _refund_receipt(subject, "books", f"Record the refund of {subject.amount} in the books")


def _refund_receipt(subject: Subject, name: str, sentence: str) -> Action:
    whose = in_books(subject, by_invoice=True)
    if whose is None or not subject.exact:
        return by_hand(name, "quickbooks", sentence)
    return step(name, "quickbooks", "refund_receipt", sentence, reference=subject.reference(), **subject.exact, **whose)


# --- whose record ---------------------------------------------------------------------------------------------------


def in_books(subject: Subject, *, by_invoice: bool = False) -> dict[str, JsonValue] | None:
    """Return how QuickBooks finds the customer, or None. It is one name only, since two would both have to fit."""
    fields = subject.fields
    if by_invoice and fields.invoice_number and not subject.absent("books_invoice"):
        return {"invoice_number": fields.invoice_number}
    if customer_id := subject.known("books_customer", "customer_id"):
        return {"account_id": customer_id}
    if subject.absent("books_customer"):
        return None
    if fields.email:
        return {"email": fields.email}
    return {"customer_name": fields.customer_name} if fields.customer_name else None


def at_stripe(subject: Subject) -> dict[str, JsonValue] | None:
    """Return how Stripe finds the customer, or None if it was not found there or nothing is stated."""
    fields = subject.fields
    stated = fields.account_id if (fields.account_id or "").startswith("cus_") else None
    if subject.absent("customer"):
        return None
    if customer_id := subject.known("customer", "customer_id") or stated:
        return {"account_id": customer_id}
    return {"email": fields.email} if fields.email else None


def in_crm(subject: Subject) -> dict[str, JsonValue] | None:
    """Return the names by which HubSpot looks for the customer, taking the first that fits, or None."""
    fields = subject.fields
    stated = {"account_id": fields.account_id, "email": fields.email, "customer_name": fields.customer_name}
    named: dict[str, JsonValue] = {name: value for name, value in stated.items() if value}
    return named if named and not subject.absent("contact") else None


# --- what is written down -------------------------------------------------------------------------------------------


def ticket(subject: Subject, priority: str = "normal") -> Action:
    """Return the step that writes the case into an internal note, which the customer neither sees nor hears of."""
    words = "Write an urgent ticket" if priority == "urgent" else "Write the ticket"
    return step(
        "ticket",
        "zendesk",
        "ticket",
        f"{words} for {subject.customer} with the summary of the case",
        subject=_line(f"{subject.title}: {subject.customer}"),
        text=subject.note,
        priority=priority,
        tags=["countersign", subject.kind.value],
        email=subject.fields.email,
        name=subject.fields.customer_name,
        reference=subject.reference(),
    )


def crm_note(subject: Subject, sentence: str) -> Action:
    whose = in_crm(subject)
    if whose is None:
        return by_hand("note", "hubspot", sentence)
    return step("note", "hubspot", "note", sentence, text=subject.note, reference=subject.reference(), **whose)


def task(subject: Subject, name: str, sentence: str, priority: str = "normal") -> Action:
    """Return a task for the owner of the account in the CRM, due when the case is."""
    whose = in_crm(subject)
    if whose is None:
        return by_hand(name, "hubspot", sentence)
    return step(
        name,
        "hubspot",
        "task",
        sentence,
        subject=_line(f"{subject.title}: {subject.customer}"),
        text=subject.note,
        priority=priority,
        due_at=(subject.due_at or subject.now).isoformat(),
        reference=subject.reference(),
        **whose,
    )


def row(subject: Subject, name: str, sheet: str, sentence: str, *cells: str | None) -> Action:
    """Return the step that adds a line to a queue or log in a sheet; call and case are added anyway."""
    written = [("not stated" if cell is None else cell)[:_CELL] for cell in cells]
    return step(name, "sheets", "append_row", sentence, sheet=sheet, cells=[*written], reference=subject.reference())


def card_reference(subject: Subject) -> tuple[Action, ...]:
    """Return the step that puts our reference on the Fidel card, if there is one; it is the last step."""
    card_id = subject.fields.card_id or subject.known("transaction", "card_id")
    if not card_id:
        return ()
    sentence = "Note the case's reference on the Fidel card"
    reference = subject.reference(CaseState.DONE)
    return (step("card-reference", "fidel", "card_reference", sentence, card_id=card_id, reference=reference),)


def payment_link(subject: Subject) -> Action:
    sentence = f"Make a payment link for {subject.customer}; whoever owns the case passes it on"
    whose = at_stripe(subject)
    if whose is None:
        return by_hand("payment-link", "stripe", sentence)
    return step("payment-link", "stripe", "portal_link", sentence, **whose)


def pay_again(subject: Subject) -> tuple[Action, ...]:
    """Return a new attempt at the open invoice, or nothing if Stripe has neither the invoice nor the subscription."""
    fields = subject.fields
    subscription_id = fields.subscription_id or subject.known("subscription", "subscription_id")
    if subscription_id and subscription_id.startswith("sub_") and not subject.absent("subscription"):
        sentence = f"Try the payment of subscription {subscription_id} again"
        return (step("pay-again", "stripe", "pay_invoice", sentence, subscription_id=subscription_id),)
    if fields.invoice_number and not subject.absent("invoice"):
        sentence = f"Try the payment of invoice {fields.invoice_number} again"
        return (step("pay-again", "stripe", "pay_invoice", sentence, invoice_number=fields.invoice_number),)
    return ()


def _line(text: str) -> str:
    """Return words from a call as one line of a subject: nothing in it can begin a header or a second line."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_SUBJECT]
