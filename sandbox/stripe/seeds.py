"""Seed Stripe's first day with fixed ids and times around `now`."""

from datetime import UTC, datetime, timedelta

from sandbox.state import State
from sandbox.stripe import billing, objects
from sandbox.stripe.invoices import await_payment, fail, settle
from sandbox.stripe.wire import KINDS, Body
from sandbox.stripe.writes import add_refund

CUSTOMER = "cus_NORTHWIND"
CUSTOMERS = (  # id, name, e-mail, the team's own account id, the card's decline code (empty: it pays)
    (CUSTOMER, "Dana Ortiz", "ap@northwind.example", None, ""),
    ("cus_KESTREL", "Marcus Bell", "marcus@kestrel.example.com", "KESTREL-001", "do_not_honor"),
    ("cus_LARKSPUR", "Ines Moreau", "ines@larkspur.example.com", "LARKSPUR-014", ""),  # card replaced since
    ("cus_BLUEBIRD", "Omar Said", "omar@bluebird.example.com", "BLUEBIRD-007", "insufficient_funds"),
    ("cus_HARUKA", "Haruka Sato", "haruka@example.com", None, ""),
    ("cus_PRIYA", "Priya Raman", "priya@example.com", None, ""),
)
INVOICES = (  # number, customer, minor units of USD, created days ago, due days ago
    ("INV-20399", "cus_BLUEBIRD", 62_000, 61, 31),
    ("INV-20418", CUSTOMER, 12_950, 17, 3),
    ("INV-20431", CUSTOMER, 124_000, 10, -4),
    ("INV-20455", "cus_KESTREL", 418_000, 8, -6),
    ("INV-20462", "cus_LARKSPUR", 8_900, 5, 5),
)
PAYMENTS = (  # name, customer, minor units, currency, days ago
    ("YEN", "cus_HARUKA", 12_000, "jpy", 21),
    ("PARTLY", CUSTOMER, 20_000, "usd", 14),
    ("DISPUTED", CUSTOMER, 31_000, "usd", 9),
    ("SMALL", CUSTOMER, 2_400, "usd", 4),
    ("DUPLICATE", CUSTOMER, 12_950, "usd", 3),
)
SUBSCRIPTION = "sub_LARKSPUR"
MONTH = 30 * 24 * 3600  # seconds


def seed(state: State, now: datetime | None = None) -> None:
    """Fill `state.stripe` if it is empty; a state of an earlier version gets the collections that it lacks."""
    fresh, store = not state.stripe, state.stripe
    drawers = ("refunds_of", "idempotency", "times_sent", "receipts_sent", "cards")
    for drawer in (*(kind for kind, _ in KINDS.values()), *drawers):
        store.setdefault(drawer, {})
    if not fresh:
        return
    at = now or datetime.now(UTC)
    for customer_id, name, email, account, card in CUSTOMERS:
        customer = objects.customer(customer_id, name, email, _ago(at, 200))
        customer["metadata"] = {"account_id": account} if account else {}
        store["customers"][customer_id] = customer
        store["cards"][customer_id] = card
    for name, payer, amount, currency, days in PAYMENTS:
        add_payment(store, name, amount, currency, _ago(at, days), payer)
    partly, disputed = store["charges"]["ch_PARTLY"], store["charges"]["ch_DISPUTED"]
    add_refund(store, objects.refund("re_PARTLY", partly, 15_000, _ago(at, 6), reason="requested_by_customer"))
    disputed["disputed"] = True
    store["disputes"]["dp_DISPUTED"] = objects.dispute("dp_DISPUTED", disputed, _ago(at, 2), _ago(at, -12))
    _add_invoices(store, at)
    for kind in ("payment_intents", "charges", "invoices"):  # lists are in order of age, newest last
        store[kind] = dict(sorted(store[kind].items(), key=lambda item: int(item[1]["created"])))


def add_payment(store: Body, name: str, amount: int, currency: str, created: int, payer: str = CUSTOMER) -> None:
    """Add a paid intent `pi_<name>` and its charge `ch_<name>`; `amount` in minor units, `created` in seconds."""
    charge = objects.charge(name, amount, currency, store["customers"][payer], created)
    store["charges"][charge["id"]] = charge
    payment = objects.payment_intent(name, amount, currency, payer, created)
    store["payment_intents"][payment["id"]] = payment


def _add_invoices(store: Body, at: datetime) -> None:
    """Add one paid and three open invoices, and one of a subscription whose card had expired at renewal."""
    for number, payer, amount, days, due in INVOICES:
        invoice_id = f"in_{number.removeprefix('INV-')}"
        customer = store["customers"][payer]
        invoice = objects.invoice(invoice_id, number, amount, customer, _ago(at, days), _ago(at, due))
        store["invoices"][invoice_id] = invoice
        await_payment(store, invoice)
    settle(store, store["invoices"]["in_20418"], "ch_INV20418", _ago(at, 5))
    renewal = store["invoices"]["in_20462"]
    renewal |= {"collection_method": "charge_automatically", "due_date": None, "billing_reason": "subscription_cycle"}
    details = {"metadata": {}, "subscription": SUBSCRIPTION}
    renewal["parent"] = {"quote_details": None, "subscription_details": details, "type": "subscription_details"}
    renewal |= {"attempted": True, "attempt_count": 1, "next_payment_attempt": _ago(at, -2)}
    fail(store, renewal, "expired_card")
    customer = store["customers"]["cus_LARKSPUR"]
    subscription = billing.subscription(SUBSCRIPTION, customer, renewal, MONTH)
    store["subscriptions"][SUBSCRIPTION] = subscription | {"status": "past_due"}


def _ago(at: datetime, days: int) -> int:
    return int((at - timedelta(days=days)).timestamp())
