"""A fake Stripe API: payments, refunds, disputes, invoices, customers, subscriptions, exact idempotency keys.

`state.stripe["break_next"]` set to "before_effect" or "after_effect" makes the next POST that begins to execute answer
500 once; like the real one it keeps that answer under its key and replays it.
"""

from sandbox.stripe.panel import panel
from sandbox.stripe.seeds import add_payment, seed
from sandbox.stripe.server import routes

__all__ = ["add_payment", "panel", "routes", "seed"]
