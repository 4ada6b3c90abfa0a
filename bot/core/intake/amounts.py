"""Read amounts and currencies out of text, and settle what sum a call is about. Nothing is guessed.

A sign that several currencies share, such as "$", states an amount and no currency. An amount below zero is read as the
amount itself: a refund of "-24.90" gives back 24.90; intake keeps the text as stated. An amount of zero is what an
extractor writes for nothing, so it is not stated.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from bot.core.model import Money
from bot.core.money import exponent, to_major, to_minor

CURRENCY_NOT_STATED = "Currency not stated"  # how the doubt begins that a later currency settles

# Written signs and words that mean one ISO 4217 currency only.
_CURRENCIES = {
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "us$": "USD",
    "us dollar": "USD",
    "us dollars": "USD",
    "u.s. dollars": "USD",
    "american dollars": "USD",
    "pounds sterling": "GBP",
    "british pounds": "GBP",
    "british pound": "GBP",
    "pound sterling": "GBP",
    "swiss francs": "CHF",
    "canadian dollars": "CAD",
    "australian dollars": "AUD",
    "japanese yen": "JPY",
    "yen": "JPY",
    "r$": "BRL",
    "ca$": "CAD",
    "c$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "zł": "PLN",
    "₹": "INR",
    "₺": "TRY",
    "₴": "UAH",
    "₽": "RUB",
}
_SHARED = frozenset(("$", "£", "¥", "kr", "kr.", "fr", "fr.", "dollar", "dollars", "buck", "bucks")).union(
    ("pound", "pounds", "peso", "pesos", "crown", "crowns", "kroner", "kronor", "franc", "francs")
)
_MARK = "|".join(re.escape(word) for word in sorted([*_CURRENCIES, *_SHARED], key=len, reverse=True))
_NUMBER = (
    r"(?:\d{1,3}(?P<group>[,. '’\u00a0\u202f])\d{3}(?:(?P=group)\d{3})*(?:(?!(?P=group))[.,]\d{1,4})?"  # 1,240.00
    r"|\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d{1,4})?"  # 1,24,000.00 as in India
    r"|\d+(?:[.,]\d{1,4})?)(?!\d)"
)
_VALUE = re.compile(
    rf"(?P<before>[A-Z]{{3}}\b|{_MARK})?\s*(?P<sign>[-\u2212+(]?)\s*(?P<mark>{_MARK})?\s*(?P<number>{_NUMBER})\s*"
    rf"(?P<trailing>[-\u2212)]?)\s*(?P<after>[A-Z]{{3}}\b|{_MARK})?",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(
    rf"(?<![\d.,/_-])(?P<number>{_NUMBER})(?![/]|[.,-]\d|-[A-Za-z])"
    rf"(?:\s?(?P<after>[A-Z]{{3}}\b|(?i:usd|eur|gbp|{_MARK})(?!\w)))?(?:\s+and\s+(?P<cents>\d\d?)\s+cents\b)?",
)
_BEFORE = re.compile(rf"(?<![\w.-])([A-Z]{{3}}|(?i:usd|eur|gbp|{_MARK}))\s?$")
_TWO_WAYS = re.compile(r"[1-9]\d{0,2}([.,])\d{3}")  # 1.240: twelve hundred and forty, or a little more than one
_WORDS_TOO = frozenset(("ALL", "TOP", "TRY", "CUP", "MOP", "PEN", "GEL", "SOS", "RON", "MAD", "BAM", "COP", "LAK"))
_SPACES = re.compile(r"[ '’\u00a0\u202f]")


class Amount(NamedTuple):
    value: Decimal  # above zero
    currency: str | None
    text: str  # as stated
    shared_sign: bool = False  # stated with a sign that several currencies share
    negative: bool = False
    divider: str = ""  # the only "." or "," before exactly three digits, which may divide thousands or decimals

    def __str__(self) -> str:
        return f"{self.value:f} {self.currency}" if self.currency else f"{self.value:f}"


class Settled(NamedTuple):
    amount: str | None = None  # decimal text in major units
    currency: str | None = None
    money: Money | None = None
    from_summary: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def currency_of(text: str) -> str | None:
    """Return the ISO 4217 code, or None for what is none or may be several."""
    word = " ".join(text.split())
    if word.casefold() in _CURRENCIES:
        return _CURRENCIES[word.casefold()]
    try:
        exponent(word.upper())
    except ValueError:
        return None
    return word.upper()


def amount_of(text: str) -> Amount | None:
    """Read one amount and nothing else: "$1,240.00", "1.240,00", "1 240,00 €", "-24.90", "USD 12"; else None."""
    match = _VALUE.fullmatch(text.strip())
    if match is None:
        return None
    marks = [mark for mark in (match["before"], match["mark"], match["after"]) if mark]
    codes = {currency_of(mark) for mark in marks if mark.casefold() not in _SHARED}
    value = _decimal(match["number"])
    if None in codes or len(codes) > 1 or not value:
        return None
    sign = (match["sign"], match["trailing"])
    negative = sign not in (("", ""), ("+", ""))
    return Amount(value, next(iter(codes), None), text, bool(marks) and not codes, negative, _divider(match["number"]))


def amounts_in(text: str) -> list[Amount]:
    """Return the amounts that a text names with a currency or its sign: "USD 129.50", "129.50 USD", "$129.50"."""
    found: dict[tuple[Decimal, str | None], Amount] = {}
    for match in _IN_TEXT.finditer(text):
        before = _BEFORE.search(text, max(0, match.start() - 20), match.start())
        if before is None and text[match.start() - 1 : match.start()].isalpha():
            continue  # INV20418
        marks = [
            mark for mark in (before and before[1], match["after"]) if mark and _names_money(mark, match["number"])
        ]
        value = _decimal(match["number"]) + Decimal(match["cents"] or 0) / 100
        if marks and value:
            code = next((code for mark in marks if (code := currency_of(mark))), None)
            stated = text[before.start() if before else match.start() : match.end()]
            found.setdefault(
                (value, code), Amount(value, code, stated, code is None, divider=_divider(match["number"]))
            )
    return list(found.values())


def settle(stated: Sequence[Amount], currency: str | None, summary: str) -> Settled:
    """Settle the sum that a call is about, from the fields that state it and, if they do not, from the summary.

    An amount of the fields that the summary also names is taken, whatever other amounts the summary tells of.
    """
    in_summary = amounts_in(summary)
    doubts: list[str] = []
    own = {amount.currency for amount in stated if amount.currency}
    if currency is None and len(own) == 1:
        currency = own.pop()
    elif own - {currency}:
        doubts.append(f"Two currencies are stated: {' and '.join(sorted({*own, *([currency] if currency else [])}))}.")
    chosen, from_summary = _chosen(stated, currency, in_summary, doubts)
    if chosen is None:
        return Settled(None, currency, doubts=tuple(doubts))
    if currency is None:
        codes = {amount.currency for amount in in_summary if amount.value == chosen.value and amount.currency}
        if len(codes) == 1:
            currency = codes.pop()
            from_summary = (*from_summary, "currency")
    if currency is None and chosen.shared_sign:
        doubts.append(f"{CURRENCY_NOT_STATED}: “{chosen.text}” names no ISO 4217 currency.")
    return _fitted(chosen, currency, from_summary, doubts)


def _chosen(
    stated: Sequence[Amount], currency: str | None, in_summary: Sequence[Amount], doubts: list[str]
) -> tuple[Amount | None, tuple[str, ...]]:
    if stated:
        chosen = stated[0]
        other = next((amount for amount in stated if amount.value != chosen.value), None)
        same = [amount for amount in in_summary if amount.value == chosen.value]
        if other is not None:
            doubts.append(f"Two amounts are stated: {chosen} and {other}.")
        elif in_summary and not same:
            doubts.append(f"Two amounts are stated: {chosen} in the fields, {in_summary[0]} in the summary.")
        elif same and currency and not any(amount.currency in (None, currency) for amount in same):
            doubts.append(
                f"Two amounts are stated: {chosen.value:f} {currency} in the fields, {same[0]} in the summary."
            )
        return chosen, ()
    if len({amount.value for amount in in_summary}) > 1 or len({amount.currency for amount in in_summary} - {None}) > 1:
        doubts.append(f"The summary names two amounts: {in_summary[0]} and {in_summary[1]}.")
    elif in_summary and currency and not any(amount.currency in (None, currency) for amount in in_summary):
        doubts.append(f"The fields state {currency}, the summary {in_summary[0]}.")
    elif in_summary:
        return in_summary[0], ("amount",)
    return None, ()


def _fitted(chosen: Amount, currency: str | None, from_summary: tuple[str, ...], doubts: list[str]) -> Settled:
    plain = f"{chosen.value:f}"
    decimals = exponent(currency) if currency else 2
    if chosen.divider and (chosen.divider == ",") == (decimals == 3):
        doubts.append(f"The amount “{chosen.text}” reads in two ways.")
        return Settled(None, currency, doubts=tuple(doubts))
    if currency is None:
        return Settled(plain, None, None, from_summary, tuple(doubts))
    try:
        money = Money(amount_minor=to_minor(plain, currency), currency=currency)
    except ValueError as error:
        return Settled(plain, currency, None, from_summary, (*doubts, f"{error}."))
    return Settled(to_major(money), currency, money, from_summary, tuple(doubts))


def _divider(number: str) -> str:
    match = _TWO_WAYS.fullmatch(number)
    return match[1] if match else ""


def _names_money(mark: str, number: str) -> bool:
    if mark.casefold() in _SHARED:
        return True
    return currency_of(mark) is not None and (mark not in _WORDS_TOO or not number.isdigit())


def _decimal(number: str) -> Decimal:
    """Read a number; a divider that comes more than once divides thousands, and so does a single "," as in 1,240."""
    plain = _SPACES.sub("", number)
    last = "," if plain.rfind(",") > plain.rfind(".") else "."
    other = "." if last == "," else ","
    if plain.count(last) > 1 or (last == "," and _TWO_WAYS.fullmatch(plain)):
        return Decimal(plain.replace(last, ""))
    return Decimal(plain.replace(other, "").replace(last, "."))
