"""Simulate Zendesk: OAuth tokens, tickets with internal notes, and a search that lags."""

from sandbox.zendesk.panel import panel
from sandbox.zendesk.seeds import seed
from sandbox.zendesk.server import routes

__all__ = ["panel", "routes", "seed"]
