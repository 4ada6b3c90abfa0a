"""Decide whether the policy settles a case by itself: "Automatic refunds" of the playbooks. Off unless switched on.

Every condition has to hold, and the first that does not is the answer. What could not be looked up counts against it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.core.duplicates import customer_key, pays
from bot.core.model import Details, Earlier, Fact, Frozen, Money, Proposal
from bot.core.money import show
from bot.core.people import EVERYTHING
from bot.core.policy.bands import Spent, payout_of
from bot.core.policy.model import Automatic, Policy, is_vip
from bot.core.policy.values import Amounts

_MONEY_FIELDS = frozenset({"amount", "currency", "payment_id"})


class Unattended(Frozen):
    """Say whether it is decided without a person: by which rule, or the first reason why not."""

    allowed: bool
    rule: str  # "automatic: up to 20.00 USD, at most 200.00 USD in 24 hours, 95% certain or more"
    why_not: str | None = None  # a sentence; only if it is not allowed


class Known(Frozen):
    """Hold what is known of the case when it opens."""

    details: Details
    facts: tuple[Fact, ...] = ()
    earlier: tuple[Earlier, ...] = ()


OFF = Unattended(allowed=False, rule="a person decides on every case", why_not="It is switched off for this kind.")


class _Asked(NamedTuple):
    policy: Policy
    rules: Automatic
    proposal: Proposal
    money: Money
    known: Known
    facts: Mapping[str, Fact]
    spent: Spent
    paused: Collection[str]


def automatic(
    policy: Policy, proposal: Proposal, known: Known, *, spent: Spent, paused: Collection[str] = ()
) -> Unattended:
    """Check every condition; `spent` is of 24 hours, in the proposal's currency; `paused` are all paused scopes."""
    rules = policy.automatic.get(proposal.kind)
    if rules is None or not rules.enabled:
        return OFF
    money = payout_of(proposal)
    if money is None or money.amount_minor <= 0:
        return Unattended(allowed=False, rule=OFF.rule, why_not="It pays nothing back.")
    facts = {fact.name: fact for fact in known.facts}
    asked = _Asked(policy, rules, proposal, money, known, facts, spent, paused)
    why_not = next((why for condition in _CONDITIONS for why in condition(asked)), None)
    return Unattended(allowed=why_not is None, rule=_rule(rules, money.currency), why_not=why_not)


def _rule(rules: Automatic, currency: str) -> str:
    limits = ((rules.up_to, "up to {}"), (rules.per_day, "at most {} in 24 hours"))
    words = [text.format(_shown(amounts, currency)) for amounts, text in limits if currency in amounts]
    return f"automatic: {', '.join([*words, f'{rules.confidence:.0%} certain or more'])}"


def _shown(amounts: Amounts, currency: str) -> str:
    return show(Money(amount_minor=amounts[currency], currency=currency))


# --- the conditions -------------------------------------------------------------------------------------------------


def _nobody_asked(asked: _Asked) -> Iterator[str]:
    if asked.proposal.authors:
        yield "A person asked for it or edited it."


def _runs(asked: _Asked) -> Iterator[str]:
    if stopped := {EVERYTHING, *(action.connector for action in asked.proposal.actions)}.intersection(asked.paused):
        yield f"{min(stopped).capitalize()} is paused."
    if any(action.by_hand or not pays(action) for action in asked.proposal.actions if action.name == "refund"):
        yield "A person has to make the payment by hand."


def _within_limits(asked: _Asked) -> Iterator[str]:
    rules, limits, spent, customer = asked.rules, asked.policy.limits, asked.spent, customer_key(asked.known.details)
    if customer is None:
        yield "The customer is not known."
    for amounts, before, words in (
        (rules.up_to, 0, "without a person"),
        (limits.per_customer_per_day, spent.customer, "in 24 hours for this customer"),
        (rules.per_day, spent.automatic, "in 24 hours without a person"),
    ):
        if asked.money.currency not in amounts:
            yield f"The policy has no limit in {asked.money.currency} for what is paid {words}."
        elif before + asked.money.amount_minor > amounts[asked.money.currency]:
            yield f"It is over the limit of {_shown(amounts, asked.money.currency)} {words}."
    if asked.money.amount_minor > limits.per_case.get(asked.money.currency, asked.money.amount_minor):
        yield f"It is over the limit of {_shown(limits.per_case, asked.money.currency)} for one case."


def _payment_found(asked: _Asked) -> Iterator[str]:
    charge, payment_id = asked.facts.get("charge"), asked.known.details.fields.payment_id
    if payment_id is None or charge is None or charge.missing is not None:
        yield "The payment was not found."
        return
    values = charge.values
    matching = values.get("payment_id") == payment_id and values.get("currency") == asked.money.currency
    if not matching or values.get("status") != "succeeded":
        yield "The payment that was found does not match."
    if not _at_least(values.get("left_minor"), asked.money) or not _at_least(values.get("amount_minor"), asked.money):
        yield "The payment that was found is less than the amount."
    steps = [action for action in asked.proposal.actions if action.name == "refund"]
    if any(step.params.get("payment_id") != payment_id for step in steps) or not steps:
        yield "The payment that was found is not the one that would be refunded."


def _at_least(found: object, money: Money) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and found >= money.amount_minor


def _nothing_refunded(asked: _Asked) -> Iterator[str]:
    refunds, refund = asked.facts.get("refunds"), asked.facts.get("refund")
    if refunds is None or refunds.missing is not None:
        yield "Whether something was refunded before is not known."
    elif refunds.values.get("count") != 0 or refunds.values.get("refunded_minor") != 0:
        yield "Something was refunded before."
    if refund is not None and refund.values.get("refunded") is not False:
        yield "The shop may have refunded it before."
    if any(other.exact for other in asked.known.earlier):
        yield "Another case is about the same matter."


def _no_flag(asked: _Asked) -> Iterator[str]:
    details, charge = asked.known.details, asked.facts.get("charge")
    if is_vip(asked.policy, details, asked.known.facts):
        yield "The customer is a VIP."
    if any(fact.missing is not None for name, fact in asked.facts.items() if name in ("contact", "hubspot")):
        yield "Whether the customer is a VIP is not known."
    dispute = asked.facts.get("dispute")
    if charge is None or charge.values.get("disputed") is not False or (dispute and dispute.missing is None):
        yield "The payment is disputed, or may be."
    if details.sensitive:
        yield "The call is marked as sensitive."


def _certain(asked: _Asked) -> Iterator[str]:
    details, rules = asked.known.details, asked.rules
    confidence = details.fields.confidence
    if confidence is None or confidence < rules.confidence:
        stated = "not stated" if confidence is None else f"{confidence:.0%}"
        yield f"The confidence is {stated}; it takes {rules.confidence:.0%}."
    if _MONEY_FIELDS.intersection(details.from_summary):
        yield "The amount or the payment was found in the summary only."
    if details.doubts or any(fact.doubt for fact in asked.known.facts):
        yield "Something about it is in doubt."


_CONDITIONS: Sequence[Callable[[_Asked], Iterator[str]]] = (
    _nobody_asked,
    _runs,
    _within_limits,
    _payment_found,
    _nothing_refunded,
    _no_flag,
    _certain,
)
