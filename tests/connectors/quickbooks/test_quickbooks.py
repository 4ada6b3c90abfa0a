"""Promises of the QuickBooks connector: what is sent, what is refused before and by it, and one effect for one key."""

import json
from typing import Any

import pytest

from bot.connectors.quickbooks import QuickBooksConnector
from bot.core.model import Action
from bot.http.errors import ConnectorError, CredentialsRefused, Refused, Unavailable, Unsure
from tests.connectors.quickbooks.support import Company, credit, effects, fault, move, refund, send, step
from tests.connectors.support import KEY, refusal


def customer(world: Company) -> Any:
    return world.books["Customer"]["58"]


async def test_every_write_has_a_short_request_id_of_the_key_and_the_minor_version(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    for n, todo in enumerate((send(), refund(100), credit(100), move())):
        for key in (f"call-{n}/step/1", f"call-é-{n}-{'c' * 300}"):
            if todo.operation == "update_address":
                customer(world)["BillAddr"]["Line1"] = "1 Old St"
            receipt = await quickbooks.perform(todo, key)
            assert receipt.request_id is not None
    ids = [one.query["requestid"] for one in world.writes]
    assert len(set(ids)) == len(ids) == 8
    assert all(len(one) <= 50 and one.isascii() for one in ids)
    assert {one.query["minorversion"] for one in world.exchanges} == {"75"}


async def test_a_refund_receipt_names_customer_item_account_and_case_and_pays_the_exact_amount(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    receipt = await quickbooks.perform(refund(), KEY)
    body = json.loads(world.writes[0].body)
    assert len(body.pop("DocNumber")) == 21
    assert body == {
        "CustomerRef": {"value": "58"},
        "CurrencyRef": {"value": "USD"},
        "PrivateNote": "Countersign: call call-7f3a, case case-12 for invoice INV-20418",
        "DepositToAccountRef": {"value": "35"},
        "Line": [
            {
                "Description": "Refund for invoice INV-20418",
                "Amount": 129.50,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "11"},
                    "Qty": 1,
                    "UnitPrice": 129.50,
                    "TaxCodeRef": {"value": "NON"},
                },
            }
        ],
    }
    assert b'"Amount":129.50,' in world.writes[0].body
    (made,) = effects(world, refund())
    assert receipt.vendor_id == made["Id"]
    assert receipt.url == f"https://app.qbo.intuit.com/app/refundreceipt?txnId={made['Id']}"


async def test_a_credit_memo_names_the_invoice_and_no_account(quickbooks: QuickBooksConnector, world: Company) -> None:
    await quickbooks.perform(credit(), KEY)
    body = json.loads(world.writes[0].body)
    assert body["InvoiceRef"] == {"value": "238"}
    assert "DepositToAccountRef" not in body
    assert world.writes[0].path == "/v3/company/9130357/creditmemo"


async def test_amounts_without_decimals_stay_whole(quickbooks: QuickBooksConnector, world: Company) -> None:
    await quickbooks.perform(refund(12000, "JPY", invoice_number="INV-20460"), KEY)
    assert b'"Amount":12000,' in world.writes[0].body


async def test_a_tax_code_of_another_country_makes_the_amount_include_tax(world: Company) -> None:
    connector = world.connector(tax_code="6")
    await connector.perform(refund(), KEY)
    await connector.close()
    body = json.loads(world.writes[0].body)
    assert body["GlobalTaxCalculation"] == "TaxInclusive"
    assert body["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "6"}
    assert body["Line"][0]["SalesItemLineDetail"]["TaxInclusiveAmt"] == 129.5


@pytest.mark.parametrize(
    "whose",
    [
        {"account_id": "58", "email": "AP@Northwind.example"},
        {"account_id": "cus_NORTHWIND", "email": "ap@northwind.example"},
        {"account_id": "999", "email": "ap@northwind.example"},
        {"customer_name": "Dana Ortiz"},
    ],
)
async def test_a_customer_is_found_by_its_id_else_by_e_mail_else_by_name(
    quickbooks: QuickBooksConnector, world: Company, whose: dict[str, Any]
) -> None:
    await quickbooks.perform(credit(100, **whose), KEY)
    assert json.loads(world.writes[0].body)["CustomerRef"] == {"value": "58"}


async def test_a_name_with_a_quote_stays_one_value_of_the_query(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    await quickbooks.perform(credit(100, customer_name="Walk-in O'Brien"), KEY)
    assert json.loads(world.writes[0].body)["CustomerRef"] == {"value": "65"}
    hostile = "x' or DisplayName like '%"
    assert "no customer with this name" in await refusal(quickbooks, refund(100, customer_name=hostile))


async def test_an_invoice_is_mailed_to_the_address_on_record(quickbooks: QuickBooksConnector, world: Company) -> None:
    receipt = await quickbooks.perform(send(email="AP@northwind.example"), KEY)
    (sent,) = world.writes
    assert (sent.path, sent.body, sent.content_type) == (
        "/v3/company/9130357/invoice/241/send",
        b"",
        "application/octet-stream",
    )
    assert "sendTo" not in sent.query
    assert [one["to"] for one in world.books["mails"]] == ["ap@northwind.example"]
    assert receipt.vendor_id == "241"


async def test_a_recipient_that_somebody_verified_may_be_another(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    await quickbooks.perform(send(email="cfo@northwind.example", verified="called back on the number on file"), KEY)
    assert [one["to"] for one in world.books["mails"]] == ["cfo@northwind.example"]


async def test_an_invoice_without_an_e_mail_goes_to_its_customers(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    del world.books["Invoice"]["241"]["BillEmail"]
    await quickbooks.perform(send(), KEY)
    assert world.writes[0].query["sendTo"] == "ap@northwind.example"


async def test_a_corrected_address_keeps_what_was_not_said_and_nothing_else_of_the_record_changes(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    before = dict(customer(world))
    await quickbooks.perform(move(address={"line1": "90 Pier St", "postcode": "94601"}), KEY)
    body = json.loads(world.writes[0].body)
    address = {
        "Line1": "90 Pier St",
        "City": "Oakland",
        "CountrySubDivisionCode": "CA",
        "PostalCode": "94601",
        "Country": "USA",
    }
    assert body == {"Id": "58", "SyncToken": "3", "sparse": True, "BillAddr": address}
    changed = {name for name, value in customer(world).items() if before.get(name) != value}
    assert changed == {"BillAddr", "SyncToken", "MetaData"}


@pytest.mark.parametrize(
    ("todo", "words"),
    [
        (send("INV-20418"), "Invoice INV-20418 is paid and closed in QuickBooks: it is not sent again."),
        (send("INV-20402"), "Invoice INV-20402 is void in QuickBooks"),
        (send("INV-20465"), "Invoice INV-20465 and its customer have no e-mail in QuickBooks: add one there"),
        (send("INV-20465", email="who@else.example"), "not on invoice INV-20465 nor on its customer"),
        (send(email="ceo@northwind-pay.example"), "not on invoice INV-20431 nor on its customer"),
        (send("INV-1"), "QuickBooks has no invoice INV-1."),
        (refund(12951), "129.51 USD is more than the whole invoice INV-20418 of 129.50 USD."),
        (refund(20001, invoice_number="INV-20390"), "200.01 USD is more than the 200.00 USD that were paid"),
        (refund(100, invoice_number="INV-20431"), "is not paid yet, so there is nothing to refund"),
        (refund(100, invoice_number="INV-20402"), "Invoice INV-20402 is void in QuickBooks"),
        (refund(12950, "EUR"), "Invoice INV-20418 is in USD, not in EUR."),
        (refund(100, "EUR", account_id="58"), "Customer 58 of QuickBooks is billed in USD, not in EUR."),
        (credit(124001, invoice_number="INV-20431"), "1,240.01 USD is more than the whole invoice"),
        (credit(100, "EUR"), "Invoice INV-20418 is in USD, not in EUR."),
        (credit(100, account_id="cus_NORTHWIND"), "Nothing says which customer of QuickBooks it is"),
        (credit(100, account_id="61", email="ap@northwind.example"), "Customer 61 of QuickBooks does not have"),
        (credit(100, email="nobody@northwind.example"), "QuickBooks has no customer with this e-mail."),
        (move(email="nobody@northwind.example"), "QuickBooks has no customer with this e-mail."),
        (move(address={}), "an address is needed"),
        (refund(0), "amount_minor"),
        (step("refund_receipt", amount_minor=1, currency="USD", reference={"call": "c", "case": "d"}), "a customer"),
        (send("INV-1' or '1'='1 and more"), "invoice_number"),
        (step("delete_company"), "QuickBooks has no operation 'delete_company' here."),
    ],
)
async def test_what_cannot_be_done_is_refused_in_words_before_anything_is_written(
    quickbooks: QuickBooksConnector, world: Company, todo: Action, words: str
) -> None:
    assert words in await refusal(quickbooks, todo)
    assert world.writes == []


async def test_two_customers_of_one_e_mail_are_left_to_a_person(
    quickbooks: QuickBooksConnector, world: Company
) -> None:
    world.books["Customer"]["61"]["PrimaryEmailAddr"] = {"Address": "ap@northwind.example"}
    assert "more than one customer with this e-mail" in await refusal(quickbooks, move())
    world.books["Invoice"]["238"]["DocNumber"] = "INV-20431"
    assert "more than one invoice INV-20431" in await refusal(quickbooks, send())


@pytest.mark.parametrize("make", [refund, credit])
async def test_parts_of_an_invoice_never_add_up_to_more_than_the_whole(
    quickbooks: QuickBooksConnector, world: Company, make: Any
) -> None:
    await quickbooks.perform(make(10000), "call-0000/step/1")
    sentence = await refusal(quickbooks, make(2951))
    assert "100.00 USD of invoice INV-20418 is" in sentence
    await quickbooks.perform(make(2950), KEY)
    assert sum(one["TotalAmt"] for one in effects(world, make())) == 129.5


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        ("400", fault("610", "Object Not Found"), Refused, "no such record, or it is inactive"),
        ("400", fault("2500", "Items element id 11"), Refused, "check QUICKBOOKS_REFUND_ITEM_ID"),
        ("400", fault("6210", "Account Period Closed"), Refused, "The books are closed for this date"),
        ("400", fault("6000", "Ask  ap@x.example \n first"), Refused, "refused it (6000): Ask (an e-mail) first"),
        ("400", {}, Refused, "refused it (400): no reason given"),
        ("403", fault("3100", "No right", "AuthorizationFault"), CredentialsRefused, "check QUICKBOOKS_REALM_ID"),
        ("403", {}, CredentialsRefused, "check QUICKBOOKS_REALM_ID"),
        ("400", fault("6190", "Subscription ended"), CredentialsRefused, "subscription has ended"),
        ("400", fault("10000", "An unexpected error", "SystemFault"), Unsure, "It may have happened."),
        ("503", {}, Unsure, "It may have happened."),
        ("200", fault("6000", "A Fault in an answer that says it went well"), Unsure, "could not be read"),
    ],
)
async def test_a_fault_is_a_sentence_with_its_meaning_and_the_vendors_request_id(
    quickbooks: QuickBooksConnector,
    world: Company,
    status: str,
    body: dict[str, Any],
    kind: type[ConnectorError],
    words: str,
) -> None:
    world.body = body
    world.fail("POST", status)
    with pytest.raises(kind) as raised:
        await quickbooks.perform(refund(), KEY)
    assert words in raised.value.sentence
    assert raised.value.request_id == "1-made-up"
    assert effects(world, refund()) == []


async def test_a_fault_of_its_own_on_a_read_is_unavailable(quickbooks: QuickBooksConnector, world: Company) -> None:
    world.body = fault("10000", "An unexpected error", "SystemFault")
    world.fail("GET", "400")
    await refusal(quickbooks, refund(), Unavailable)


async def test_a_record_that_cannot_be_read_is_never_skipped(quickbooks: QuickBooksConnector, world: Company) -> None:
    world.body = {"QueryResponse": {"RefundReceipt": [{"Id": "301"}]}}
    world.fail("GET", "200")
    assert "could not be read" in await refusal(quickbooks, refund(), Unavailable)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_throttle_waits_a_minute_and_nothing_happened(
    quickbooks: QuickBooksConnector, world: Company, method: str
) -> None:
    world.body = fault("3001", "message=ThrottleExceeded", "THROTTLING")
    world.fail(method, "429")
    with pytest.raises(Unavailable) as raised:
        await quickbooks.perform(refund(), KEY)
    assert raised.value.retry_after_s == 60
    assert effects(world, refund()) == []
