from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intake.amounts import amount_of, amounts_in, currency_of, settle
from bot.core.model import Money
from bot.core.money import exponent, from_major, major, show, to_major, to_minor

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
MINOR = st.integers(-(10**11), 10**11)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("129.50", "USD", 12950),
        ("12000", "JPY", 12000),
        ("1.250", "KWD", 1250),
        ("129.5", "USD", 12950),
        ("12000.00", "JPY", 12000),
        ("-24.90", "EUR", -2490),
        ("0", "USD", 0),
    ],
)
def test_decimal_text_becomes_exact_minor_units(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["129.505", "1e3", " 5", "1_000", "", "abc", "1,240.00", "٣", "NaN", "1" * 13])
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|is not an amount|more than we handle"):
        to_minor(text, "USD")


def test_decimals_that_rounding_would_hide_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not an amount|decimals"):
        to_minor(Decimal("99999999999.00000000000000000001"), "USD")


@pytest.mark.parametrize("code", ["usd", "XTS", "XAU", "DOLLARS", "", "$"])
def test_a_code_that_is_no_money_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match=r"not a valid|no minor unit"):
        exponent(code)


@given(minor=MINOR, currency=CURRENCIES)
def test_money_survives_the_way_to_text_and_back(minor: int, currency: str) -> None:
    money = Money(amount_minor=minor, currency=currency)
    assert to_minor(to_major(money), currency) == minor
    assert from_major(major(money), currency) == money
    assert show(money) == f"{Decimal(to_major(money)):,} {currency}"


def test_an_amount_from_a_vendor_that_fits_no_currency_is_none() -> None:
    assert from_major(Decimal("12.505"), "USD") is None
    assert from_major(Decimal("12.5"), "???") is None


def test_people_see_thousands_and_the_currency() -> None:
    assert show(Money(amount_minor=124000, currency="USD")) == "1,240.00 USD"
    assert show(Money(amount_minor=1240000, currency="JPY")) == "1,240,000 JPY"


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("129.5", "129.5", None),
        ("$1,240.00", "1240.00", None),
        ("1.240,00", "1240.00", None),
        ("1 240,00 €", "1240.00", "EUR"),
        ("1\u202f240,00\u00a0EUR", "1240.00", "EUR"),
        ("-24.90", "24.90", None),
        ("(24.90)", "24.90", None),
        ("USD 129.50", "129.50", "USD"),
        ("129.50 usd", "129.50", "USD"),
        ("US$ 12", "12", "USD"),
        ("£20", "20", None),
        ("1,24,000.00", "124000.00", None),
        ("1'240.00", "1240.00", None),
        ("12,50", "12.50", None),
        ("1,240", "1240", None),
        ("1.240.000", "1240000", None),
        ("129 dollars", "129", None),
    ],
)
def test_an_amount_is_read_in_the_ways_people_write_it(text: str, value: str, currency: str | None) -> None:
    amount = amount_of(text)
    assert amount is not None
    assert (amount.value, amount.currency) == (Decimal(value), currency)


@pytest.mark.parametrize(
    "text", ["0", "0.00", "", "about 130", "130 or 140", "1.240.00", "1,240,00", "12 XYZ", "USD 5 EUR", "INV-20418"]
)
def test_what_is_not_one_clear_amount_is_not_read(text: str) -> None:
    assert amount_of(text) is None


@given(minor=st.integers(1, 10**11), currency=st.sampled_from(["USD", "EUR", "JPY"]))
def test_what_we_show_is_read_back_as_the_same_money(minor: int, currency: str) -> None:
    shown = show(Money(amount_minor=minor, currency=currency))
    amount = amount_of(shown)
    assert amount is not None
    assert from_major(amount.value, currency) == Money(amount_minor=minor, currency=currency)
    assert [str(one) for one in amounts_in(f"a charge of {shown}, twice.")] == [str(amount)]


@pytest.mark.parametrize(
    "text", ["ALL 3 invoices", "invoice INV-20418", "on 2026-10-05", "12 items", "TOP 5", "5 % off"]
)
def test_a_number_without_a_currency_is_no_amount_in_a_text(text: str) -> None:
    assert amounts_in(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [("usd", "USD"), ("€", "EUR"), ("US dollars", "USD"), ("$", None), ("pounds", None), ("???", None)],
)
def test_a_currency_is_only_taken_where_it_is_one(text: str, code: str | None) -> None:
    assert currency_of(text) == code


@pytest.mark.parametrize(("text", "currency"), [("1.240", "EUR"), ("1,250", "KWD"), ("1.240", None)])
def test_an_amount_that_reads_in_two_ways_is_doubted_and_not_used(text: str, currency: str | None) -> None:
    amount = amount_of(text)
    assert amount is not None
    settled = settle([amount], currency, "")
    assert settled.money is None
    assert settled.amount is None
    assert settled.doubts == (f"The amount “{text}” reads in two ways.",)
