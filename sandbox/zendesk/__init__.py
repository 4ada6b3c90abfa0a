"""A fake Zendesk: OAuth tokens, tickets with internal notes, the search that lags behind."""

from sandbox.zendesk.panel import panel
from sandbox.zendesk.seeds import seed
from sandbox.zendesk.server import routes

__all__ = ["panel", "routes", "seed"]
