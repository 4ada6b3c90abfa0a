"""Ask Stripe: forms, keys, pages, records by the names that people use, and what its refusals mean."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final, TypeVar, Unpack

from pydantic import SecretStr, StringConstraints

from bot.connectors.base import Client, pages, token
from bot.connectors.parameters import Reference
from bot.connectors.stripe.records import Charge, Customer, Invoice, PaymentIntent, Subscription
from bot.core.model import Frozen
from bot.http.client import FORM, Http, Model, Reply, Wiring, in_path, short, to_form
from bot.http.errors import ConnectorError, Refused, Unsure

VERSION: Final = "2026-10-28.endive"
READ: Final = ("charges", "refunds", "customers", "disputes", "invoices", "subscriptions")  # what look-ups read
TITLE: Final = "Stripe"
PAGES_AT_MOST: Final = 50  # of 100 items each
KEYS_AT_MOST: Final = 5  # refusals of one step within a day
REPLAYED: Final = "replayed"
PAYMENTS: Final = "payments.data.payment.payment_intent"  # what to expand of an invoice
MARK: Final = "countersign"  # our key, in the metadata of what we made
PAYMENT_ID: Final = r"^(pi|ch|py)_[A-Za-z0-9_]{1,200}$"
# as people know it; what could leave the quotes of a search is none
INVOICE_NUMBER: Final = r"^[A-Za-z0-9][A-Za-z0-9 ._/#-]{0,99}$"

PaymentId = Annotated[str, StringConstraints(pattern=PAYMENT_ID)]  # a payment intent or a charge
InvoiceNumber = Annotated[str, StringConstraints(pattern=INVOICE_NUMBER)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s@]+@[^\s@]+$", max_length=254)]


Identified = TypeVar("Identified", Charge, Customer, Invoice)


class StripeSettings(Frozen):
    """Hold STRIPE_*."""

    api_key: SecretStr
    api_url: str


def keys_of(key: str) -> tuple[str, ...]:
    """Return the keys that one step may use, in order: see `StripeApi.send`."""
    return (token(key), *(token(f"{key}:{n}") for n in range(2, KEYS_AT_MOST + 1)))


class StripeApi(Client):
    """Ask Stripe."""

    def __init__(self, settings: StripeSettings, **wiring: Unpack[Wiring]) -> None:
        key = settings.api_key.get_secret_value()
        self._live = "_live_" in key
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}
        super().__init__(Http(TITLE, settings.api_url, headers, refusal, "STRIPE_API_KEY", "Request-Id", **wiring))

    async def check(self) -> str:
        for record in READ:
            try:
                await self.http.read(f"/v1/{record}", {"limit": "1"})
            except Refused as no:
                words = f"{TITLE} does not let our key read {record}: add that right to STRIPE_API_KEY."
                raise Refused(words, request_id=no.request_id) from None
        return f"{TITLE} answers and takes the key ({'live' if self._live else 'test'} data, version {VERSION})."

    async def one(self, path: str, model: type[Model], expand: str | None = None) -> Model:
        """Return a record. Raises Refused with the reason "not_found" where there is none, Unavailable."""
        return await self.http.get(model, path, {"expand[]": expand} if expand else None)

    async def as_it_stands(self, path: str, model: type[Model], expand: str | None = None) -> Model:
        """Return what a replayed answer is about: the answer says how it stood then, and it may have failed since.

        Raises Unsure: it exists, so a read that failed must not say that nothing happened.
        """
        try:
            return await self.one(path, model, expand)
        except ConnectorError as error:
            sentence = f"{path.rsplit('/', 1)[-1]} exists in {TITLE}. {error.sentence}"
            raise Unsure(sentence, request_id=error.request_id) from None

    def listed(self, path: str, model: type[Model], expand: str | None = None, **query: str) -> AsyncIterator[Model]:
        """Yield every item of a list, newest first. Raises Refused, Unavailable."""
        asked = {**query, "limit": "100", **({"expand[]": expand} if expand else {})}

        async def page(cursor: Mapping[str, str]) -> tuple[list[Model], str | None]:
            reply = await self.http.read(path, {**asked, **cursor})
            items = self.http.records(model, reply.body.get("data"), reply)
            more = reply.body.get("has_more") is True and items
            return items, str(reply.body["data"][-1].get("id")) if more else None

        return pages(page, "starting_after", PAGES_AT_MOST, f"{TITLE} lists more than we can look through.")

    async def send(self, path: str, fields: Mapping[str, str | None], key: str | None = None) -> Reply:
        """Send a write, once for a key. Raises Refused, Unavailable, Unsure.

        Stripe repeats a refusal for a day under its key, although its cause is mended. A refusal surely had no effect,
        so the step then goes on under the next of its keys, always in the same order.
        """
        form = to_form(fields)
        if key is None:
            return await self.http.write("POST", path, form, FORM)
        *early, last = keys_of(key)
        for early_key in early:
            try:
                return await self.http.write("POST", path, form, FORM, {"Idempotency-Key": early_key})
            except Refused as no:
                if no.reason != REPLAYED:
                    raise
        return await self.http.write("POST", path, form, FORM, {"Idempotency-Key": last})

    def confirmed(self, model: type[Identified], reply: Reply, vendor_id: str) -> Identified:
        """Return the record that a write answers with. Raises Unsure where it is another one."""
        record = self.http.record(model, reply)
        if record.id != vendor_id:
            raise self.http.unreadable(reply)
        return record

    async def charge(self, payment_id: str) -> Charge:
        """Return the charge that took the money, by its own id or its intent's. Raises Refused where there is none."""
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
        """Return an invoice by the number that people know. Raises Refused where there is none, or more than one."""
        # No list filters by number. The search index lags by up to a minute, so it only tells the id.
        query = {"query": f"number:'{number}'", "limit": "2"}
        reply = await self.http.read("/v1/invoices/search", query)
        items = self.http.records(Invoice, reply.body.get("data"), reply)
        found = [invoice for invoice in items if (invoice.number or "").casefold() == number.casefold()]
        if not found:
            raise Refused(f"{TITLE} has no invoice {number}.", reason="not_found")
        if len(found) > 1:
            raise Refused(f"{TITLE} has more than one invoice {number}: do this step in the Stripe dashboard.")
        return await self.invoice_by_id(found[0].id)

    async def invoice_by_id(self, invoice_id: str) -> Invoice:
        """Return an invoice with its payments."""
        return await self.one(path_of("invoices", invoice_id), Invoice, PAYMENTS)

    async def subscription(self, subscription_id: str) -> Subscription:
        try:
            return await self.one(path_of("subscriptions", subscription_id), Subscription)
        except Refused as no:
            raise _named(no, f"{TITLE} has no subscription {subscription_id}.") from None

    async def customer(self, account_id: str | None, email: str | None) -> Customer:
        """Return a customer by Stripe's own id, else by exact e-mail. Raises Refused where that is none, or several."""
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
            found |= {
                customer.id: customer async for customer in self.listed("/v1/customers", Customer, email=spelling)
            }
        if not found:
            raise Refused(f"{TITLE} has no customer with this e-mail address.", reason="not_found")
        if len(found) > 1:
            raise Refused(
                f"{TITLE} has {len(found)} customers with this e-mail address ({', '.join(sorted(found))}): "
                "state the customer id."
            )
        return next(iter(found.values()))


def path_of(kind: str, vendor_id: str, *rest: str) -> str:
    """Return the path of a record: `path_of("invoices", id, "send")`."""
    return "/".join(("/v1", kind, in_path(vendor_id), *rest))


def about(reference: Reference | None) -> dict[str, str]:
    """Return the metadata by which people find the case of what we made."""
    return {"metadata[call]": reference.call, "metadata[case]": reference.case} if reference else {}


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
    """Return what a 4xx reply means; None leaves 401 to the base, whose sentence names the key."""
    error = reply.body.get("error")
    error = error if isinstance(error, dict) else {}
    code, message = str(error.get("code") or ""), short(error.get("message") or f"status {reply.status}")
    if reply.status == 401:
        return None
    if reply.status == 403:
        return _refused(reply, "Stripe does not let our key do this (403): give it the right in the Stripe dashboard.")
    if reply.status in {409, 424}:  # another request holds the object or the key, or a bank did not answer: still open
        return reply.undecided(f"Stripe could not say how it ended ({code or reply.status}).")
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
