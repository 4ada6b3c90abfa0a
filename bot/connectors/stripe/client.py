"""How Stripe is asked: forms, keys, pages, records by the names that people use, and what its refusals mean."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from bot.connectors.base import token
from bot.connectors.stripe.invoice_records import Invoice, Subscription
from bot.connectors.stripe.records import Charge, Customer, PaymentIntent
from bot.http.client import FORM, Http, Reply, Thing, in_path, short, thing, to_form
from bot.http.errors import ConnectorError, Refused, Unavailable, Unsure

TITLE: Final = "Stripe"
PAGES_AT_MOST: Final = 50  # of 100 items each
KEYS_AT_MOST: Final = 5  # refusals of one step within a day
REPLAYED: Final = "replayed"
PAYMENTS: Final = "payments.data.payment.payment_intent"  # what to expand of an invoice
MARK: Final = "countersign"  # our key, in the metadata of what we made


def keys_of(key: str) -> tuple[str, ...]:
    """The keys that one step may use, in order: see `StripeApi.send`."""
    return (token(key), *(token(f"{key}:{n}") for n in range(2, KEYS_AT_MOST + 1)))


class StripeApi:
    def __init__(self, http: Http) -> None:
        self.http = http

    async def one(self, path: str, model: type[Thing], expand: str | None = None) -> Thing:
        """Raises Refused with the reason "not_found" where there is none, Unavailable."""
        return self.http.record(model, await self.http.read(path, {"expand[]": expand} if expand else None))

    async def as_it_stands(self, path: str, model: type[Thing], expand: str | None = None) -> Thing:
        """What a replayed answer is about: the answer says how it stood then, and it may have failed since.

        Raises Unsure: it exists, so a read that failed must not say that nothing happened.
        """
        try:
            return await self.one(path, model, expand)
        except ConnectorError as error:
            sentence = f"{path.rsplit('/', 1)[-1]} exists in {TITLE}. {error.sentence}"
            raise Unsure(sentence, request_id=error.request_id) from None

    async def listed(
        self, path: str, model: type[Thing], expand: str | None = None, **query: str
    ) -> AsyncIterator[Thing]:
        """Every item of a list, newest first. Raises Refused, Unavailable."""
        asked = {**query, "limit": "100", **({"expand[]": expand} if expand else {})}
        for _ in range(PAGES_AT_MOST):
            reply = await self.http.read(path, asked)
            items = self._items(reply, model)
            for item in items:
                yield item
            if reply.body.get("has_more") is not True or not items:
                return
            asked["starting_after"] = str(reply.body["data"][-1].get("id"))
        raise Unavailable(f"{TITLE} lists more than we can look through.")

    async def send(self, path: str, fields: Mapping[str, str | None], key: str | None = None) -> Reply:
        """A write, once for a key. Raises Refused, Unavailable, Unsure.

        Stripe repeats a refusal for a day under its key, although its cause is mended. A refusal surely had no effect,
        so the step then goes on under the next of its keys, always in the same order.
        """
        form = to_form(fields)
        if key is None:
            return await self.http.write("POST", path, form, FORM)
        *early, last = keys_of(key)
        for one in early:
            try:
                return await self.http.write("POST", path, form, FORM, {"Idempotency-Key": one})
            except Refused as no:
                if no.reason != REPLAYED:
                    raise
        return await self.http.write("POST", path, form, FORM, {"Idempotency-Key": last})

    async def charge(self, payment_id: str) -> Charge:
        """The charge that took the money, by its own id or its payment intent's. Raises Refused where there is none."""
        try:
            if payment_id.startswith("pi_"):
                intent = await self.one(path_of("payment_intents", payment_id), PaymentIntent, "latest_charge")
                if isinstance(intent.latest_charge, Charge):
                    return intent.latest_charge
                if intent.latest_charge is None:
                    raise Refused(f"Stripe payment {payment_id} was not paid ({intent.status}).", reason="not_paid")
                payment_id = intent.latest_charge
            return await self.one(path_of("charges", payment_id), Charge)
        except Refused as no:
            raise _named(no, f"{TITLE} has no payment {payment_id}.") from None

    async def invoice(self, number: str) -> Invoice:
        """By the number that people know. Raises Refused where there is none, or more than one."""
        # No list filters by number. The search index lags by up to a minute, so it only tells the id.
        query = {"query": f"number:'{number}'", "limit": "2"}
        items = self._items(await self.http.read("/v1/invoices/search", query), Invoice)
        found = [one for one in items if (one.number or "").casefold() == number.casefold()]
        if not found:
            raise Refused(f"{TITLE} has no invoice {number}.", reason="not_found")
        if len(found) > 1:
            raise Refused(f"{TITLE} has more than one invoice {number}: do this step in the Stripe dashboard.")
        return await self.invoice_by_id(found[0].id)

    async def invoice_by_id(self, invoice_id: str) -> Invoice:
        """With its payments."""
        return await self.one(path_of("invoices", invoice_id), Invoice, PAYMENTS)

    async def subscription(self, subscription_id: str) -> Subscription:
        try:
            return await self.one(path_of("subscriptions", subscription_id), Subscription)
        except Refused as no:
            raise _named(no, f"{TITLE} has no subscription {subscription_id}.") from None

    async def customer(self, account_id: str | None, email: str | None) -> Customer:
        """By Stripe's own id, else by exact e-mail. Raises Refused where that names none, or several."""
        if account_id and account_id.startswith("cus_"):
            nobody = f"{TITLE} has no customer {account_id}."
            try:
                customer = await self.one(path_of("customers", account_id), Customer)
            except Refused as no:
                raise _named(no, nobody) from None
            if customer.deleted:
                raise Refused(nobody, reason="not_found")
            return customer
        if not email:
            raise Refused(f"{account_id or 'The account'} is not a customer id of {TITLE}, and no e-mail is stated.")
        found: dict[str, Customer] = {}
        for spelling in dict.fromkeys((email.strip(), email.strip().lower())):  # the filter minds upper and lower case
            async for one in self.listed("/v1/customers", Customer, email=spelling):
                found[one.id] = one
        if not found:
            raise Refused(f"{TITLE} has no customer with this e-mail address.", reason="not_found")
        if len(found) > 1:
            raise Refused(
                f"{TITLE} has {len(found)} customers with this e-mail address ({', '.join(sorted(found))}): "
                "state the customer id."
            )
        return next(iter(found.values()))

    def _items(self, reply: Reply, model: type[Thing]) -> list[Thing]:
        """Raises Unavailable where one of them does not fit: what is left out could be what is looked for."""
        items = reply.body.get("data")
        found = [thing(model, item) for item in items] if isinstance(items, list) else [None]
        if None in found:
            raise self.http.unreadable(reply)
        return [one for one in found if one is not None]


def path_of(kind: str, vendor_id: str, *rest: str) -> str:
    """The path of a record: `path_of("invoices", id, "send")`."""
    return "/".join(("/v1", kind, in_path(vendor_id), *rest))


def _named(no: Refused, nobody: str) -> Refused:
    return Refused(nobody, reason=no.reason, request_id=no.request_id) if no.reason == "not_found" else no


_DISPUTED = "Stripe refused: this payment is disputed, and a disputed payment is not refunded."
_BALANCE = "Stripe refused: the balance of the Stripe account does not cover the refund."
_SENTENCES = {
    "charge_already_refunded": "Stripe refused: this payment is refunded already.",
    "charge_disputed": _DISPUTED,
    "refund_disputed_payment": _DISPUTED,
    "balance_insufficient": _BALANCE,
    "insufficient_funds": _BALANCE,
    "amount_too_large": "Stripe refused: the amount is more than what is left of this payment.",
    "invoice_payment_intent_requires_action": "The customer's bank wants the customer to confirm the payment: send the "
    "invoice or a link to the customer portal.",
}


def refusal(reply: Reply) -> ConnectorError | None:
    """What a 4xx reply means; None leaves 401 to the base, whose sentence names the key."""
    error = reply.body.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), short(error.get("message") or f"status {reply.status}")
    if reply.status == 401:
        return None
    if reply.status == 403:
        return _refused(reply, "Stripe does not let our key do this (403): give it the right in the Stripe dashboard.")
    if reply.status in {409, 424}:  # another request holds the object or the key, or a bank did not answer: still open
        sentence = f"Stripe could not say how it ended ({code or reply.status})."
        if reply.write:
            return Unsure(f"{sentence} It may have happened.", request_id=reply.request_id)
        return Unavailable(sentence, request_id=reply.request_id)
    if error.get("type") == "idempotency_error":
        return _refused(reply, "Stripe has seen this step's key with other amounts or details: compare it in Stripe.")
    if code == "resource_missing" or reply.status == 404:
        return _refused(reply, "Stripe has no such record.", "not_found")
    if error.get("type") == "card_error" and code not in _SENTENCES:
        why = short(error.get("decline_code") or code or message)
        return _refused(reply, f"The customer's bank declined the payment ({why}): ask for another way to pay.")
    return _refused(reply, _SENTENCES.get(code) or f"Stripe refused it: {message}")


def _refused(reply: Reply, sentence: str, reason: str | None = None) -> Refused:
    return Refused(sentence, reason=REPLAYED if reply.replayed else reason, request_id=reply.request_id)
