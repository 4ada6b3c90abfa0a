"""What is there on the first morning; the ids are fixed, the times lie around `now`."""

from datetime import UTC, datetime, timedelta

from sandbox.state import State
from sandbox.stripe import objects
from sandbox.stripe.wire import KINDS, Body
from sandbox.stripe.writes import add_refund

CUSTOMER = "cus_NORTHWIND"


def seed(state: State, now: datetime | None = None) -> None:
    """Fills `state.stripe` when it is empty."""
    if state.stripe:
        return
    at = now or datetime.now(UTC)
    store = state.stripe
    store |= {kind: {} for kind, _ in KINDS.values()}
    store |= {"refunds_of": {}, "idempotency": {}, "times_sent": {}}
    store["customers"][CUSTOMER] = objects.customer(CUSTOMER, "Dana Ortiz", "ap@northwind.example", _ago(at, 200))
    add_payment(store, "YEN", 12_000, "jpy", _ago(at, 21))
    add_payment(store, "PARTLY", 20_000, "usd", _ago(at, 14))
    add_payment(store, "DISPUTED", 31_000, "usd", _ago(at, 9))
    add_payment(store, "SMALL", 2_400, "usd", _ago(at, 4))
    add_payment(store, "DUPLICATE", 12_950, "usd", _ago(at, 3))
    partly, disputed = store["charges"]["ch_PARTLY"], store["charges"]["ch_DISPUTED"]
    add_refund(store, objects.refund("re_PARTLY", partly, 15_000, _ago(at, 6), reason="requested_by_customer"))
    disputed["disputed"] = True
    store["disputes"]["dp_DISPUTED"] = objects.dispute("dp_DISPUTED", disputed, _ago(at, 2), _ago(at, -12))
    _add_invoices(store, at)


def add_payment(store: Body, name: str, amount: int, currency: str, created: int) -> None:
    """A paid payment intent `pi_<name>` with its charge `ch_<name>`; `amount` in minor units, `created` in seconds."""
    payer = store["customers"][CUSTOMER]
    charge = objects.charge(name, amount, currency, payer, created)
    store["charges"][charge["id"]] = charge
    payment = objects.payment_intent(name, amount, currency, CUSTOMER, created)
    store["payment_intents"][payment["id"]] = payment


def pay_invoice(invoice: Body, paid_at: int) -> None:
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice |= {"attempted": True, "attempt_count": 1}
    invoice["status_transitions"]["paid_at"] = paid_at


def _add_invoices(store: Body, at: datetime) -> None:
    payer = store["customers"][CUSTOMER]
    paid = objects.invoice("in_20418", "INV-20418", 12_950, payer, _ago(at, 17), _ago(at, 3))
    pay_invoice(paid, _ago(at, 3))
    still_open = objects.invoice("in_20431", "INV-20431", 124_000, payer, _ago(at, 10), _ago(at, -4))
    store["invoices"] = {invoice["id"]: invoice for invoice in (paid, still_open)}


def _ago(at: datetime, days: int) -> int:
    return int((at - timedelta(days=days)).timestamp())
