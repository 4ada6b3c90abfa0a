"""Promises of the QuickBooks connector about tokens that rotate, settings, and about what the books say of a case."""

from typing import Any

import pytest

from bot.connectors.quickbooks import QuickBooksConnector
from bot.connectors.quickbooks.client import LET_IN
from bot.http.errors import CredentialsRefused
from tests.connectors.quickbooks.support import Company, Tokens, credit, refund, send
from tests.connectors.support import NOW, details, refusal

BOTH = frozenset({"books_invoice", "books_customer"})


async def test_every_refresh_token_that_comes_back_is_kept_and_the_newest_is_used(world: Company) -> None:
    for _ in range(3):  # each start of the process knows only the first token by its settings
        connector = world.connector()
        await connector.check()
        world.books["tokens"]["access"].clear()  # it expires
        assert await connector.check() == LET_IN
        await connector.close()
    assert world.tokens.saved == [f"RT-sandbox.{n}" for n in range(1, 7)]
    forgetful = world.connector(store=Tokens())
    await refusal(forgetful, send(), CredentialsRefused)
    await forgetful.close()


async def test_a_revoked_refresh_token_locks_us_out_and_says_what_to_renew(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    await quickbooks.check()
    world.books["revoked"] = True
    sentence = await refusal(quickbooks, refund(), CredentialsRefused)
    assert "QUICKBOOKS_REFRESH_TOKEN" in sentence
    assert "RT-sandbox" not in sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_secret": "wrong"}, "QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET"),
        ({"refresh_token": "RT-other"}, "QUICKBOOKS_REFRESH_TOKEN"),
        ({"realm_id": "1"}, "QUICKBOOKS_REALM_ID"),
    ],
)
async def test_wrong_credentials_lock_us_out_and_name_the_setting(
    world: Company, options: dict[str, Any], words: str
) -> None:
    connector = world.connector(**options)
    assert words in await refusal(connector, send(), CredentialsRefused)
    await connector.close()


@pytest.mark.parametrize(
    ("settings", "offered"),
    [
        ({}, {"refund_receipt", "credit_memo"}),
        ({"refund_account_id": None}, {"credit_memo"}),
        ({"refund_item_id": None}, set()),
    ],
)
async def test_what_the_settings_do_not_allow_is_not_offered(
    world: Company, settings: dict[str, Any], offered: set[str]
) -> None:
    connector = world.connector(**settings)
    assert connector.operations.keys() == offered | {"send_invoice", "update_address"}
    for todo in (refund(), credit()):
        if todo.operation not in offered:
            assert "has no operation" in await refusal(connector, todo)
    await connector.close()
    assert world.exchanges == []


async def test_the_books_say_how_invoice_and_customer_stand(quickbooks: QuickBooksConnector) -> None:
    invoice, owner = await quickbooks.facts(details(invoice_number="INV-20390"), BOTH, NOW)
    assert invoice.values == {
        "invoice_id": "242",
        "number": "INV-20390",
        "status": "overdue",
        "amount_minor": 31000,
        "balance_minor": 11000,
        "currency": "USD",
        "due_date": "2026-11-06",
        "email": "ap@northwind.example",
    }
    assert invoice.sentence == "Invoice INV-20390 of 310.00 USD, overdue by 14 days, 110.00 USD still to pay"
    assert owner.values == {
        "customer_id": "58",
        "name": "Dana Ortiz",
        "email": "ap@northwind.example",
        "balance_minor": 135000,
        "currency": "USD",
        "overdue_days": 14,
    }
    assert owner.sentence == "Dana Ortiz owes 1,350.00 USD, overdue by 14 days"
    assert (invoice.doubt, owner.doubt) == (None, None)
    alone = await quickbooks.facts(details(invoice_number="INV-20390"), frozenset({"books_customer"}), NOW)
    assert alone == (owner,)


@pytest.mark.parametrize(
    ("number", "status", "sentence"),
    [
        ("INV-20418", "paid", "Invoice INV-20418 of 129.50 USD, paid"),
        ("INV-20431", "open", "Invoice INV-20431 of 1,240.00 USD, open"),
        ("INV-20455", "overdue", "Invoice INV-20455 of 4,180.00 USD, overdue by 7 days"),
        ("INV-20402", "void", "Invoice INV-20402 of 0.00 USD, void"),
    ],
)
async def test_an_invoice_has_one_status(
    quickbooks: QuickBooksConnector, number: str, status: str, sentence: str
) -> None:
    (fact,) = await quickbooks.facts(details(invoice_number=number), frozenset({"books_invoice"}), NOW)
    assert (fact.values["status"], fact.sentence) == (status, sentence)
    assert (fact.doubt is not None) == (status == "void")


@pytest.mark.parametrize(
    ("money", "number", "doubt"),
    [
        ("12950 USD", "INV-20418", None),
        ("12951 USD", "INV-20418", "The call says 129.51 USD, more than invoice INV-20418 of 129.50 USD."),
        ("12950 EUR", "INV-20418", "The call says 129.50 EUR, but invoice INV-20418 is 129.50 USD."),
        ("12950 USD", "INV-1", "QuickBooks has no invoice INV-1."),
        ("12950 USD", "n" * 300, f"{'n' * 40} is not an invoice number of QuickBooks."),
    ],
)
async def test_an_invoice_that_does_not_fit_the_call_is_a_doubt(
    quickbooks: QuickBooksConnector, money: str, number: str, doubt: str | None
) -> None:
    (fact,) = await quickbooks.facts(details(money, invoice_number=number), frozenset({"books_invoice"}), NOW)
    assert fact.doubt == doubt


async def test_a_customer_is_looked_up_by_what_the_call_states_and_only_when_it_is_wanted(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    by_mail = details(email="haruka@example.com", account_id="cus_SATO")
    (fact,) = await quickbooks.facts(by_mail, BOTH, NOW)
    assert (fact.values["customer_id"], fact.values["balance_minor"], fact.values["currency"]) == ("62", 0, "JPY")
    assert fact.sentence == "Haruka Sato owes nothing"
    (unknown,) = await quickbooks.facts(details(email="nobody@example.com"), BOTH, NOW)
    assert (unknown.missing, unknown.doubt) == ("QuickBooks has no customer with this e-mail.", None)
    world.exchanges.clear()
    for stated, wanted in ((details(), BOTH), (details(account_id="cus_1"), BOTH), (by_mail, frozenset({"charge"}))):
        assert await quickbooks.facts(stated, wanted, NOW) == ()
    assert world.exchanges == []


async def test_books_that_do_not_answer_are_missing_and_no_doubt(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.fail("GET", "500", "500")
    found = await quickbooks.facts(details(invoice_number="INV-20418", email="ap@northwind.example"), BOTH, NOW)
    assert [(one.name, one.missing is not None, one.doubt) for one in found] == [
        ("books_invoice", True, None),
        ("books_customer", True, None),
    ]
