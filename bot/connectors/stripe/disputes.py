"""Give evidence in a dispute: staged, which a person can still change in Stripe, or submitted to the bank for good."""

from typing import Annotated, Final

from pydantic import StringConstraints

from bot.connectors.base import token
from bot.connectors.parameters import Reference
from bot.connectors.stripe.client import MARK, TITLE, PaymentId, StripeApi, about, path_of
from bot.connectors.stripe.records import Dispute
from bot.connectors.stripe.refunds import payment_field
from bot.core.model import Frozen, Receipt
from bot.http.errors import Refused

EVIDENCE_AT_MOST: Final = 20_000  # characters of the one free text of a dispute
OPEN = frozenset({"needs_response", "warning_needs_response", "appeal_needs_response"})
_SUBMITTED = f"{MARK}_submitted"


class StageEvidence(Frozen):
    payment_id: PaymentId
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=EVIDENCE_AT_MOST)]
    reference: Reference


class SubmitEvidence(Frozen):
    payment_id: PaymentId
    reference: Reference


async def stage_evidence(api: StripeApi, params: StageEvidence, key: str) -> Receipt:
    """Stage a text, unless it is there already; staging sends nothing."""
    if earlier := await find_staged(api, params, key):
        return earlier
    dispute = await _open(api, params.payment_id)
    text = _with(dispute, params.text) or params.text
    if len(text) > EVIDENCE_AT_MOST:
        room = max(EVIDENCE_AT_MOST - len(text) + len(params.text), 0)
        raise Refused(f"The dispute has room for {room:,} more characters of text: shorten it, or edit it in {TITLE}.")
    fields = {
        "evidence[uncategorized_text]": text,
        "submit": "false",
        **about(params.reference),
    }
    reply = await api.send(path_of("disputes", dispute.id), fields)  # no key: a replay would hide a later change
    if _with(api.http.record(Dispute, reply), params.text) is not None:
        raise api.http.unreadable(reply)
    return _staged(dispute, reply.request_id)


async def find_staged(api: StripeApi, params: StageEvidence, key: str) -> Receipt | None:
    for dispute in await disputes_of(api, params.payment_id):
        if _with(dispute, params.text) is None:
            return _staged(dispute)
    return None


async def submit_evidence(api: StripeApi, params: SubmitEvidence, key: str) -> Receipt:
    """Submit the evidence, which a dispute takes once; the write leaves our key on the dispute."""
    if earlier := await find_submitted(api, params, key):
        return earlier
    dispute = await _open(api, params.payment_id)
    if dispute.evidence_details.past_due:
        raise Refused(f"Evidence was due by {dispute.due}: the bank takes none any more.")
    if not dispute.evidence_details.has_evidence:
        raise Refused(f"No evidence is staged on this dispute: stage it first, and check it in {TITLE}.")
    fields = {
        "submit": "true",
        f"metadata[{_SUBMITTED}]": token(key),
        **about(params.reference),
    }
    reply = await api.send(path_of("disputes", dispute.id), fields, key)
    if api.http.record(Dispute, reply).metadata.get(_SUBMITTED) != token(key):
        raise api.http.unreadable(reply)
    return Receipt(vendor_id=dispute.id, url=dispute.url, request_id=reply.request_id)


async def find_submitted(api: StripeApi, params: SubmitEvidence, key: str) -> Receipt | None:
    for dispute in await disputes_of(api, params.payment_id):
        if dispute.metadata.get(_SUBMITTED) == token(key):
            return Receipt(vendor_id=dispute.id, url=dispute.url)
    return None


async def disputes_of(api: StripeApi, payment_id: str) -> list[Dispute]:
    """Return a payment's disputes, newest first; there is hardly ever more than one."""
    query = {payment_field(payment_id): payment_id}
    return [dispute async for dispute in api.listed("/v1/disputes", Dispute, **query)]


async def _open(api: StripeApi, payment_id: str) -> Dispute:
    disputes = await disputes_of(api, payment_id)
    if not disputes:
        raise Refused(f"{TITLE} has no dispute about the payment {payment_id}.", reason="not_found")
    waiting = next((dispute for dispute in disputes if dispute.status in OPEN), None)
    if waiting is None:
        status = disputes[0].status.replace("_", " ")
        raise Refused(f"The dispute about the payment {payment_id} takes no evidence any more ({status}).")
    return waiting


def _with(dispute: Dispute, text: str) -> str | None:
    """Return what is staged with this text added, None where it is there already. What a person wrote stays."""
    staged = (dispute.evidence.uncategorized_text or "").strip()
    return None if text in staged else f"{staged}\n\n{text}" if staged else text


def _staged(dispute: Dispute, request_id: str | None = None) -> Receipt:
    note = f"Staged, not submitted; evidence is due by {dispute.due}." if dispute.status in OPEN else None
    return Receipt(vendor_id=dispute.id, url=dispute.url, note=note, request_id=request_id)
