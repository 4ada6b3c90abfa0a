"""Show beside the call what was looked up, and other cases about the same charge."""

from datetime import timedelta
from typing import Any

from bot.core.cards import card
from bot.core.model import CaseState, Fact, Kind, Money
from tests.support.cards import EVIL, NOW, STANDING, earlier, file_of, hostile_file, texts
from tools.gallery.cases import real_file

URL = "https://dashboard.stripe.com/test/payments/pi_1"


def fact(name: str = "charge", **more: Any) -> Fact:
    return Fact(name=name, **({"source": "Stripe", "observed_at": NOW, "sentence": "129.50 USD paid"} | more))


def shown(*facts: Fact, locale: str = "en_US", **case: Any) -> str:
    blocks = card(file_of(facts=facts, **case), STANDING, locale=locale).blocks
    return "\n".join(text["text"] for text in texts(blocks))


def test_a_fact_says_what_was_found_and_where() -> None:
    assert f"• *Charge:* 129.50 USD paid · <{URL}|Stripe> (dashboard.stripe.com)" in shown(fact(url=URL))


def test_a_fact_that_is_missing_says_why_and_a_look_up_that_failed_says_that_nothing_is_known() -> None:
    missing, failed = fact("deal", missing="There is no deal."), fact(missing="Stripe did not answer.", failed=True)
    assert "• *Renewal deal:* There is no deal · Stripe" in shown(missing)
    assert "• *Charge:* not known, Stripe did not answer · Stripe" in shown(failed)


def test_facts_have_names_that_people_read_and_say_nothing_twice() -> None:
    books = fact("books_invoice", sentence="Invoice INV-1 of 129.50 USD, paid", source="QuickBooks")
    invoice = fact("invoice", sentence="Invoice INV-1, open")
    words = shown(books, invoice, fact("books_customer"), fact("loyalty_level"))
    assert "• *Invoice in the books:* INV-1 of 129.50 USD, paid · QuickBooks" in words
    assert "• *Invoice:* INV-1, open · Stripe" in words
    assert "*Customer in the books:*" in words
    assert "*Loyalty level:*" in words


def test_the_time_of_the_look_up_is_said_once_when_it_is_the_same_and_for_each_when_it_is_not() -> None:
    soon, later = NOW + timedelta(seconds=20), NOW + timedelta(minutes=2)
    stamp = "|2026-11-23 10:00 UTC>"
    together = shown(fact(), fact("refunds", observed_at=soon)).partition("*Facts*")[2].partition("*On approval*")[0]
    apart = shown(fact(), fact("refunds", observed_at=later)).partition("*Facts*")[2].partition("*On approval*")[0]
    assert together.startswith(", looked up <!date^")
    assert together.count("<!date^") == together.count(stamp) == 1
    assert apart.startswith("\n•")
    assert (apart.count("<!date^"), apart.count(stamp)) == (2, 1)


def test_with_every_system_connected_a_card_shows_every_fact() -> None:
    for kind in Kind:
        file = real_file(kind, CaseState.OPEN)
        words = "\n".join(text["text"] for text in texts(card(file, STANDING).blocks))
        facts = words.partition("*Facts*")[2].partition("\n*")[0]
        assert facts.count("\n• ") == len(file.case.facts), kind
        assert "more" not in facts
    names = ("dispute", "charge", "refunds", "transaction", "refund", "books_invoice", "books_customer", "contact")
    late = [fact(name, url=URL, observed_at=NOW + n * timedelta(minutes=1)) for n, name in enumerate(names)]
    assert shown(*late).partition("*Facts*")[2].partition("\n*")[0].count("\n• ") == len(names)


def test_facts_take_only_the_room_that_the_rest_of_the_card_leaves() -> None:
    for state in CaseState:
        blocks = card(hostile_file(Kind.REFUND, state), STANDING).blocks
        facts = next(text["text"] for text in texts(blocks) if text["text"].startswith("*Facts*"))
        assert 1000 < len(facts) < 3000
        assert "… and " in facts


def test_an_earlier_payout_says_what_was_paid_when_and_by_whom() -> None:
    words = shown(earlier=(earlier(),))
    assert "Refund `C-4T1M7WQE01`, done, opened <!date^" in words
    assert "about payment pi_1 · *paid 129.50 USD* <!date^1795255200^" in words
    assert "by <@U0ANA00001> and <@U0LEA00001>" in words
    assert "*paid 129,50 USD*" in shown(earlier=(earlier(),), locale="de_DE")


def test_what_was_paid_in_another_case_is_not_offered_for_approval_again() -> None:
    open_file = file_of(earlier=(earlier(),))
    drawn = card(open_file, STANDING)
    words = "\n".join(text["text"] for text in texts(drawn.blocks))
    assert ":no_entry: *Already paid* in case `C-4T1M7WQE01`" in words
    assert "already paid in case C-4T1M7WQE01" in drawn.text
    buttons = {text["text"] for text in texts([block for block in drawn.blocks if block["type"] == "actions"])}
    assert {"Approve", "Change the amount"} & buttons == set()
    assert "Reject" in buttons
    assert "On approval" not in words + drawn.text
    hint = file_of(earlier=(earlier(exact=False, paid=None),))
    assert "Approve" in {text["text"] for text in texts(card(hint, STANDING).blocks)}


def test_a_case_that_only_looks_alike_is_a_hint_and_says_nothing_of_money() -> None:
    words = shown(earlier=(earlier(exact=False, why="the same customer and a similar amount", paid=None),))
    assert "perhaps: the same customer and a similar amount" in words
    assert "paid" not in words.partition(":link:")[2].partition("\n*")[0]


def test_an_earlier_case_of_a_restricted_kind_is_not_named() -> None:
    words = shown(earlier=(earlier(kind=Kind.COLLECTIONS, paid=None),))
    assert "• Case `C-4T1M7WQE01`" in words
    assert "Collections" not in words


def test_what_the_policy_paid_by_itself_and_hostile_words_are_told_as_such() -> None:
    words = shown(earlier=(earlier(why=EVIL, paid_by=("policy:p1",), paid=Money(amount_minor=1, currency="EUR")),))
    assert "*paid 0.01 EUR*" in words
    assert "by the policy" in words
    assert "<!channel>" not in words
