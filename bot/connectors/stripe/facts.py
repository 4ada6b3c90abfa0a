"""The look-ups behind Stripe's facts: read-only, side by side, each with an end of its own.

A payment, a customer or a subscription by Stripe's own id that is not there is a doubt. What may live in another system
(an invoice number, an e-mail address) and a look-up that failed are only `missing`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType

from bot.connectors.stripe import billing_facts
from bot.connectors.stripe.billing_facts import MakeFact
from bot.connectors.stripe.client import TITLE, StripeApi
from bot.connectors.stripe.disputes import OPEN, disputes_of
from bot.connectors.stripe.invoice_records import Invoice, Subscription
from bot.connectors.stripe.operations import INVOICE_NUMBER, PAYMENT_ID
from bot.connectors.stripe.records import Customer, Refund
from bot.connectors.stripe.refunds import payment_field
from bot.core.model import Details, Fact
from bot.http.errors import ConnectorError, Refused

FAILED = ("past_due", "unpaid", "incomplete")  # subscription statuses of a renewal that did not go through


async def facts(api: StripeApi, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
    """The wanted facts for which the call states enough to look; never raises ConnectorError."""
    fact = partial(Fact, source=TITLE, observed_at=now)
    looks: list[Awaitable[tuple[Fact, ...]]] = []
    names = tuple(name for name in ("charge", "refunds") if name in wanted)
    if names:
        looks.append(_payment(api, details, names, fact))
    looks += [_safely(name, look(api, details, fact), fact) for name, look in _LOOKS.items() if name in wanted]
    return tuple(one for some in await asyncio.gather(*looks) for one in some)


async def _safely(name: str, look: Awaitable[Fact | None], fact: MakeFact) -> tuple[Fact, ...]:
    try:
        found = await look
    except ConnectorError as error:
        return (fact(name=name, missing=error.sentence, failed=error.passes),)
    return () if found is None else (found,)


async def _payment(api: StripeApi, details: Details, names: Sequence[str], fact: MakeFact) -> tuple[Fact, ...]:
    payment_id = details.fields.payment_id
    if not payment_id:
        return ()
    if re.fullmatch(PAYMENT_ID, payment_id) is None:
        words = f"{payment_id} is not a payment of {TITLE}."
        return (fact(name=names[0], missing=words, doubt=words),)
    query = {payment_field(payment_id): payment_id}
    try:
        charge = await api.charge(payment_id)
        listed = api.listed("/v1/refunds", Refund, **query)
        refunds = [one async for one in listed] if "refunds" in names else []
    except Refused as no:  # said once: what was refunded of an unknown payment is no second doubt
        doubt = no.sentence if no.reason == "not_found" else None
        return (fact(name=names[0], missing=no.sentence, doubt=doubt),)
    except ConnectorError as error:
        return tuple(fact(name=name, missing=error.sentence, failed=error.passes) for name in names)
    made = {
        "charge": billing_facts.charge_fact(payment_id, charge, details.money, fact),
        "refunds": billing_facts.refunds_fact(charge, refunds, details.money, fact),
    }
    return tuple(made[name] for name in names)


async def _dispute(api: StripeApi, details: Details, fact: MakeFact) -> Fact | None:
    payment_id = details.fields.payment_id
    if not payment_id or re.fullmatch(PAYMENT_ID, payment_id) is None:
        return None
    disputes = await disputes_of(api, payment_id)
    if not disputes:
        return fact(name="dispute", missing=f"{TITLE} has no dispute about this payment.")
    return billing_facts.dispute_fact(next((one for one in disputes if one.status in OPEN), disputes[0]), fact)


async def _invoice(api: StripeApi, details: Details, fact: MakeFact) -> Fact | None:
    invoice = await _invoice_of(api, details)
    if invoice is None:
        return None
    email = (await api.customer(invoice.customer, None)).email if invoice.customer else invoice.customer_email
    return billing_facts.invoice_fact(invoice, email, details.money, fact)


async def _customer(api: StripeApi, details: Details, fact: MakeFact) -> Fact | None:
    try:
        customer = await _customer_of(api, details)
    except Refused as no:
        ours = no.reason == "not_found" and _own_id(details) is not None
        return fact(name="customer", missing=no.sentence, doubt=no.sentence if ours else None)
    return billing_facts.customer_fact(customer, fact) if customer else None


async def _subscription(api: StripeApi, details: Details, fact: MakeFact) -> Fact | None:
    subscription_id = details.fields.subscription_id
    if subscription_id and subscription_id.startswith("sub_"):
        try:
            chosen = await api.subscription(subscription_id)
        except Refused as no:
            doubt = no.sentence if no.reason == "not_found" else None
            return fact(name="subscription", missing=no.sentence, doubt=doubt)
    else:
        customer = await _customer_of(api, details)
        if customer is None:
            return None
        query = {"customer": customer.id, "status": "all"}
        listed = [one async for one in api.listed("/v1/subscriptions", Subscription, **query)]
        if not listed:
            return fact(name="subscription", missing=f"{TITLE} has no subscription of {customer.id}.")
        chosen = next((one for one in listed if one.status in FAILED), listed[0])
    latest = await api.invoice_by_id(chosen.latest_invoice) if chosen.latest_invoice else None
    return billing_facts.subscription_fact(chosen, latest, fact)


def _own_id(details: Details) -> str | None:
    account_id = details.fields.account_id
    return account_id if account_id and account_id.startswith("cus_") else None


async def _customer_of(api: StripeApi, details: Details) -> Customer | None:
    """By its own id, else whose payment or invoice it is, else by e-mail; None where the call states none of them."""
    fields = details.fields
    if account_id := _own_id(details):
        return await api.customer(account_id, None)
    if fields.payment_id and re.fullmatch(PAYMENT_ID, fields.payment_id):
        charge = await api.charge(fields.payment_id)
        if charge.customer:
            return await api.customer(charge.customer, None)
    if (invoice := await _invoice_of(api, details)) and invoice.customer:
        return await api.customer(invoice.customer, None)
    return await api.customer(None, fields.email) if fields.email else None


async def _invoice_of(api: StripeApi, details: Details) -> Invoice | None:
    number = details.fields.invoice_number
    return await api.invoice(number) if number and re.fullmatch(INVOICE_NUMBER, number) else None


_LOOKS: Mapping[str, Callable[[StripeApi, Details, MakeFact], Awaitable[Fact | None]]] = MappingProxyType(
    {"customer": _customer, "dispute": _dispute, "invoice": _invoice, "subscription": _subscription}
)
