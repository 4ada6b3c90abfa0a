"""Hold what the sandbox's Stripe takes and answers against Stripe's own specification in `../shared`."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sandbox.stripe.server import READS, WRITES
from sandbox.stripe.wire import nested
from tests.contract.sandbox import FORM, Contract, Try, of_openapi_3_0
from tests.sandbox.vendors import Vendor, running
from tests.support.places import reference

WHOLE_REFUND = "payment_intent=pi_DUPLICATE&amount=100&reason=duplicate&metadata[call_id]=c-1&expand[]=charge"
WHOLE_NOTE = "invoice=in_20418&amount=100&refund_amount=100&reason=duplicate&email_type=none&metadata[call]=c-1"
PAYMENTS = "payments.data.payment.payment_intent"
TRIES = (
    Try("GET", "/v1/customers", query="?email=ap@northwind.example"),
    Try("GET", "/v1/customers/{customer}", {"customer": "cus_NORTHWIND"}),
    Try("GET", "/v1/payment_intents", query="?expand[]=data.latest_charge"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_PARTLY"}, query="?expand[]=latest_charge"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_YEN"}, query="?expand[]=customer"),
    Try("GET", "/v1/payment_intents/{intent}", {"intent": "pi_NOBODY"}, status=404),
    Try("GET", "/v1/charges", query="?payment_intent=pi_PARTLY&expand[]=data.refunds"),
    Try("GET", "/v1/charges/{charge}", {"charge": "ch_DISPUTED"}, query="?expand[]=payment_intent"),
    Try("GET", "/v1/refunds", query="?payment_intent=pi_PARTLY&limit=100"),
    Try("GET", "/v1/refunds/{refund}", {"refund": "re_PARTLY"}, query="?expand[]=charge"),
    Try("POST", "/v1/refunds", body=WHOLE_REFUND),
    Try("POST", "/v1/refunds", body="payment_intent=pi_DISPUTED", status=400),
    Try("GET", "/v1/disputes", query="?payment_intent=pi_DISPUTED"),
    Try("GET", "/v1/disputes/{dispute}", {"dispute": "dp_DISPUTED"}, query="?expand[]=charge"),
    Try("POST", "/v1/disputes/{dispute}", {"dispute": "dp_DISPUTED"}, "evidence[receipt]=file_1&submit=false"),
    Try("GET", "/v1/invoices", query="?customer=cus_NORTHWIND&status=open"),
    Try("GET", "/v1/invoices/{invoice}", {"invoice": "in_20418"}, query="?expand[]=customer"),
    Try(
        "GET", "/v1/invoices/{invoice}", {"invoice": "in_20462"}, query="?expand[]=payments.data.payment.payment_intent"
    ),
    Try("GET", "/v1/invoices/search", query="?query=number:'INV-20455'"),
    Try("GET", "/v1/invoices/search", query="?query=total>100", status=400),
    Try("GET", "/v1/invoice_payments", query="?invoice=in_20418&expand[]=data.payment.payment_intent"),
    Try("POST", "/v1/invoices/{invoice}/send", {"invoice": "in_20431"}),
    Try("POST", "/v1/invoices/{invoice}/pay", {"invoice": "in_20431"}, "off_session=true"),
    Try("POST", "/v1/invoices/{invoice}/pay", {"invoice": "in_20455"}, status=402),
    Try("GET", "/v1/subscriptions", query="?customer=cus_LARKSPUR&status=all&expand[]=data.latest_invoice"),
    Try("GET", "/v1/subscriptions/{subscription_exposed_id}", {"subscription_exposed_id": "sub_LARKSPUR"}),
    Try("POST", "/v1/credit_notes", body=WHOLE_NOTE),
    Try("POST", "/v1/credit_notes", body="invoice=in_20418&amount=12951&refund_amount=12951", status=400),
    Try("GET", "/v1/credit_notes", query="?invoice=in_20418&expand[]=data.refunds.refund"),
    Try("GET", "/v1/credit_notes/{id}", {"id": "cn_MADE"}, query="?expand[]=refunds.refund"),
    Try("GET", "/v1/events", query="?type=invoice.sent&created[gte]=1"),
    Try(
        "POST",
        "/v1/customers/{customer}",
        {"customer": "cus_KESTREL"},
        "address[city]=Bath&address[line2]=&name=M. Bell",
    ),
    Try("POST", "/v1/billing_portal/sessions", body="customer=cus_KESTREL&return_url=https://example.com/"),
)
# Stripe has it, its file in `../shared` has not: test_stripe_sdk.py holds it against Stripe's own package
NOT_IN_THE_FILE = {("POST", "/v1/charges/{charge}")}
TYPED: Mapping[str, Callable[[str], Any]] = {
    "amount": int,
    "refund_amount": int,
    "submit": lambda text: text == "true",
    "off_session": lambda text: text == "true",
}


@pytest.fixture(scope="session")
def stripe_contract() -> Contract:
    return of_openapi_3_0(reference("openapi/stripe.v1.current.openapi.json"))


@pytest.fixture
async def stripe() -> AsyncIterator[Vendor]:
    async with running("/stripe") as vendor:
        note = await vendor.ask(
            "POST", "/v1/credit_notes", data={"invoice": "in_20418", "amount": 1, "refund_amount": 1}
        )
        vendor.state.stripe["credit_notes"]["cn_MADE"] = note.body
        await vendor.ask("POST", "/v1/invoices/in_20399/send")
        yield vendor


@pytest.mark.parametrize("tried", TRIES, ids=lambda tried: f"{tried.method} {tried.url}")
async def test_stripe_takes_and_answers_what_its_contract_says(
    stripe: Vendor, stripe_contract: Contract, tried: Try
) -> None:
    options: dict[str, Any] = {}
    if tried.body is not None:
        schema = stripe_contract.operation(tried)["requestBody"]["content"][FORM]["schema"]
        params = nested(parse_qsl(tried.body, keep_blank_values=True))
        typed = {name: TYPED[name](value) if name in TYPED else value for name, value in params.items()}
        assert stripe_contract.faults(schema, typed) == []
        options = {"data": tried.body, "headers": stripe.headers() | {"Content-Type": FORM}}
    answer = await stripe.ask(tried.method, tried.url, **options)
    assert answer.status == tried.status
    assert stripe_contract.faults(stripe_contract.answer_schema(tried, answer.status), answer.body) == []
    for item in answer.body["data"] if answer.body.get("object") in ("list", "search_result") else [answer.body]:
        _assert_known_members(stripe_contract, item)


def _assert_known_members(contract: Contract, item: dict[str, Any]) -> None:
    """Check the names of members: the specification is open, so a misspelt one would pass it."""
    known = contract.document["components"]["schemas"][item.get("object", "error")]["properties"]
    assert set(item) <= set(known)


def test_every_operation_of_the_fake_stripe_is_in_the_contract_and_tried() -> None:
    known = {("GET", path) for path in READS} | {("POST", path) for path in WRITES}
    assert known - NOT_IN_THE_FILE == {(tried.method, tried.template) for tried in TRIES}
