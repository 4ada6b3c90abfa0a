"""Send documents to an address on their own record, or to one that a person has verified, and to no other."""

import pytest

from bot.core.cards.wording import doubts
from bot.core.model import Call, CaseFile, Details, Fact
from bot.core.records import UNVERIFIED, unverified_recipient
from bot.core.triage import Triaged
from tests.support.cards import file_of
from tests.support.kinds import found, sorted_out, told
from tests.support.world import ANA, BEN


def offered(triaged: Triaged, facts: tuple[Fact, ...]) -> CaseFile:
    file = file_of(triaged.kind, facts=facts)
    offer = {"actions": triaged.actions, "money": None}
    return file.model_copy(update={"proposal": file.proposal.model_copy(update=offer)})


def sentence_of(triaged: Triaged, facts: tuple[Fact, ...]) -> str | None:
    return unverified_recipient(offered(triaged, facts))


OWN, STRANGE = "ap@northwind.example", "x@elsewhere.example"
PAID_BY_DANA = (found("customer", email="AP@northwind.example"),)
BILLED_TO_DANA = (found("invoice", status="open", email="ap@northwind.example"),)
LISTED = (found("contact", email=STRANGE), found("books_customer", email=STRANGE))
COPY = (*LISTED, found("document", document_id="1PdfINV-20431"))


@pytest.mark.parametrize(
    ("name", "email", "facts", "fits"),
    [
        pytest.param("receipt", OWN, PAID_BY_DANA, True, id="the payer's own"),
        pytest.param("receipt", STRANGE, PAID_BY_DANA, False, id="another's receipt"),
        pytest.param("receipt", STRANGE, LISTED, False, id="found by the address itself"),
        pytest.param("receipt", OWN, (), False, id="nothing known"),
        pytest.param("invoice-resend", OWN, BILLED_TO_DANA, True, id="the invoice's own"),
        pytest.param("invoice-resend", None, (), True, id="no address means the one on record"),
        pytest.param("invoice-resend", STRANGE, (*BILLED_TO_DANA, *LISTED), False, id="another's invoice"),
        pytest.param("invoice-resend", STRANGE, COPY, False, id="a stored copy to a stranger"),
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
    details = Details.model_validate({"fields": {"email": "third@else.example"}})
    changed = Call(call_id="call_demo_receipt_elsewhere", author=BEN, event="form", details=details)
    calls = (told("receipt-elsewhere"), verification("bookkeeping@another.example"), changed)
    assert sentence_of(sorted_out(*calls, facts=PAID_BY_DANA), PAID_BY_DANA) == UNVERIFIED


def test_the_card_says_that_a_person_has_to_verify_the_recipient() -> None:
    triaged = sorted_out(told("receipt-elsewhere"), facts=PAID_BY_DANA)
    assert UNVERIFIED in doubts(offered(triaged, PAID_BY_DANA))
    assert UNVERIFIED not in doubts(file_of(triaged.kind, facts=PAID_BY_DANA))
