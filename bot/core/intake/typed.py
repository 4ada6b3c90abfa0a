"""Read an amount that a person types into a form as the locale of their channel writes numbers. Nothing is guessed."""

import re
from decimal import Decimal

from bot.core.intake.amounts import Amount, amount_of
from bot.core.model import Money
from bot.core.money import HOME, exponent, from_major, number, separators, to_minor

_OTHER_DIGITS = re.compile(r"[^\D0-9]")
_DIVIDED = re.compile(r"([0-9]+)[.,]([0-9]{3})")


def typed(text: str, currency: str, locale: str = HOME) -> Decimal:
    """Return major units, above zero, that fit the currency. Raises ValueError with a sentence for who typed it.

    A point and a comma are both taken where only one reading is possible: "1240.50" and "1.240,50" are the same
    everywhere. "1.240" is not: it is refused, unless it is just how the locale writes an amount of that currency.
    """
    amount = a_number(text, locale, currency)
    if amount.currency not in (None, currency):
        raise ValueError(f"The amount says {amount.currency}, the currency {currency}.")
    value = _divided(amount, currency, locale) if amount.divider else amount.value
    try:
        to_minor(value, currency)
    except ValueError as fault:
        raise ValueError(f"{fault}.") from None
    return value


def a_number(text: str, locale: str, currency: str = "USD") -> Amount:
    """Read what was typed; `currency` is for the example only. Raises ValueError as `typed` does."""
    decimal, group = separators(locale)
    if group not in ".,":
        text = text.replace(group, "")
    amount = amount_of(text if decimal in ".," else text.replace(decimal, "."))
    if not text.strip(" 0.,") or (amount is not None and amount.negative):
        raise ValueError("The amount must be more than zero.")
    if amount is None or amount.shared_sign or _OTHER_DIGITS.search(text):
        raise ValueError(f"Write the amount as a number, for example {_example(currency, locale)}.")
    return amount


def _divided(amount: Amount, currency: str, locale: str) -> Decimal:
    """Read one "." or "," before three digits: what it divides is known only if the locale writes it so."""
    digits, (decimal, group) = exponent(currency), separators(locale)
    whole, rest = _DIVIDED.findall(amount.text)[0]
    large, small = Decimal(whole + rest), Decimal(f"{whole}.{rest}")
    if amount.divider == decimal and digits == 3:
        return small
    if amount.divider == group and digits == 0:
        return large
    fitting = [money for value in (large, small) if (money := from_major(value, currency))]
    raise ValueError(
        f"“{amount.text.strip()}” is not clear here: write {' or '.join(number(money, locale) for money in fitting)}."
    )


def _example(currency: str, locale: str) -> str:
    minor = int(Decimal("1240.5").scaleb(exponent(currency)))
    return number(Money(amount_minor=minor, currency=currency), locale)
