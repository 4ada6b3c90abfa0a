"""Check what people fill into a form: a sentence for each faulty input, to be shown beside it."""

import re
from collections.abc import Callable, Mapping

from bot.core.cards.mrkdwn import is_address
from bot.core.intake.typed import a_number, typed
from bot.core.money import HOME, exponent

_E_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
_BRAND_NAME = range(2, 51)  # Fidel API's limit


def faults(filled: Mapping[str, str], locale: str = HOME) -> dict[str, str]:
    """Return the faults by input; `filled` holds what was filled in, numbers as the locale writes them."""
    wrong = {name: fault for name, check in _CHECKS.items() if name in filled and (fault := check(filled[name]))}
    return wrong | _money_faults(filled, locale)


def is_e_mail(text: str) -> bool:
    return _E_MAIL.fullmatch(text) is not None


def _e_mail_fault(text: str) -> str | None:
    return None if is_e_mail(text) else "This is not an e-mail address like name@example.com."


def _url_fault(text: str) -> str | None:
    return None if is_address(text) else "Give the whole address, beginning with https://."


def _brand_fault(text: str) -> str | None:
    return None if len(text) in _BRAND_NAME else "Fidel API takes brand names of 2 to 50 characters."


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "email": _e_mail_fault,
    "website_url": _url_fault,
    "logo_url": _url_fault,
    "brand_name": _brand_fault,
}


def _money_faults(filled: Mapping[str, str], locale: str) -> dict[str, str]:
    """Check the amount together with its currency, which has to exist and to have that many decimals."""
    amount, currency = filled.get("amount"), filled.get("currency")
    known = currency if currency and _is_currency(currency) else None
    errors = {}
    if currency and not known:
        errors["currency"] = f"{currency[:12]} is not a currency of ISO 4217; for example USD."
    elif amount and not currency:
        errors["currency"] = "Say the currency of the amount, for example USD."
    if amount and (fault := _amount_fault(amount, known, locale)):
        errors["amount"] = fault
    return errors


def _amount_fault(amount: str, currency: str | None, locale: str) -> str | None:
    try:
        if currency:
            typed(amount, currency, locale)
        else:
            a_number(amount, locale)
    except ValueError as fault:
        return str(fault)
    return None


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except ValueError:
        return False
    return True
