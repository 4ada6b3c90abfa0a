"""Keep Stripe's promises around invoices, credit notes, receipts and customers."""

from typing import Any

from sandbox import stripe
from sandbox.state import State
from tests.sandbox.vendors import NOW, Reply, Vendor

ROOT = "/stripe"  # of the vendor that the fixture `api` starts


async def post(api: Vendor, path: str, key: str | None = None, **form: str) -> Reply:
    headers = api.headers() | ({"Idempotency-Key": key} if key else {})
    return await api.ask("POST", path, data=form, headers=headers)


async def test_a_sending_is_an_event_with_the_key_and_the_request_of_its_sender(api: Vendor) -> None:
    sent = await post(api, "/v1/invoices/in_20431/send", "k")
    (event,) = (await api.get("/v1/events", type="invoice.sent")).body["data"]
    assert event["request"] == {"id": sent.headers["Request-Id"], "idempotency_key": "k"}
    assert event["data"]["object"]["id"] == "in_20431"
    assert (await api.get("/v1/events", type="invoice.paid")).body["data"] == []


async def test_a_declined_card_leaves_the_invoice_open_and_says_why(api: Vendor) -> None:
    declined = await post(api, "/v1/invoices/in_20455/pay")
    assert (declined.status, declined.error["type"], declined.error["decline_code"]) == (
        402,
        "card_error",
        "do_not_honor",
    )
    path = "/v1/invoices/in_20455?expand[]=payments.data.payment.payment_intent"
    invoice = (await api.ask("GET", path)).body
    intent = invoice["payments"]["data"][0]["payment"]["payment_intent"]
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
    assert intent["last_payment_error"]["decline_code"] == "do_not_honor"


async def test_a_payment_pays_the_invoice_once_and_the_subscription_goes_on(api: Vendor) -> None:
    before = (await api.get("/v1/subscriptions", customer="cus_LARKSPUR", status="past_due")).body["data"]
    assert [one["latest_invoice"] for one in before] == ["in_20462"]
    paid = (await post(api, "/v1/invoices/in_20462/pay")).body
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 8900, 0)
    assert (await post(api, "/v1/invoices/in_20462/pay")).error["message"] == "Invoice is already paid"
    assert (await api.get("/v1/subscriptions/sub_LARKSPUR")).body["status"] == "active"
    charges = (await api.get("/v1/charges", customer="cus_LARKSPUR")).body["data"]
    assert [one["amount"] for one in charges] == [8900]


async def test_a_credit_note_refunds_and_never_more_than_was_paid(api: Vendor) -> None:
    def note(amount: str, **more: str) -> Any:
        return post(api, "/v1/credit_notes", invoice="in_20418", amount=amount, **more)

    assert (await note("100")).status == 400  # it does not say where the money goes
    made = (await note("5000", refund_amount="5000")).body
    assert (made["type"], made["post_payment_amount"], made["status"]) == ("post_payment", 5000, "issued")
    refund = (await api.get(f"/v1/refunds/{made['refunds'][0]['refund']}")).body
    assert (refund["amount"], refund["charge"]) == (5000, "ch_INV20418")
    await api.refund(charge="ch_INV20418", amount="7000")
    assert (await note("951", out_of_band_amount="951")).status == 400
    assert (await note("950", credit_amount="950")).status == 200


async def test_a_credit_note_on_an_open_invoice_lowers_what_is_owed(api: Vendor) -> None:
    made = await post(api, "/v1/credit_notes", invoice="in_20431", amount="24000")
    assert (made.body["type"], made.body["pre_payment_amount"]) == ("pre_payment", 24000)
    assert (await api.get("/v1/invoices/in_20431")).body["amount_remaining"] == 100_000


async def test_an_address_is_replaced_as_a_whole(api: Vendor) -> None:
    await post(api, "/v1/customers/cus_KESTREL", **{"address[line1]": "1 Quay St", "address[city]": "Bristol"})
    await post(api, "/v1/customers/cus_KESTREL", **{"address[city]": "Bath"})
    address = (await api.get("/v1/customers/cus_KESTREL")).body["address"]
    assert (address["line1"], address["city"]) == (None, "Bath")
    assert (await post(api, "/v1/customers/cus_KESTREL", **{"address[planet]": "x"})).status == 400


async def test_a_receipt_is_mailed_whenever_its_address_is_stated(api: Vendor) -> None:
    for form in ({"receipt_email": "a@example.com"}, {"metadata[k]": "v"}, {"receipt_email": "a@example.com"}):
        assert (await post(api, "/v1/charges/ch_SMALL", **form)).status == 200
    assert api.state.stripe["receipts_sent"] == {"ch_SMALL": 2}
    assert (await post(api, "/v1/charges/ch_SMALL", receipt_email="nobody")).status == 400


async def test_a_search_finds_a_number_in_any_case_and_takes_no_other_question(api: Vendor) -> None:
    found = (await api.get("/v1/invoices/search", query="number:'inv-20455'")).body
    assert ([one["id"] for one in found["data"]], found["object"]) == (["in_20455"], "search_result")
    assert (await api.get("/v1/invoices/search", query="number:'INV-1'")).body["data"] == []
    assert (await api.get("/v1/invoices/search", query="number:'1' OR total>0")).status == 400


async def test_a_canceled_subscription_is_listed_only_when_asked_for(api: Vendor) -> None:
    api.state.stripe["subscriptions"]["sub_LARKSPUR"]["status"] = "canceled"
    for status, count in ((None, 0), ("all", 1), ("canceled", 1), ("active", 0)):
        asked = {"status": status} if status else {}
        assert len((await api.get("/v1/subscriptions", **asked)).body["data"]) == count


async def test_evidence_after_its_day_is_refused(api: Vendor) -> None:
    api.state.stripe["disputes"]["dp_DISPUTED"]["evidence_details"]["past_due"] = True
    assert (await post(api, "/v1/disputes/dp_DISPUTED", submit="true")).status == 400


def test_a_state_of_an_earlier_version_gets_the_drawers_that_it_lacks() -> None:
    state = State()
    stripe.seed(state, NOW)
    for drawer in ("events", "cards", "credit_notes"):
        del state.stripe[drawer]
    payments = dict(state.stripe["payment_intents"])
    stripe.seed(state, NOW)
    assert {"events", "cards", "credit_notes"} <= state.stripe.keys()
    assert state.stripe["payment_intents"] == payments
