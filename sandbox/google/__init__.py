"""Simulate Google: a token endpoint, Drive, Sheets and Gmail under one address, with the quirks that matter.

Drive and Gmail searches lag behind writes by `state.google["lag_s"]["drive" | "gmail"]` seconds; a made-up file id is
refused, a repeated one is a 409; a metadata id that exists fails a whole batch; Gmail replaces Message-ID, and sending
a draft deletes it. `state.google["revoked"] = True` revokes the service account.
"""

from sandbox.google.panel import panel
from sandbox.google.seeds import seed
from sandbox.google.server import routes

__all__ = ["panel", "routes", "seed"]
