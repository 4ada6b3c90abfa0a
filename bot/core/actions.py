"""The actions each kind of case proposes, made from what was said and what the look-ups told us.

Pure: the same subject gives the same actions, so a proposal can be rebuilt and compared. The order is the playbook's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bot.core import money
from bot.core.model import Action, Details, Fact, Fields, Option

Facts = Mapping[str, Fact]


@dataclass(frozen=True)
class Subject:
    """What actions are made from."""

    root: str
    case_id: str
    details: Details
    facts: Facts
    able: frozenset[str]  # "connector.operation" of what is configured; the rest becomes steps for a person

    @property
    def fields(self) -> Fields:
        return self.details.fields

    @property
    def amount(self) -> str:
        return money.show(self.details.money) if self.details.money else "the amount"

    @property
    def customer(self) -> str:
        return self.fields.customer_name or self.fields.account_id or self.fields.email or "the customer"

    @property
    def reference(self) -> dict[str, JsonValue]:
        """What we may write into a vendor's metadata. Fidel copies it: never personal data, amounts or reasons."""
        return {"call": self.root, "case": self.case_id}

    def known(self, fact: str, value: str) -> str | None:
        """One text value of a fact, if that fact arrived and has it."""
        found = self.facts[fact].values.get(value) if fact in self.facts else None
        return found if isinstance(found, str) else None


# --- actions that several kinds share -------------------------------------------------------------------------------


def _step(name: str, connector: str, operation: str, sentence: str, /, **params: JsonValue) -> Action:
    kept = {key: value for key, value in params.items() if value is not None}
    return Action(name=name, connector=connector, operation=operation, params=kept, sentence=sentence)


def _pay_back(subject: Subject) -> Action:
    """On Stripe where the payment is Stripe's; by Fidel reimbursement where the account has it; else in the books."""
    fields, paid = subject.fields, subject.details.money
    exact: dict[str, JsonValue] = {"amount_minor": paid.amount_minor, "currency": paid.currency} if paid else {}
    if fields.payment_id:
        return _step(
            "refund",
            "stripe",
            "refund",
            f"Refund {subject.amount} on Stripe payment {fields.payment_id}",
            payment_id=fields.payment_id,
            reference=subject.reference,
            **exact,
        )
    if fields.transaction_id and "fidel.reimburse_transaction" in subject.able:
        return _step(
            "refund",
            "fidel",
            "reimburse_transaction",
            f"Reimburse {subject.amount} on Fidel transaction {fields.transaction_id}",
            transaction_id=fields.transaction_id,
            **exact,
        )
    record = f"invoice {fields.invoice_number}" if fields.invoice_number else f"transaction {fields.transaction_id}"
    return _step("refund", "quickbooks", "refund_receipt", f"Refund {subject.amount} for {record}", **exact)


def _ticket(subject: Subject, priority: str = "normal") -> Action:
    words = "Write an urgent ticket" if priority == "urgent" else "Write the ticket"
    return _step("ticket", "zendesk", "ticket", f"{words} for {subject.customer} with the outcome", priority=priority)


def _card_reference(subject: Subject) -> tuple[Action, ...]:
    card_id = subject.fields.card_id or subject.known("transaction", "card_id")
    if not card_id:
        return ()
    sentence = "Note the case's reference on the Fidel card"
    return (_step("card-reference", "fidel", "card_reference", sentence, card_id=card_id, reference=subject.reference),)


# --- refund and dispute ---------------------------------------------------------------------------------------------


def not_refundable(subject: Subject) -> str | None:
    """A refund beside a dispute could pay twice, and Stripe refuses it."""
    charge = subject.facts.get("charge")
    if charge is not None and charge.values.get("disputed") is True:
        return f"{charge.source} says that this payment is disputed; a disputed payment is not refunded."
    return None


def refund(subject: Subject) -> tuple[Action, ...]:
    books = _step(
        "books",
        "quickbooks",
        "refund_record",
        f"Record the refund of {subject.amount} in the books",
    )
    return (_pay_back(subject), books, _ticket(subject), *_card_reference(subject))


def dispute_options(subject: Subject) -> tuple[Option, ...]:
    fields, paid = subject.fields, subject.details.money
    queue = _step("queue-row", "sheets", "append_row", "Add a row to the dispute queue")
    after = (_ticket(subject), queue)
    options: list[Option] = []
    if paid:
        options.append(Option(name="refund", label="Refund it", actions=(_pay_back(subject), *after)))
    evidence = _step(
        "stage-evidence",
        "stripe",
        "stage_evidence",
        "Stage the evidence for the dispute; submitting it needs an approval of its own",
    )
    options.append(Option(name="evidence", label="Stage evidence", actions=(evidence, *after)))
    card_id = fields.card_id or subject.known("transaction", "card_id")
    if card_id and fields.location_id and fields.transaction_date and paid:
        search = _step(
            "missing-transaction",
            "fidel",
            "request_missing_transaction",
            f"Ask Fidel API to search for a missing transaction of {subject.amount} on {fields.transaction_date}",
            card_id=card_id,
            location_id=fields.location_id,
            date=fields.transaction_date,
            amount_minor=paid.amount_minor,
            currency=paid.currency,
        )
        options.append(Option(name="search", label="Ask Fidel to search", actions=(search, *after)))
    return tuple(options)


# --- the others -----------------------------------------------------------------------------------------------------


def vip_blocker(subject: Subject) -> tuple[Action, ...]:
    task = _step("owner-task", "hubspot", "task", f"Give the account owner a task: {subject.customer} cannot pay")
    pay = _step("payment-link", "stripe", "payment_link", "Send a payment link or start a new payment attempt")
    return (task, _ticket(subject, "urgent"), pay, *_card_reference(subject))


def brand_create(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    return (
        _step(
            "create-brand",
            "fidel",
            "create_brand",
            f"Create the brand {fields.brand_name} on Fidel API",
            name=fields.brand_name,
            website_url=fields.website_url,
            logo_url=fields.logo_url,
            reference=subject.reference,
        ),
    )


def name_fits(subject: Subject) -> str | None:
    name = subject.fields.brand_name
    return (
        None if name is None or 2 <= len(name.strip()) <= 50 else "Fidel API takes brand names of 2 to 50 characters."
    )


def brand_update(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    changes = " and ".join(
        words for words, value in (("website", fields.website_url), ("logo", fields.logo_url)) if value
    )
    return (
        _step(
            "update-brand",
            "fidel",
            "update_brand",
            f"Change the {changes} of the brand {fields.brand_name or fields.brand_id} on Fidel API",
            brand_id=fields.brand_id or subject.known("brand", "brand_id"),
            website_url=fields.website_url,
            logo_url=fields.logo_url,
            reference=subject.reference,
        ),
    )


_RENAMES = frozenset({"new_name", "new_brand_name", "brand_new_name", "rename_to"})


def brand_can_change(subject: Subject) -> str | None:
    if _RENAMES & {name.lower().replace(" ", "_").replace("-", "_") for name in subject.details.unmapped}:
        return "The caller wants another brand name, and Fidel API refuses to rename a brand."
    if subject.fields.brand_name and not (subject.fields.brand_id or subject.known("brand", "brand_id")):
        looked = (subject.facts[name].missing for name in ("brand", "fidel") if name in subject.facts)
        return next((why for why in looked if why), "The brand was not found on Fidel API.")
    return None


def invoice_resend(subject: Subject) -> tuple[Action, ...]:
    fields = subject.fields
    to = (
        f"to {fields.email}, once that address is on the customer record"
        if fields.email
        else "to the address on record"
    )
    return (
        _step(
            "send-invoice",
            "quickbooks",
            "send_invoice",
            f"Send invoice {fields.invoice_number} again {to}",
            invoice_number=fields.invoice_number,
            email=fields.email,
        ),
        _step("send-log", "sheets", "append_row", "Log the recipient and the document's id"),
    )
