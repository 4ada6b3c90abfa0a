"""Keep Stripe's promises: idempotency keys, refunds that never exceed what is left, lists, expansion."""

import asyncio
import base64
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from sandbox import stripe
from tests.sandbox.vendors import STRIPE_KEY, Vendor, running

ROOT = "/stripe"  # of the vendor that the fixture `api` starts


async def refunds_of(api: Vendor, payment: str) -> list[str]:
    listed = await api.get("/v1/refunds", payment_intent=payment)
    return [refund["id"] for refund in listed.body["data"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer rk_test_other"}, {"Authorization": "Basic !"}])
async def test_a_stranger_is_refused_and_its_key_is_not_repeated(api: Vendor, headers: dict[str, str]) -> None:
    answer = await api.ask("GET", "/v1/refunds", headers=headers)
    assert (answer.status, answer.error["type"]) == (401, "invalid_request_error")
    assert "rk_test" not in answer.text


async def test_the_key_may_come_as_a_basic_user_name(api: Vendor) -> None:
    token = base64.b64encode(f"{STRIPE_KEY}:".encode()).decode()
    assert (await api.ask("GET", "/v1/refunds", headers={"Authorization": f"Basic {token}"})).status == 200


async def test_every_answer_names_its_request_and_echoes_the_version(api: Vendor) -> None:
    headers = api.headers() | {"Stripe-Version": "2026-10-28.endive"}
    first, second = [await api.ask("GET", path, headers=headers) for path in ("/v1/refunds", "/v1/nothing")]
    assert first.headers["Stripe-Version"] == second.headers["Stripe-Version"] == "2026-10-28.endive"
    assert first.headers["Request-Id"].startswith("req_")
    assert first.headers["Request-Id"] != second.headers["Request-Id"]
    assert second.status == 404


async def test_a_json_body_is_refused(api: Vendor) -> None:
    assert (await api.ask("POST", "/v1/refunds", json={"payment_intent": "pi_SMALL"})).status == 400


async def test_a_repeat_under_one_key_in_any_order_is_replayed_and_refunds_once(api: Vendor) -> None:
    form = {"payment_intent": "pi_DUPLICATE", "metadata[call_id]": "c-1"}
    first, second = await api.refund("k", **form), await api.refund("k", **dict(reversed(form.items())))
    assert first.text == second.text
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert await refunds_of(api, "pi_DUPLICATE") == [first.body["id"]]


async def test_another_key_refunds_again(api: Vendor) -> None:
    for key in ("k1", "k2", None, None):
        assert (await api.refund(key, payment_intent="pi_DUPLICATE", amount="100")).status == 200
    assert len(await refunds_of(api, "pi_DUPLICATE")) == 4


async def test_one_key_with_other_parameters_or_at_another_endpoint_is_an_error(api: Vendor) -> None:
    await api.refund("k", payment_intent="pi_SMALL", amount="100")
    other = await api.refund("k", payment_intent="pi_SMALL", amount="101")
    elsewhere = await api.ask("POST", "/v1/invoices/in_20418/send", headers=api.headers() | {"Idempotency-Key": "k"})
    for answer in (other, elsewhere):
        assert (answer.status, answer.error["type"]) == (400, "idempotency_error")
    assert len(await refunds_of(api, "pi_SMALL")) == 1


@pytest.mark.parametrize(("fault", "made"), [("before_effect", 0), ("after_effect", 1)])
async def test_a_500_is_replayed_once_execution_began_and_only_a_list_tells_what_happened(
    api: Vendor, fault: str, made: int
) -> None:
    api.state.stripe["break_next"] = fault
    first, second = [await api.refund("k", payment_intent="pi_SMALL") for _ in range(2)]
    assert (first.status, second.status, first.error["type"]) == (500, 500, "api_error")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(await refunds_of(api, "pi_SMALL")) == made


async def test_a_refusal_during_execution_is_replayed_even_when_its_cause_is_gone(api: Vendor) -> None:
    first = await api.refund("k", payment_intent="pi_DISPUTED")
    api.state.stripe["charges"]["ch_DISPUTED"]["disputed"] = False
    assert (await api.refund("k", payment_intent="pi_DISPUTED")).text == first.text
    assert (await api.refund("k2", payment_intent="pi_DISPUTED")).status == 200


async def test_a_failed_validation_leaves_its_key_free(api: Vendor) -> None:
    for form in ({"payment_intent": "pi_SMALL", "amount": "1.5"}, {"payment_intent": "pi_NOBODY"}):
        assert (await api.refund("k", **form)).status in (400, 404)
    good = await api.refund("k", payment_intent="pi_SMALL")
    assert (good.status, "Idempotent-Replayed" in good.headers) == (200, False)


async def test_a_key_of_yesterday_makes_a_new_object(api: Vendor) -> None:
    form = {"payment_intent": "pi_DUPLICATE", "amount": "100"}
    first = await api.refund("k", **form)
    api.clock.forward(hours=23, minutes=59)
    assert (await api.refund("k", **form)).body["id"] == first.body["id"]
    api.clock.forward(minutes=1)
    assert (await api.refund("k", **form)).body["id"] != first.body["id"]


async def test_a_key_of_more_than_255_characters_is_refused(api: Vendor) -> None:
    assert (await api.refund("k" * 256, payment_intent="pi_SMALL")).status == 400
    assert (await api.refund("k" * 255, payment_intent="pi_SMALL")).status == 200


async def test_two_at_the_same_time_under_one_key_conflict() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        begun.set()
        await go_on.wait()

    async with running("/stripe", pause=pause) as api:
        first = asyncio.create_task(api.refund("k", payment_intent="pi_SMALL"))
        await begun.wait()
        second = await api.refund("k", payment_intent="pi_SMALL")
        go_on.set()
        assert (second.status, second.error["code"]) == (409, "idempotency_key_in_use")
        assert (await first).status == 200
        assert len(await refunds_of(api, "pi_SMALL")) == 1


async def test_a_refund_carries_what_was_asked_for(api: Vendor) -> None:
    form = {"payment_intent": "pi_DUPLICATE", "amount": "2000", "reason": "duplicate", "metadata[call_id]": "c-1"}
    made = (await api.refund(**form)).body
    assert (made["amount"], made["currency"], made["charge"]) == (2000, "usd", "ch_DUPLICATE")
    assert (made["reason"], made["metadata"], made["status"]) == ("duplicate", {"call_id": "c-1"}, "succeeded")
    assert (await api.get(f"/v1/refunds/{made['id']}")).body == made


async def test_without_an_amount_all_that_is_left_goes_back(api: Vendor) -> None:
    made = (await api.refund(charge="ch_PARTLY")).body
    charge = (await api.get("/v1/charges/ch_PARTLY")).body
    assert (made["amount"], charge["amount_refunded"], charge["refunded"]) == (5000, 20000, True)


async def test_never_more_goes_back_than_is_left_and_nothing_of_a_disputed_charge(api: Vendor) -> None:
    too_much = await api.refund(payment_intent="pi_PARTLY", amount="8000")
    assert (too_much.status, too_much.error["type"]) == (400, "invalid_request_error")
    assert too_much.error["message"] == "Refund amount ($80.00) is greater than unrefunded amount on charge ($50.00)"
    assert (await api.refund(payment_intent="pi_PARTLY", amount="5000")).status == 200
    again = await api.refund(payment_intent="pi_PARTLY", amount="1")
    assert (again.status, again.error["code"]) == (400, "charge_already_refunded")
    assert "(12001 JPY)" in (await api.refund(payment_intent="pi_YEN", amount="12001")).error["message"]
    disputed = await api.refund(payment_intent="pi_DISPUTED", amount="100")
    assert (disputed.status, disputed.error["code"]) == (400, "charge_disputed")


@pytest.mark.parametrize(
    ("form", "status", "param"),
    [
        ({"payment_intent": "pi_NOBODY"}, 404, "payment_intent"),
        ({"charge": "ch_NOBODY"}, 404, "charge"),
        ({}, 400, "payment_intent"),
        ({"payment_intent": "pi_SMALL", "charge": "ch_YEN"}, 400, "charge"),
        ({"payment_intent": "pi_SMALL", "amount": "0"}, 400, "amount"),
        ({"payment_intent": "pi_SMALL", "amount": "12.50"}, 400, "amount"),
        ({"payment_intent": "pi_SMALL", "reason": "because"}, 400, "reason"),
        ({"payment_intent": "pi_SMALL", "note": "x"}, 400, "note"),
        ({"payment_intent": "pi_SMALL", "metadata": "x"}, 400, "metadata"),
        ({"payment_intent": "pi_SMALL", "metadata[k]": "x" * 501}, 400, "metadata"),
    ],
)
async def test_a_wrong_parameter_is_named(api: Vendor, form: dict[str, str], status: int, param: str) -> None:
    answer = await api.refund(**form)
    assert (answer.status, answer.error["param"]) == (status, param)


async def test_an_id_becomes_an_object_only_when_expanded(api: Vendor) -> None:
    plain = await api.get("/v1/payment_intents/pi_PARTLY")
    assert plain.body["latest_charge"] == "ch_PARTLY"
    query = urlencode([("expand[]", "latest_charge.refunds"), ("expand[]", "customer")])
    whole = await api.ask("GET", f"/v1/payment_intents/pi_PARTLY?{query}")
    assert whole.body["latest_charge"]["amount_refunded"] == 15000
    assert whole.body["latest_charge"]["refunds"]["data"][0]["id"] == "re_PARTLY"
    assert whole.body["customer"]["email"] == "ap@northwind.example"
    assert (await api.get("/v1/payment_intents/pi_PARTLY")).body == plain.body


@pytest.mark.parametrize("path", ["nothing", "amount", "latest_charge.amount", "a.b.c.d.e"])
async def test_what_cannot_be_expanded_is_refused(api: Vendor, path: str) -> None:
    answer = await api.ask("GET", f"/v1/payment_intents/pi_PARTLY?{urlencode({'expand[]': path})}")
    assert (answer.status, answer.error["param"]) == (400, "expand")


async def test_a_list_is_paged_newest_first(api: Vendor) -> None:
    for amount in ("100", "200", "300"):
        await api.refund(payment_intent="pi_DUPLICATE", amount=amount)
    first = (await api.get("/v1/refunds", payment_intent="pi_DUPLICATE", limit="2")).body
    assert ([item["amount"] for item in first["data"]], first["has_more"]) == ([300, 200], True)
    after = first["data"][-1]["id"]
    second = (await api.get("/v1/refunds", payment_intent="pi_DUPLICATE", limit="2", starting_after=after)).body
    assert ([item["amount"] for item in second["data"]], second["has_more"]) == ([100], False)
    before = second["data"][0]["id"]
    back = (await api.get("/v1/refunds", payment_intent="pi_DUPLICATE", limit="1", ending_before=before)).body
    assert ([item["amount"] for item in back["data"]], back["has_more"]) == ([200], True)


async def test_a_list_can_be_bounded_by_time(api: Vendor) -> None:
    since = str(int(datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()))
    found = (await api.ask("GET", f"/v1/payment_intents?created[gte]={since}")).body["data"]
    assert [item["id"] for item in found] == ["pi_DUPLICATE"]


async def test_lists_are_filtered_exactly(api: Vendor) -> None:
    disputes = (await api.get("/v1/disputes", payment_intent="pi_DISPUTED")).body["data"]
    assert [(item["amount"], item["status"]) for item in disputes] == [(31000, "needs_response")]
    assert (await api.get("/v1/disputes", payment_intent="pi_SMALL")).body["data"] == []
    found = (await api.get("/v1/customers", email="ap@northwind.example")).body["data"]
    assert [item["name"] for item in found] == ["Dana Ortiz"]
    assert (await api.get("/v1/customers", email="AP@northwind.example")).body["data"] == []
    assert (await api.get("/v1/refunds", colour="red")).error["code"] == "parameter_unknown"


async def test_staged_evidence_stays_here_and_submitted_evidence_is_gone_for_good(api: Vendor) -> None:
    async def send(**form: str) -> tuple[int, str]:
        answer = await api.ask("POST", "/v1/disputes/dp_DISPUTED", data=form)
        return answer.status, answer.body.get("status", "")

    assert await send(**{"evidence[uncategorized_text]": "Delivered.", "submit": "false"}) == (200, "needs_response")
    assert await send() == (200, "under_review")
    assert (await send())[0] == 400


async def test_every_sending_of_an_invoice_mails_again(api: Vendor) -> None:
    for _ in range(2):
        assert (await api.ask("POST", "/v1/invoices/in_20431/send")).status == 200
    assert api.state.stripe["times_sent"] == {"in_20431": 2}


async def test_the_panel_shows_the_newest_first_in_words_for_people(api: Vendor) -> None:
    await api.refund(payment_intent="pi_YEN", amount="2000")
    shown = stripe.panel(api.state)
    assert [item["id"] for item in shown["payments"]][:2] == ["pi_DUPLICATE", "pi_SMALL"]
    yen = next(item for item in shown["payments"] if item["id"] == "pi_YEN")
    assert (yen["amount"], yen["left"], yen["currency"]) == ("12000", "10000", "JPY")
    assert (shown["refunds"][0]["payment"], shown["refunds"][0]["amount"]) == ("pi_YEN", "2000")
