"""Stripe: refunds of payments, and what a charge has left to refund.

    idempotent   Idempotency-Key on the refund, which Stripe keeps for at least 24 hours; we trust it for 23, so that a
                 retry which starts in time also arrives in time. After that, and after a stored 500, which a repeat
                 only gets replayed, the look-up decides
    find         lists the refunds of the payment and compares our key in their metadata
    refusals     `refusal` in stripe_api.py, and what is read from the charge before anything is sent
    time-outs    by the base: 5 s to connect, 15 s in all
    secrets      the key is a header of the base's client and nowhere else; the key we send holds a call id, no
                 personal data
    contract     tests/test_connectors_contract.py against Stripe's own OpenAPI file
    exempt       evidence, payment links, receipts and addresses are steps for a person: no operation here yet

The reason "fraudulent" is not offered at all: Stripe then also blocks the card.
"""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Annotated, Final, Literal

import httpx
from pydantic import StringConstraints

from bot.connectors.base import Operation, Repeat, parsed_params, token
from bot.connectors.errors import ConnectorError, Refused, Unavailable, Unsure
from bot.connectors.http import FORM, TOTAL_S, Http, in_path, to_form
from bot.connectors.parameters import Currency, Minor, Reference
from bot.connectors.stripe_api import (
    OTHER_UNITS,
    THREE_DECIMALS,
    TITLE,
    Charge,
    PaymentIntent,
    Refund,
    RefundPage,
    refusal,
)
from bot.connectors.stripe_facts import charge_fact, refunds_fact
from bot.core.model import Action, Details, Fact, Frozen, Money, Receipt
from bot.core.money import show

VERSION: Final = "2026-10-28.endive"
PAYMENT_ID: Final = r"^(pi|ch|py)_[A-Za-z0-9_]{1,200}$"
PAGES_AT_MOST: Final = 50  # of 100 refunds of one payment


class RefundPayment(Frozen):
    payment_id: Annotated[str, StringConstraints(pattern=PAYMENT_ID)]  # a payment intent or a charge
    amount_minor: Minor
    currency: Currency
    reason: Literal["duplicate", "requested_by_customer"] | None = None
    reference: Reference | None = None

    @property
    def money(self) -> Money:
        return Money(amount_minor=self.amount_minor, currency=self.currency)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "refund": Operation(
            RefundPayment,
            Repeat.KEY,
            True,
            "Stripe answers a repeat of the same Idempotency-Key with the first refund.",
            key_lasts=timedelta(hours=23),
        )
    }
)


class StripeConnector:
    name = "stripe"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        key: str,
        base_url: str = "https://api.stripe.com",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self._live = "_live_" in key
        self._http = Http(
            TITLE,
            base_url,
            {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION},
            refusal,
            key_name="STRIPE_API_KEY",
            request_id_header="Request-Id",
            transport=transport,
            total_s=total_s,
        )

    async def perform(self, action: Action, key: str) -> Receipt:
        params = _params(action)
        charge = await self._charge(params.payment_id)
        if objection := _objection(charge, params):
            # an earlier try of ours may be the very reason why nothing is left
            if earlier := await self._refund_of(params.payment_id, key):
                return _receipt(earlier, charge)
            raise Refused(objection)
        reference = params.reference
        form = {
            _payment_field(params.payment_id): params.payment_id,
            "amount": str(params.amount_minor),
            "reason": params.reason,
            "metadata[countersign]": token(key),
            "metadata[call]": reference.call if reference else None,
            "metadata[case]": reference.case if reference else None,
        }
        headers = {"Idempotency-Key": token(key)}
        reply = await self._http.write("POST", "/v1/refunds", to_form(form), FORM, headers)
        refund = self._http.record(Refund, reply)
        if (refund.amount, refund.currency) != (params.amount_minor, params.currency):
            raise self._http.unreadable(reply)
        if reply.replayed:  # it says how the refund stood then, and it may have failed since
            refund = await self._as_it_stands(refund.id)
        return _receipt(refund, charge, reply.request_id)

    async def find(self, action: Action, key: str) -> Receipt | None:
        params = _params(action)
        refund = await self._refund_of(params.payment_id, key)
        if refund is None or refund.failed:  # `perform` then says that it failed: nothing is sent twice under one key
            return None
        return _receipt(refund, await self._charge(params.payment_id))

    async def check(self) -> str:
        await self._http.read("/v1/refunds", {"limit": "1"})
        return f"{TITLE} answers and takes the key ({'live' if self._live else 'test'} data)."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        payment_id = details.fields.payment_id
        names = [name for name in ("charge", "refunds") if name in wanted]
        if not names or not payment_id:
            return ()
        fact = partial(Fact, source=TITLE, observed_at=now)
        if re.fullmatch(PAYMENT_ID, payment_id) is None:
            words = f"{payment_id} is not a payment of {TITLE}."
            return (fact(name=names[0], missing=words, doubt=words),)
        try:
            charge = await self._charge(payment_id)
            refunds = [one async for one in self._refunds(payment_id)] if "refunds" in names else []
        except Refused as no:  # said once: what was refunded of an unknown payment is no second doubt
            doubt = no.sentence if no.reason == "not_found" else None
            return (fact(name=names[0], missing=no.sentence, doubt=doubt),)
        except ConnectorError as error:
            return tuple(fact(name=name, missing=error.sentence) for name in names)
        made = {
            "charge": charge_fact(payment_id, charge, details.money, fact),
            "refunds": refunds_fact(charge, refunds, details.money, fact),
        }
        return tuple(made[name] for name in names)

    async def close(self) -> None:
        await self._http.close()

    async def _charge(self, payment_id: str) -> Charge:
        """The charge that took the money. Raises Refused where there is none."""
        try:
            if payment_id.startswith("pi_"):
                query = {"expand[]": "latest_charge"}
                intent = self._http.record(
                    PaymentIntent, await self._http.read(f"/v1/payment_intents/{in_path(payment_id)}", query)
                )
                if isinstance(intent.latest_charge, Charge):
                    return intent.latest_charge
                if intent.latest_charge is None:
                    raise Refused(f"Stripe payment {payment_id} was not paid ({intent.status}).", reason="not_paid")
                payment_id = intent.latest_charge
            return self._http.record(Charge, await self._http.read(f"/v1/charges/{in_path(payment_id)}"))
        except Refused as no:
            if no.reason != "not_found":
                raise
            sentence = f"{TITLE} has no payment {payment_id}."
            raise Refused(sentence, reason=no.reason, request_id=no.request_id) from None

    async def _as_it_stands(self, refund_id: str) -> Refund:
        try:
            return self._http.record(Refund, await self._http.read(f"/v1/refunds/{in_path(refund_id)}"))
        except ConnectorError as error:  # the refund exists: a read that failed must not say that nothing happened
            raise Unsure(f"Refund {refund_id} exists. {error.sentence}", request_id=error.request_id) from None

    async def _refund_of(self, payment_id: str, key: str) -> Refund | None:
        async for refund in self._refunds(payment_id):
            if (refund.metadata or {}).get("countersign") == token(key):
                return refund
        return None

    async def _refunds(self, payment_id: str) -> AsyncIterator[Refund]:
        query = {_payment_field(payment_id): payment_id, "limit": "100"}
        for _ in range(PAGES_AT_MOST):
            page = self._http.record(RefundPage, await self._http.read("/v1/refunds", query))
            for refund in page.data:
                yield refund
            if not page.has_more or not page.data:
                return
            query["starting_after"] = page.data[-1].id
        raise Unavailable(f"{TITLE} lists more refunds than we can look through.")


def _params(action: Action) -> RefundPayment:
    match parsed_params(TITLE, OPERATIONS, action):
        case RefundPayment() as params:
            return params
    raise Refused(f"{TITLE} has no operation {action.operation!r} here.")


def _payment_field(payment_id: str) -> str:
    return "payment_intent" if payment_id.startswith("pi_") else "charge"


def _objection(charge: Charge, params: RefundPayment) -> str | None:
    asked = show(params.money)
    if charge.status != "succeeded":
        return f"The payment did not succeed ({charge.status}), so there is nothing to refund."
    if charge.currency != params.currency:
        return f"The payment is in {charge.currency}, not in {params.currency}."
    if charge.currency in OTHER_UNITS:
        return f"{TITLE} counts {charge.currency} in other units than ISO 4217: refund {asked} by hand."
    if charge.currency in THREE_DECIMALS and params.amount_minor % 10:
        return f"{TITLE} takes amounts in {charge.currency} only with a 0 as the last digit, not {asked}."
    if charge.disputed:
        return "The payment is disputed: a refund beside the dispute could pay twice."
    if charge.left <= 0:
        return f"The payment of {charge.words(charge.paid)} is refunded already."
    if params.amount_minor > charge.left:
        return f"{asked} is more than the {charge.words(charge.left)} left of {charge.words(charge.paid)}."
    return None


def _receipt(refund: Refund, charge: Charge, request_id: str | None = None) -> Receipt:
    if refund.failed:
        end = "failed" if refund.status == "failed" else "was canceled"
        why = f" ({refund.failure_reason})" if refund.failure_reason else ""
        raise Refused(f"{TITLE} made the refund {refund.id}, but it {end}{why}.", request_id=request_id)
    note = None if refund.status == "succeeded" else f"The refund is {refund.status or 'under way'} at {TITLE}."
    return Receipt(vendor_id=refund.id, url=charge.url, note=note, request_id=request_id)
