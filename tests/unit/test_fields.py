import pytest
from pydantic import JsonValue

from bot.core.intake import read_call
from bot.core.model import Address, Call, Fields, Money
from tests.support.calls import details_of, received

DOLLARS = {"amount": 129.5, "currency": "USD"}


def test_the_flag_alone_marks_a_call_as_sensitive() -> None:
    assert details_of(sensitive_data_spoken="true").fields.sensitive_data_spoken is True
    assert details_of(sensitive_data_spoken="false").fields.sensitive_data_spoken is False
    assert details_of().fields.sensitive_data_spoken is None


@pytest.mark.parametrize("name", ["Invoice Number", "invoice-number", "INVOICE_NUMBER", "invoiceNumber", "invoice no"])
def test_field_names_match_in_any_spelling(name: str) -> None:
    assert details_of(**{name: "INV-7"}).fields.invoice_number == "INV-7"


def test_the_policys_mapping_goes_before_our_own_names() -> None:
    body: JsonValue = {"call_id": "1", "status": "completed", "analysis": {"ref": "A", "order_id": "B", "Size": "C"}}
    call = read_call(body, None, {"Ref": "order_id", "size": "billing_address.city"})
    assert isinstance(call, Call)
    assert call.details.fields.order_id == "A"
    assert call.details.unmapped == {"order_id": "B"}
    assert call.details.fields.billing_address == Address(city="C")


@pytest.mark.parametrize(
    "container",
    [
        {"Customer Name": "Ada", "vip": "true"},
        '{"customer_name": "Ada", "vip": true}',
        [{"field_name": "customer_name", "value": "Ada"}, {"field_name": "vip", "value": "yes"}],
        {"customer_name": {"value": "Ada", "confidence": 0.5}, "vip": 1},
    ],
    ids=["object", "text", "list", "nested value"],
)
def test_the_analysis_comes_in_every_container(container: JsonValue) -> None:
    for name in ("post_call_analysis", "postcallanalysis", "extracted_data", "analysis", "json_output"):
        fields = received({"call_id": "1", "status": "completed", name: container}).details.fields
        assert (fields.customer_name, fields.vip) == ("Ada", True)


@pytest.mark.parametrize("nothing", ["", " ", None, "unclear", "Unknown", "N/A", "not stated", [], {}, "none"])
def test_a_word_for_nothing_is_not_stated(nothing: JsonValue) -> None:
    fields = details_of(
        customer_name=nothing, refund_amount=nothing, currency=nothing, email=nothing, vip=nothing
    ).fields
    assert fields == Fields(confidence=0.9)


def test_what_has_no_meaning_for_us_is_kept_as_text() -> None:
    details = details_of(score=7, Tags=["a", "b"], extra={"k": 1}, vip="gold", callback_requested=True)
    assert details.unmapped == {
        "score": "7",
        "Tags": "a, b",
        "extra": '{"k": 1}',
        "vip": "gold",
        "callback_requested": "true",
    }


def test_the_analysis_wins_over_metadata_and_nothing_is_lost() -> None:
    body: JsonValue = {
        "call_id": "1",
        "status": "completed",
        "extracted_data": {"email": "Ada@Example.com", "amount": 5},
        "metadata": {"customer_email": "old@example.com", "amount": 7, "account_id": "ACC-1"},
    }
    details = received(body).details
    assert (details.fields.email, details.fields.account_id) == ("ada@example.com", "ACC-1")
    assert details.fields.amount == "5"
    assert details.unmapped == {"customer_email": "old@example.com", "amount": "7"}
    assert details.doubts == ()


@pytest.mark.parametrize("email", ["jane at example dot com", "jane@example", "a@b@c.com", "jane@@example.com"])
def test_an_email_without_its_shape_is_doubted(email: str) -> None:
    details = details_of(email=email)
    assert details.fields.email is None
    assert details.doubts == (f"“{email}” is no complete e-mail address.",)
    assert details.unmapped == {"email": email}


@pytest.mark.parametrize(
    ("stated", "confidence"),
    [
        (0.41, 0.41),
        ("41%", 0.41),
        (41, 0.41),
        ("0.95", 0.95),
        (1, 1.0),
        (100, 1.0),
        ("1%", 0.01),
        (None, 0.9),
        (0, 0.0),
    ],
)
def test_confidence_is_read_in_each_form(stated: JsonValue, confidence: float) -> None:
    assert details_of(confidence=stated).fields.confidence == confidence


@pytest.mark.parametrize("stated", ["high", 140, "-1"])
def test_a_confidence_that_cannot_be_read_is_doubted(stated: JsonValue) -> None:
    assert details_of(confidence=stated).doubts == (f"The confidence “{stated}” is no number between 0 and 1.",)


@pytest.mark.parametrize(
    ("summary", "analysis", "money", "from_summary", "confidence"),
    [
        ("Wants USD 129.50 back", {}, (12950, "USD"), ("amount", "currency"), 0.7),
        ("Wants 129.50 USD back", {"currency": "USD"}, (12950, "USD"), ("amount",), 0.7),
        ("Wants USD 129.50 back", {"amount": 129.5}, (12950, "USD"), ("currency",), 0.7),
        ("Wants $129.50 back", {"amount": "129.50", "currency": "usd"}, (12950, "USD"), (), 0.9),
        ("Wants 12,000 JPY back", {}, (12000, "JPY"), ("amount", "currency"), 0.7),
        ("129 dollars and 50 cents", {"currency": "USD"}, (12950, "USD"), ("amount",), 0.7),
        ("USD 259.00 in all, twice USD 129.50", {"amount": 129.5, "currency": "USD"}, (12950, "USD"), (), 0.9),
    ],
)
def test_money_that_only_the_summary_states_is_marked(
    summary: str,
    analysis: dict[str, JsonValue],
    money: tuple[int, str],
    from_summary: tuple[str, ...],
    confidence: float,
) -> None:
    details = details_of(summary, **analysis)
    assert details.money == Money(amount_minor=money[0], currency=money[1])
    assert (details.from_summary, details.fields.confidence, details.doubts) == (from_summary, confidence, ())


@pytest.mark.parametrize(
    ("summary", "analysis", "doubt"),
    [
        ("", {"amount": 129.5, "amount_mentioned": 150}, "Two amounts are stated: 129.5 and 150."),
        ("USD 150.00", DOLLARS, "Two amounts are stated: 129.5 in the fields, 150.00 USD in the summary."),
        ("EUR 129.50", DOLLARS, "Two amounts are stated: 129.5 USD in the fields, 129.50 EUR in the summary."),
        ("USD 1.00 and USD 2.00", {}, "The summary names two amounts: 1.00 USD and 2.00 USD."),
        ("USD 1.00", {"currency": "EUR"}, "The fields state EUR, the summary 1.00 USD."),
        ("", {"amount": "129.50 EUR", "currency": "USD"}, "Two currencies are stated: EUR and USD."),
        ("", {"amount": "12.5", "currency": "JPY"}, "12.5 has more decimals than JPY, which has 0."),
        ("", {"amount": "about 130", "currency": "USD"}, "The amount “about 130” cannot be read."),
        ("", {"amount": 5, "currency": "XYZ"}, "Currency not stated: “XYZ” is no ISO 4217 currency."),
    ],
)
def test_money_that_does_not_fit_is_doubted(summary: str, analysis: dict[str, JsonValue], doubt: str) -> None:
    assert details_of(summary, **analysis).doubts == (doubt,)


def test_an_amount_below_zero_is_the_amount_itself_and_shown_as_stated() -> None:
    details = details_of(refund_amount="-24.90", currency="USD")
    assert details.money == Money(amount_minor=2490, currency="USD")
    assert details.unmapped == {"refund_amount as stated": "-24.90"}


def test_two_invoices_in_a_summary_fill_nothing() -> None:
    assert details_of("about INV-1001 and INV-1002").fields.invoice_number is None
    assert details_of("about invoice number 20418.").fields.invoice_number == "20418"


@pytest.mark.parametrize(
    "stated",
    [
        {"billing_address": {"street": "1 High St", "city": "Leeds", "postal_code": "LS1", "Country": "GB"}},
        {"billing_address_line1": "1 High St", "City": "Leeds", "zip": "LS1", "billing_country": "GB"},
    ],
)
def test_an_address_comes_whole_or_in_parts(stated: dict[str, JsonValue]) -> None:
    address = details_of(**stated).fields.billing_address
    assert address == Address(line1="1 High St", city="Leeds", postcode="LS1", country="GB")
    assert details_of(billing_address="1 High St, Leeds").fields.billing_address == Address(line1="1 High St, Leeds")


def test_what_is_stated_twice_alike_is_shown_once() -> None:
    body: JsonValue = {
        "call_id": "1",
        "status": "completed",
        "sentiment": "negative",
        "extracted_data": {"sentiment": "negative", "email": "ada@example.com"},
        "metadata": {"email": "ada@example.com"},
    }
    assert received(body).details.unmapped == {}
