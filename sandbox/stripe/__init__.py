"""Simulate Stripe: payments, refunds, disputes, invoices, customers, subscriptions, exact idempotency keys.

`state.stripe["break_next"]` set to "before_effect" or "after_effect" makes the next POST that begins to execute answer
500 once; as at Stripe, that answer is kept under its key and replayed.
"""

from sandbox.stripe.panel import panel
from sandbox.stripe.seeds import add_payment, seed
from sandbox.stripe.server import routes

__all__ = ["add_payment", "panel", "routes", "seed"]
