"""Serve what a customer is billed: an open invoice paid again, the billing address, a link to the customer portal."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from bot.connectors.stripe.client import PAYMENTS, TITLE, Email, InvoiceNumber, StripeApi, path_of
from bot.connectors.stripe.records import Customer, Invoice, Place, PortalSession
from bot.core.model import Address, Frozen, Receipt
from bot.http.errors import Refused


class PayInvoice(Frozen):
    """Name an open invoice, or the latest one of a subscription; where both are stated they have to belong together."""

    invoice_number: InvoiceNumber | None = None
    subscription_id: Annotated[str, StringConstraints(pattern=r"^sub_[A-Za-z0-9_]{1,200}$")] | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.invoice_number is None and self.subscription_id is None:
            raise ValueError("an invoice number or a subscription is needed")
        return self


class OfCustomer(Frozen):
    account_id: str | None = Field(None, max_length=255)  # "cus_…"; anything else is looked for by e-mail
    email: Email | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if self.account_id is None and self.email is None:
            raise ValueError("a customer id or an e-mail address is needed")
        return self


class UpdateAddress(OfCustomer):
    address: Address


class PortalLink(OfCustomer):
    pass


async def pay_invoice(api: StripeApi, params: PayInvoice, key: str) -> Receipt:
    """Pay an invoice. A paid one is not paid again, and a repeat of the same Idempotency-Key gets the first answer."""
    invoice = await _meant(api, params)
    if done := _paid(invoice):
        return done
    if invoice.status != "open":
        raise Refused(f"{invoice.name} is {invoice.status}, and only an open invoice can be paid.")
    reply = await api.send(path_of("invoices", invoice.id, "pay"), {}, key)
    now = api.confirmed(Invoice, reply, invoice.id)
    if now.status != "paid":  # its payments say whether a bank is still at work
        now = await api.as_it_stands(path_of("invoices", invoice.id), Invoice, PAYMENTS)
    if done := _paid(now, reply.request_id):
        return done
    raise Refused(f"{invoice.name} is still {now.status}: look at its payments in {TITLE}.")


async def find_paid_invoice(api: StripeApi, params: PayInvoice, key: str) -> Receipt | None:
    """Find the payment, whoever made it: the step is done when nothing is owed any more."""
    return _paid(await _meant(api, params))


async def _meant(api: StripeApi, params: PayInvoice) -> Invoice:
    if params.invoice_number is None:
        return await _latest(api, params.subscription_id or "")
    invoice = await api.invoice(params.invoice_number)
    if params.subscription_id and invoice.subscription != params.subscription_id:
        raise Refused(f"{invoice.name} is not of the subscription {params.subscription_id}: state one of them.")
    return invoice


async def _latest(api: StripeApi, subscription_id: str) -> Invoice:
    subscription = await api.subscription(subscription_id)
    if subscription.latest_invoice is None:
        raise Refused(f"The subscription {subscription_id} has no invoice yet.")
    return await api.invoice_by_id(subscription.latest_invoice)


def _paid(invoice: Invoice, request_id: str | None = None) -> Receipt | None:
    """Return None while nothing is paid and no bank works on it: a second payment beside one could pay twice."""
    if invoice.status == "paid":
        note = f"{invoice.name} is paid."
    elif invoice.status == "open" and invoice.under_way:
        note = f"The bank is still working on the payment of {invoice.name}."
    else:
        return None
    return Receipt(vendor_id=invoice.id, url=invoice.url, note=note, request_id=request_id)


async def update_address(api: StripeApi, params: UpdateAddress, key: str) -> Receipt:
    """Set the whole address, after reading the customer: a repeat ends in the same state."""
    customer = await api.customer(params.account_id, params.email)
    new = _merged(customer.address or Place(), params.address)
    if new == customer.address:
        return _unchanged(customer)
    # the whole address, an empty text for what it lacks: whether Stripe merges or replaces is then all the same
    fields = {f"address[{name}]": value or "" for name, value in new.model_dump().items()}
    reply = await api.send(path_of("customers", customer.id), fields)  # no key: a replay would hide a later change
    api.confirmed(Customer, reply, customer.id)
    return Receipt(vendor_id=customer.id, url=customer.url, request_id=reply.request_id)


async def find_address(api: StripeApi, params: UpdateAddress, key: str) -> Receipt | None:
    customer = await api.customer(params.account_id, params.email)
    new = _merged(customer.address or Place(), params.address)
    return _unchanged(customer) if new == customer.address else None


async def portal_link(api: StripeApi, params: PortalLink, key: str) -> Receipt:
    """Make a link, which changes nothing; a replayed one may have expired, so every try makes a new one."""
    customer = await api.customer(params.account_id, params.email)
    reply = await api.send("/v1/billing_portal/sessions", {"customer": customer.id})
    session = api.http.record(PortalSession, reply)
    note = "The link opens the customer's own billing page and works for a short time only: send it at once."
    return Receipt(vendor_id=session.id, url=session.url, note=note, request_id=reply.request_id)


def _merged(old: Place, stated: Address) -> Place:
    """Return the whole address: what was not stated stays, but a new street leaves nothing of the old one behind."""
    country = stated.country.strip().upper() if stated.country else old.country
    if stated.country and not (country and len(country) == 2 and country.isascii() and country.isalpha()):
        raise Refused(f"{TITLE} takes the country as two letters, as in US or GB: correct it and approve again.")
    new = Place(
        line1=stated.line1 or old.line1,
        line2=stated.line2 or (None if stated.line1 else old.line2),
        city=stated.city or old.city,
        state=stated.region or old.state,
        postal_code=stated.postcode or old.postal_code,
        country=country,
    )
    if not any(stated.model_dump().values()):
        raise Refused("No part of the new address is stated.")
    return new


def _unchanged(customer: Customer) -> Receipt:
    return Receipt(vendor_id=customer.id, url=customer.url, note="The address was so already.")
