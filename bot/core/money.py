"""Exact money: decimal text in major units on one side, integers in minor units on the other.

How many decimals a currency has is ISO 4217's to say; the `iso4217` package carries its table.
"""

import re
from decimal import Decimal

from iso4217 import Currency

from bot.core.model import Money

TENS_AT_MOST = 11  # below a trillion: its minor units stay exact in a JSON number and in a 64-bit column
DIGITS_AT_MOST = 28  # what Decimal computes with exactly; more would be rounded silently

_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")  # Decimal itself takes "1_000", "1e9" and " 5 " too


def exponent(currency: str) -> int:
    """Decimals of a currency (ISO 4217, upper case): 0, 2, 3 or 4; ValueError for a code that is no money."""
    digits: int | None = Currency(currency).exponent
    if digits is None:  # gold, test codes
        raise ValueError(f"{currency} has no minor unit")
    return digits


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Minor units of a decimal text in major units; ValueError where it is no number, too big, or too fine.

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
    """None where the amount does not fit its currency, or the currency is none."""
    try:
        return Money(amount_minor=to_minor(amount, currency), currency=currency)
    except ValueError:
        return None


def major(money: Money) -> Decimal:
    """In major units, with exactly the currency's decimals."""
    return Decimal(money.amount_minor).scaleb(-exponent(money.currency))


def to_major(money: Money) -> str:
    """Decimal text with exactly the currency's decimals: "129.50", "12000", "1.250"."""
    return f"{major(money):f}"


def show(money: Money) -> str:
    """For people, with thousands separators: "1,240.00 USD"."""
    return f"{major(money):,f} {money.currency}"


def _number(amount: str | Decimal) -> Decimal:
    if isinstance(amount, str) and _DECIMAL.fullmatch(amount) is None:
        raise ValueError(f"{amount[:40]!r} is not an amount")
    value = Decimal(amount)
    if not value.is_finite() or len(value.as_tuple().digits) > DIGITS_AT_MOST:
        raise ValueError(f"{str(value)[:40]} is not an amount")
    return value
