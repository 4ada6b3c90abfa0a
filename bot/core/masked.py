"""Mask what a sensitive call hides from everybody but those who may decide on it; who opens it is audited.

Rules that cut across, of the playbooks: the flag, or something that was redacted. Identity, records and
amounts stay in view, since nobody could decide without them.
"""

from collections.abc import Mapping

from bot.core.model import Details

# The caller's own words, and the links to all of them.
SPOKEN: Mapping[str, str] = {
    "refund_reason": "Reason",
    "dispute_reason": "Reason",
    "escalation_reason": "Reason",
    "credit_request": "Reason",
    "cancellation_risk": "Risk of leaving",
    "promised_next_step": "Promised to the caller",
}
LINKS: Mapping[str, str] = {"transcript_url": "Transcript", "recording_url": "Recording"}
HIDDEN_FIELDS = frozenset((*SPOKEN, *LINKS))


def masked(details: Details) -> Details:
    """Return the details without what is hidden; of fields without a meaning for us only the names remain."""
    if not details.sensitive:
        return details
    fields = details.fields.model_copy(update=dict.fromkeys(HIDDEN_FIELDS))
    return details.model_copy(
        update={"summary": None, "fields": fields, "unmapped": dict.fromkeys(details.unmapped, "")}
    )


def hidden(details: Details) -> tuple[tuple[str, str], ...]:
    """Return the label and the words of everything that is hidden, the summary first; nothing if nothing is."""
    if not details.sensitive:
        return ()
    found = [("Summary", details.summary)]
    found += [(label, getattr(details.fields, name)) for name, label in {**SPOKEN, **LINKS}.items()]
    found += list(details.unmapped.items())
    return tuple((label, words) for label, words in found if words)
