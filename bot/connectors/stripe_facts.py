"""What Stripe knows about a case: the charge, and what was refunded of it. Pure: the records come in, facts go out."""

from collections.abc import Callable, Iterable

from pydantic import JsonValue

from bot.connectors.stripe_api import OTHER_UNITS, TITLE, Charge, Refund, day
from bot.core.model import Fact, Money
from bot.core.money import show

MakeFact = Callable[..., Fact]


def charge_fact(payment_id: str, charge: Charge, said: Money | None, fact: MakeFact) -> Fact:
    """A doubt where the call's money does not fit the charge; not where it is disputed, which a dispute expects."""
    values: dict[str, JsonValue] = {
        "payment_id": payment_id,
        "charge_id": charge.id,
        "status": charge.status,
        "disputed": charge.disputed,
    }
    if charge.currency in OTHER_UNITS:
        words = f"{TITLE} counts {charge.currency} in other units than ISO 4217: compare the amount by hand."
        return fact(name="charge", values=values, sentence=words, doubt=words, url=charge.url)
    values |= {"amount_minor": charge.paid, "currency": charge.currency, "left_minor": charge.left}
    left = "all of it" if charge.left == charge.paid else charge.words(charge.left) if charge.left > 0 else "nothing"
    how = "paid" if charge.status == "succeeded" else charge.status
    sentence = f"{charge.words(charge.paid)} {how} on {day(charge.created)}, {left} left to refund"
    sentence += ", disputed" if charge.disputed else ""
    return fact(name="charge", values=values, sentence=sentence, doubt=_misfit(charge, said), url=charge.url)


def refunds_fact(charge: Charge, refunds: Iterable[Refund], said: Money | None, fact: MakeFact) -> Fact:
    """A doubt where nothing, or less than the call asks for, is left."""
    counted = sorted((one for one in refunds if not one.failed), key=lambda one: one.created)
    values: dict[str, JsonValue] = {"count": len(counted)}
    if charge.currency in OTHER_UNITS:
        return fact(name="refunds", values=values, sentence=f"{len(counted)} refunds so far", url=charge.url)
    values |= {"refunded_minor": charge.amount_refunded, "left_minor": charge.left, "currency": charge.currency}
    if charge.amount_refunded <= 0:
        return fact(name="refunds", values=values, sentence="Nothing refunded before", url=charge.url)
    last = f" (last on {day(counted[-1].created)})" if counted else ""
    sentence = f"Already refunded {charge.words(charge.amount_refunded)} of {charge.words(charge.paid)}{last}"
    asks_more = said is not None and said.currency == charge.currency and said.amount_minor > charge.left
    if charge.left <= 0:
        doubt: str | None = f"{sentence}: nothing is left."
    elif said is not None and asks_more:
        doubt = f"The call asks for {show(said)}, but only {charge.words(charge.left)} is left. {sentence}."
    else:
        doubt = None
    return fact(name="refunds", values=values, sentence=sentence, doubt=doubt, url=charge.url)


def _misfit(charge: Charge, said: Money | None) -> str | None:
    if said is None:
        return None
    if said.currency != charge.currency:
        return f"The call says {show(said)}, but the Stripe payment is {charge.words(charge.paid)}."
    if said.amount_minor > charge.paid:
        return f"The call says {show(said)}, more than the Stripe payment of {charge.words(charge.paid)}."
    return None
