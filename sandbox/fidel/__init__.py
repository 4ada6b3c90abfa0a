"""Simulate Fidel API v1 with its quirks, as `reference/fidel-api.md` of the project describes them.

Where Fidel documents nothing, a switch in `state.fidel` chooses the variant:
`unknown_id` "404" or "400" · `metadata_merge` · `logo_spelling` "logoURL" or "logoUrl" ·
`duplicate_code` (error code of a second brand of the same name) · `reimbursement` (the withdrawn product answers).
"""

from sandbox.fidel.panel import panel
from sandbox.fidel.seeds import seed
from sandbox.fidel.server import routes

__all__ = ["panel", "routes", "seed"]
