"""Compute exact money: decimal text in major units on one side, integers in minor units on the other.

How many decimals a currency has is ISO 4217's to say; the `iso4217` package carries its table.
"""

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, get_decimal_symbol, get_group_symbol, parse_pattern
from iso4217 import Currency

from bot.core.model import Money

HOME = "en_US"  # how amounts stand in rows, in the history and in what we write elsewhere, whoever reads it

TENS_AT_MOST = 11  # below a trillion: its minor units stay exact in a JSON number and in a 64-bit column
DIGITS_AT_MOST = 28  # what Decimal computes with exactly; more would be rounded silently

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")  # Decimal itself takes "1_000", "1e9" and " 5 " too
# What `show` writes at home; what stands between quotation marks is somebody else's and stays as it is.
_SHOWN = re.compile(r"“[^”]*”|(?<![\w.,-])(?P<number>-?[0-9]{1,3}(?:,[0-9]{3})*(?:\.[0-9]+)?) (?P<currency>[A-Z]{3})\b")


def exponent(currency: str) -> int:
    """Return the decimals of an ISO 4217 currency: 0, 2, 3 or 4. Raises ValueError for a code that is no money."""
    digits: int | None = Currency(currency).exponent
    if digits is None:  # gold, test codes
        raise ValueError(f"{currency} has no minor unit")
    return digits


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Return the minor units of a decimal text in major units.

    Raises ValueError if it is no number, too big, or too fine.

    Zeros at the end are not decimals: "12000.00" is a whole amount of yen.
    """
    digits = exponent(currency)
    value = _number(amount)
    if value.adjusted() > TENS_AT_MOST:
        raise ValueError(f"{amount} {currency} is more than we handle")
    minor = value.scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency}, which has {digits}")
    return int(minor)


def from_major(amount: Decimal, currency: str) -> Money | None:
    """Return the money, or None if the amount does not fit its currency or the currency is none."""
    try:
        return Money(amount_minor=to_minor(amount, currency), currency=currency)
    except ValueError:
        return None


def major(money: Money) -> Decimal:
    """Return the amount in major units, with exactly the currency's decimals."""
    return Decimal(money.amount_minor).scaleb(-exponent(money.currency))


def to_major(money: Money) -> str:
    """Return decimal text with exactly the currency's decimals: "129.50", "12000", "1.250"."""
    return f"{major(money):f}"


def number(money: Money, locale: str = HOME) -> str:
    """Format the amount with thousands separators and exactly the currency's decimals, whatever CLDR says: "1,240.00".

    Digits are 0 to 9 in every locale, as in the systems where people look an amount up.
    """
    value = major(money)
    if locale == HOME:
        return f"{value:,f}"
    pattern, where = _pattern(locale, exponent(money.currency))
    return ("-" if value < 0 else "") + str(pattern.apply(abs(value), where, numbering_system="latn"))


def show(money: Money, locale: str = HOME) -> str:
    """Format money for people: "1,240.00 USD", in de_DE "1.240,00 USD"; the code, since currencies share signs."""
    return f"{number(money, locale)} {money.currency}"


def editable(money: Money, locale: str = HOME) -> str:
    """Format the amount as it stands in a form: without what divides thousands, and without the currency."""
    return to_major(money).replace(".", separators(locale)[0])


def in_locale(sentence: str, locale: str) -> str:
    """Return a sentence of ours with its amounts as the locale writes them; they are stored as at home."""
    return sentence if locale == HOME else _SHOWN.sub(lambda match: _again(match, locale), sentence)


@lru_cache(maxsize=256)
def separators(locale: str) -> tuple[str, str]:
    """Return what stands before the decimals, and between thousands."""
    return get_decimal_symbol(locale, numbering_system="latn"), get_group_symbol(locale, numbering_system="latn")


@lru_cache(maxsize=256)
def _pattern(locale: str, decimals: int) -> tuple[NumberPattern, Locale]:
    where = Locale.parse(locale)
    whole = str(where.decimal_formats[None].pattern).partition(".")[0]
    return parse_pattern(f"{whole}.{'0' * decimals}" if decimals else whole), where


def _again(match: re.Match[str], locale: str) -> str:
    """Format again only what `show` can have written: an amount with other decimals came from elsewhere."""
    if match["number"] is None:
        return match[0]
    try:
        money = Money(
            amount_minor=to_minor(match["number"].replace(",", ""), match["currency"]), currency=match["currency"]
        )
    except ValueError:
        return match[0]
    return show(money, locale) if show(money) == match[0] else match[0]


def _number(amount: str | Decimal) -> Decimal:
    if isinstance(amount, str) and _DECIMAL.fullmatch(amount) is None:
        raise ValueError(f"{amount[:40]!r} is not an amount")
    value = Decimal(amount)
    if not value.is_finite() or len(value.as_tuple().digits) > DIGITS_AT_MOST:
        raise ValueError(f"{str(value)[:40]} is not an amount")
    return value
