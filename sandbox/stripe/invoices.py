"""Send and pay invoices, with the events that report it.

`cards` of the store holds the decline code of each customer's card, or an empty text if it pays.
"""

import copy

from sandbox.stripe import billing, objects
from sandbox.stripe.wire import Api, Ask, Body, Refusal, expanded, refuse_unknown
from sandbox.stripe.writes import Execute


def send(api: Api, ask: Ask) -> Execute:
    """Mail an invoice, again at every call; `times_sent` of the store counts the mails."""
    refuse_unknown(ask.params, ("expand",))
    invoice = api.find("in", ask.path["invoice"], param="invoice")

    def execute() -> Body:
        if invoice["status"] not in ("open", "paid"):
            raise Refusal(400, "You can only send an invoice that is finalized.", param="invoice")
        sent = api.store["times_sent"]
        sent[invoice["id"]] = sent.get(invoice["id"], 0) + 1
        _tell(api, "invoice.sent", invoice, ask)
        return expanded(api, invoice, ask.params.get("expand", []))

    return execute


def pay(api: Api, ask: Ask) -> Execute:
    refuse_unknown(ask.params, ("expand", "off_session"))
    invoice = api.find("in", ask.path["invoice"], param="invoice")

    def execute() -> Body:
        if invoice["status"] == "paid":
            raise Refusal(400, "Invoice is already paid")
        if invoice["status"] != "open":
            raise Refusal(400, f"This invoice can no longer be paid: its status is {invoice['status']}.")
        declined = api.store["cards"].get(invoice["customer"])
        if declined is None:
            raise Refusal(400, "There is no `default_payment_method` set on this Customer or Invoice.")
        invoice["attempted"] = True
        invoice["attempt_count"] += 1
        if declined:
            fail(api.store, invoice, declined)
            _tell(api, "invoice.payment_failed", invoice, ask)
            code = "expired_card" if declined == "expired_card" else "card_declined"
            message = "Your card was declined."
            raise Refusal(402, message, code=code, decline_code=declined, kind="card_error")
        settle(api.store, invoice, api.new_id("ch"), api.seconds())
        _tell(api, "invoice.paid", invoice, ask)
        return expanded(api, invoice, ask.params.get("expand", []))

    return execute


def await_payment(store: Body, invoice: Body) -> None:
    """Add the payment that an open invoice waits for."""
    name = invoice["number"].replace("-", "")
    amount, currency, created = invoice["amount_remaining"], invoice["currency"], invoice["created"]
    intent = objects.payment_intent(name, amount, currency, invoice["customer"], created)
    intent |= {"status": "requires_payment_method", "latest_charge": None, "amount_received": 0, "payment_method": None}
    store["payment_intents"][intent["id"]] = intent
    payment = billing.invoice_payment(f"inpay_{name}", invoice, intent["id"])
    store["invoice_payments"][payment["id"]] = payment


def settle(store: Body, invoice: Body, charge_id: str, paid_at: int) -> None:
    """Pay an invoice in full and reactivate a subscription that waited for it."""
    payment = _payment_of(store, invoice)
    intent = store["payment_intents"][payment["payment"]["payment_intent"]]
    payer = store["customers"][invoice["customer"]]
    charge = objects.charge(charge_id.removeprefix("ch_"), intent["amount"], intent["currency"], payer, paid_at)
    charge["payment_intent"] = intent["id"]
    store["charges"][charge["id"]] = charge
    intent |= {"status": "succeeded", "latest_charge": charge["id"], "amount_received": intent["amount"]}
    intent |= {"last_payment_error": None, "payment_method": charge["payment_method"]}
    payment |= {"status": "paid", "amount_paid": intent["amount"]}
    payment["status_transitions"]["paid_at"] = paid_at
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice |= {"attempted": True, "attempt_count": max(invoice["attempt_count"], 1), "next_payment_attempt": None}
    invoice["status_transitions"]["paid_at"] = paid_at
    for subscription in store["subscriptions"].values():
        if subscription["latest_invoice"] == invoice["id"]:
            subscription["status"] = "active"


def fail(store: Body, invoice: Body, decline_code: str) -> None:
    intent = store["payment_intents"][_payment_of(store, invoice)["payment"]["payment_intent"]]
    intent["last_payment_error"] = {
        "type": "card_error",
        "code": "expired_card" if decline_code == "expired_card" else "card_declined",
        "decline_code": decline_code,
        "message": "Your card was declined.",
    }


def _payment_of(store: Body, invoice: Body) -> Body:
    payment: Body = next(entry for entry in store["invoice_payments"].values() if entry["invoice"] == invoice["id"])
    return payment


def _tell(api: Api, kind: str, about: Body, ask: Ask) -> None:
    event = billing.event(api.new_id("evt"), kind, copy.deepcopy(about), api.seconds())
    event["request"] = {"id": ask.request_id, "idempotency_key": ask.key}
    api.store["events"][event["id"]] = event
    api.state.changed("stripe")
