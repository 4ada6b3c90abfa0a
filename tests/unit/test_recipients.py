"""Send documents to an address on their own record, or to one that a person has verified, and to no other."""

import pytest

from bot.core.cards.wording import doubts
from bot.core.model import Call, Details, Fact
from bot.core.records import UNVERIFIED, unverified_recipient
from bot.core.triage import Triaged
from tests.support.cards import file_of
from tests.support.kinds import found, sorted_out, told
from tests.support.world import ANA, BEN


def sentence_of(triaged: Triaged, facts: tuple[Fact, ...]) -> str | None:
    file = file_of(triaged.kind, facts=facts)
    return unverified_recipient(
        file.model_copy(
            update={"proposal": file.proposal.model_copy(update={"actions": triaged.actions, "money": None})}
        )
    )


PAID_BY_DANA = (found("customer", email="AP@northwind.example"),)
BILLED_TO_DANA = (found("invoice", status="open", email="ap@northwind.example"),)
LISTED = (found("contact", email="x@elsewhere.example"), found("books_customer", email="x@elsewhere.example"))
COPY = (*LISTED, found("document", document_id="1PdfINV-20431"))


@pytest.mark.parametrize(
    ("name", "email", "facts", "fits"),
    [
        ("receipt", "ap@northwind.example", PAID_BY_DANA, True),
        ("receipt", "x@elsewhere.example", PAID_BY_DANA, False),
        ("receipt", "x@elsewhere.example", LISTED, False),
        ("receipt", "ap@northwind.example", (), False),
        ("invoice-resend", "ap@northwind.example", BILLED_TO_DANA, True),
        ("invoice-resend", None, (), True),
        ("invoice-resend", "x@elsewhere.example", (*BILLED_TO_DANA, *LISTED), False),
        ("invoice-resend", "x@elsewhere.example", COPY, False),
    ],
    ids=[
        "the payer's own",
        "another's receipt",
        "found by the address itself",
        "nothing known",
        "the invoice's own",
        "no address means the one on record",
        "another's invoice",
        "a stored copy to a stranger",
    ],
)
def test_a_document_goes_only_to_an_address_on_its_own_record(
    name: str, email: str | None, facts: tuple[Fact, ...], fits: bool
) -> None:
    triaged = sorted_out(told(name, email=email), facts=facts)
    assert sentence_of(triaged, facts) == (None if fits else UNVERIFIED)


def verification(email: str, author: str | None = ANA) -> Call:
    fields = {"email": email, "verified": "Called back on the number on record"}
    details = Details.model_validate({"fields": fields})
    return Call(call_id="call_demo_receipt_elsewhere", author=author, event="form", details=details)


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        (verification("bookkeeping@another.example"), True),
        (verification("bookkeeping@another.example", author=None), False),
        (verification("somebody@else.example"), True),
    ],
    ids=["by a person", "by the call itself", "the address that was verified is the one that is used"],
)
def test_only_a_person_says_how_a_recipient_was_verified(later: Call, fits: bool) -> None:
    triaged = sorted_out(told("receipt-elsewhere"), later, facts=PAID_BY_DANA)
    assert sentence_of(triaged, PAID_BY_DANA) == (None if fits else UNVERIFIED)
    if fits:
        assert triaged.actions[0].params["verified"] == "Called back on the number on record"
        assert triaged.actions[0].params["email"] == later.details.fields.email


def test_an_address_that_is_changed_after_it_was_verified_is_not_verified() -> None:
    changed = Call(
        call_id="call_demo_receipt_elsewhere",
        author=BEN,
        event="form",
        details=Details.model_validate({"fields": {"email": "third@else.example"}}),
    )
    calls = (told("receipt-elsewhere"), verification("bookkeeping@another.example"), changed)
    assert sentence_of(sorted_out(*calls, facts=PAID_BY_DANA), PAID_BY_DANA) == UNVERIFIED


def test_the_card_says_that_a_person_has_to_verify_the_recipient() -> None:
    triaged = sorted_out(told("receipt-elsewhere"), facts=PAID_BY_DANA)
    file = file_of(triaged.kind, facts=PAID_BY_DANA)
    offered = file.proposal.model_copy(update={"actions": triaged.actions, "money": None})
    assert UNVERIFIED in doubts(file.model_copy(update={"proposal": offered}))
    assert UNVERIFIED not in doubts(file)
