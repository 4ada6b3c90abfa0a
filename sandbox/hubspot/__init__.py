"""Simulate HubSpot CRM: contacts, companies, deals and owners to read, notes and tasks to upsert, a delayed search."""

from sandbox.hubspot.panel import panel
from sandbox.hubspot.seeds import seed
from sandbox.hubspot.server import routes

__all__ = ["panel", "routes", "seed"]
