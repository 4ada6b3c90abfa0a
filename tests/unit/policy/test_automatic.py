"""Test when the policy decides by itself: each condition of the playbook alone stops it."""

from typing import Any

import pytest

from bot.core.model import CaseState, Details, Earlier, Fact, Fields, Kind, Money
from bot.core.people import EVERYTHING
from bot.core.policy import Known, Policy, Spent, Unattended, automatic
from bot.core.policy.file import read_policy
from tests.support.policies import ANA, AT, SHIPPED, a_refund, proposal, usd

PAYMENT = "pi_small"
ON = SHIPPED.read_text(encoding="utf-8").replace("refund = { enabled = false", "refund = { enabled = true")
AMOUNT = usd(2_000)


def fact(name: str, /, missing: str | None = None, doubt: str | None = None, **values: Any) -> Fact:
    return Fact(name=name, source="Stripe", observed_at=AT, values=values, missing=missing, doubt=doubt)


FIELDS: dict[str, Any] = {"email": "dana@example.com", "payment_id": PAYMENT, "confidence": 0.95}
CHARGE: dict[str, Any] = {
    "payment_id": PAYMENT,
    "status": "succeeded",
    "disputed": False,
    "amount_minor": 5_000,
    "left_minor": 2_000,
    "currency": "USD",
}
NOTHING: dict[str, Any] = {"count": 0, "refunded_minor": 0}
OTHER = Earlier(case_id="C-2", kind=Kind.REFUND, state=CaseState.OPEN, opened_at=AT, why="the same payment", exact=True)


def answer(
    *,
    policy: Policy | None = None,
    fields: dict[str, Any] | None = None,
    charge: dict[str, Any] | None = None,
    facts: tuple[Fact, ...] = (),
    earlier: tuple[Earlier, ...] = (),
    spent: Spent | None = None,
    paused: tuple[str, ...] = (),
    without: str = "",
    details: dict[str, Any] | None = None,
    **asked: Any,
) -> Unattended:
    money = asked.pop("money", AMOUNT)
    refund = a_refund(money, params={"payment_id": PAYMENT, **money.model_dump()})
    known = (fact("charge", **(CHARGE | (charge or {}))), fact("refunds", **NOTHING), *facts)
    return automatic(
        policy or read_policy(ON),
        proposal(money, **{"actions": (refund,), **asked}),
        Known(
            details=Details(money=money, fields=Fields(**(FIELDS | (fields or {}))), **(details or {})),
            facts=tuple({one.name: one for one in known if one.name != without}.values()),
            earlier=earlier,
        ),
        spent=spent or Spent(),
        paused=paused,
    )


def test_a_refund_that_meets_every_condition_needs_nobody() -> None:
    rule = "automatic: up to 20.00 USD, at most 200.00 USD in 24 hours, 95% certain or more"
    assert answer() == Unattended(allowed=True, rule=rule)


STRANGER = fact("contact", missing="HubSpot did not answer.")
HINT = OTHER.model_copy(update={"exact": False})
NOT_ASKED = {
    # what may be without stopping it
    "all of the limit for the customer": {"spent": Spent(customer=48_000)},
    "all of the limit for the day": {"spent": Spent(automatic=18_000)},
    "a customer that HubSpot knows": {"facts": (fact("contact", vip=False),)},
    "a case that only looks alike": {"earlier": (HINT,)},
    "no refund by the shop": {"facts": (fact("refund", refunded=False),)},
    "no dispute at Stripe": {"facts": (fact("dispute", missing="Stripe has no dispute about this payment."),)},
    "another system that is paused": {"paused": ("zendesk",)},
}


@pytest.mark.parametrize("given", NOT_ASKED.values(), ids=NOT_ASKED.keys())
def test_what_no_condition_asks_for_does_not_stop_it(given: dict[str, Any]) -> None:
    assert answer(**given).why_not is None


BY_HAND = a_refund(AMOUNT, by_hand=True, params={"payment_id": PAYMENT, **AMOUNT.model_dump()})
ELSEWHERE = a_refund(AMOUNT, params={"payment_id": "pi_other", **AMOUNT.model_dump()})
EURO = Money(amount_minor=100, currency="EUR")
CONDITIONS = {
    # the first reason why not: what is the case, what is said
    "it is off": ({"policy": read_policy(SHIPPED.read_text(encoding="utf-8"))}, "switched off"),
    "it is off for this kind": ({"kind": Kind.DISPUTE}, "switched off"),
    "nothing is paid": ({"actions": (a_refund(AMOUNT, name="x", operation="stage_evidence"),)}, "pays nothing back"),
    "a person asked": ({"authors": (ANA,)}, "A person asked for it"),
    "everything is paused": ({"paused": (EVERYTHING,)}, "Everything is paused."),
    "its connector is paused": ({"paused": ("stripe",)}, "Stripe is paused."),
    "a person pays": ({"actions": (BY_HAND,)}, "by hand"),
    "nobody knows the customer": ({"fields": {"email": None}}, "The customer is not known."),
    "over the limit for a case": (
        {"money": usd(2_001), "charge": {"left_minor": 5_000}},
        "over the limit of 20.00 USD without a person",
    ),
    "over the policy's limit for a case": (
        {"policy": read_policy(ON.replace('per_case             = { USD = "10000.00"', 'per_case = { USD = "19.99"'))},
        "over the limit of 19.99 USD for one case",
    ),
    "over the limit for the customer": (
        {"spent": Spent(customer=48_001)},
        "over the limit of 500.00 USD in 24 hours for this customer",
    ),
    "over the limit for the day": (
        {"spent": Spent(automatic=18_001)},
        "over the limit of 200.00 USD in 24 hours without a person",
    ),
    "a currency without limits": ({"money": EURO, "charge": {"currency": "EUR"}}, "has no limit in EUR"),
    "no payment": ({"without": "charge"}, "The payment was not found."),
    "a payment that was not found": ({"facts": (fact("charge", missing="no such payment"),)}, "was not found"),
    "no payment stated": ({"fields": {"payment_id": None}}, "was not found"),
    "another payment": ({"charge": {"payment_id": "pi_other"}}, "does not match"),
    "another currency": ({"charge": {"currency": "EUR"}}, "does not match"),
    "a payment that failed": ({"charge": {"status": "failed"}}, "does not match"),
    "less was paid": ({"charge": {"amount_minor": 1_999}}, "less than the amount"),
    "less is left": ({"charge": {"left_minor": 1_999}}, "less than the amount"),
    "another payment would be refunded": ({"actions": (ELSEWHERE,)}, "not the one that would be refunded"),
    "refunds are not known": ({"without": "refunds"}, "is not known"),
    "a refund before": ({"facts": (fact("refunds", count=1, refunded_minor=100),)}, "Something was refunded before."),
    "a refund by the shop": ({"facts": (fact("refund", refund_transaction_id="x"),)}, "may have refunded it"),
    "another case about it": ({"earlier": (OTHER,)}, "Another case"),
    "a VIP by the call": ({"fields": {"vip": True}}, "VIP"),
    "a VIP by HubSpot": ({"facts": (fact("contact", vip=True),)}, "VIP"),
    "a VIP by the policy": (
        {"policy": read_policy(ON.replace("emails   = []", 'emails = ["Dana@example.com"]'))},
        "The customer is a VIP.",
    ),
    "perhaps a VIP": ({"facts": (STRANGER,)}, "Whether the customer is a VIP is not known."),
    "a disputed payment": ({"charge": {"disputed": True}}, "disputed"),
    "perhaps a disputed payment": ({"charge": {"disputed": None}}, "disputed, or may be"),
    "a dispute": ({"facts": (fact("dispute", dispute_id="dp_1"),)}, "disputed"),
    "sensitive data": ({"fields": {"sensitive_data_spoken": True}}, "sensitive"),
    "something was removed": ({"details": {"redactions": ("card ••4242",)}}, "sensitive"),
    "not certain enough": ({"fields": {"confidence": 0.94}}, "The confidence is 94%; it takes 95%."),
    "certainty not stated": ({"fields": {"confidence": None}}, "The confidence is not stated"),
    "the amount only in the summary": ({"details": {"from_summary": ("amount",)}}, "in the summary only"),
    "a doubt of the call": ({"details": {"doubts": ("Two amounts.",)}}, "in doubt"),
    "a doubt of a fact": ({"facts": (fact("transaction", doubt="Not the same."),)}, "in doubt"),
}


@pytest.mark.parametrize(("given", "said"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_one_condition_that_does_not_hold_stops_it(given: dict[str, Any], said: str) -> None:
    refused = answer(**given)
    assert not refused.allowed
    assert said in (refused.why_not or "")
