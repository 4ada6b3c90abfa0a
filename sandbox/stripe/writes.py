"""Refund charges and update disputes; each write checks its parameters and returns what to execute."""

from collections.abc import Callable
from typing import Any

from sandbox.stripe import objects
from sandbox.stripe.money import said
from sandbox.stripe.wire import Api, Ask, Body, Refusal, expanded, integer, refuse_unknown

Execute = Callable[[], Body]
Write = Callable[[Api, Ask], Execute]

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
REFUND_PARAMETERS = (
    "amount",
    "charge",
    "currency",
    "customer",
    "expand",
    "instructions_email",
    "metadata",
    "origin",
    "payment_intent",
    "reason",
    "refund_application_fee",
    "reverse_transfer",
)
EVIDENCE_TEXT_MAX = 150_000  # characters in all text fields together


def create_refund(api: Api, ask: Ask) -> Execute:
    params = ask.params
    refuse_unknown(params, REFUND_PARAMETERS)
    amount = integer(params, "amount", least=1)
    reason = params.get("reason")
    if reason is not None and reason not in REASONS:
        raise Refusal(400, f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    metadata = metadata_of(params.get("metadata"))
    charge = _charge(api, params)

    def execute() -> Body:
        refund = refund_charge(api, charge, amount, reason, metadata)
        return expanded(api, refund, params.get("expand", []))

    return execute


def update_dispute(api: Api, ask: Ask) -> Execute:
    """Update a dispute; unless `submit` is false its evidence goes to the bank for good."""
    refuse_unknown(ask.params, ("evidence", "expand", "intended_submission_method", "metadata", "submit"))
    dispute = api.find("dp", ask.path["dispute"], param="dispute")
    evidence = ask.params.get("evidence", {})
    if not isinstance(evidence, dict) or sum(len(str(text)) for text in evidence.values()) > EVIDENCE_TEXT_MAX:
        raise Refusal(400, "Evidence may hold at most 150,000 characters.", param="evidence")
    metadata = metadata_of(ask.params.get("metadata"))
    submit = ask.params.get("submit", "true") == "true"

    def execute() -> Body:
        if dispute["status"] != "needs_response" or dispute["evidence_details"]["past_due"]:
            raise Refusal(400, "This dispute is already closed or submitted.", param="dispute")
        dispute["evidence"] = {**dispute["evidence"], **evidence}
        dispute["metadata"] = {**dispute["metadata"], **metadata}
        details = dispute["evidence_details"]
        details["has_evidence"] = details["has_evidence"] or bool(evidence)
        if submit:
            details["submission_count"] += 1
            dispute["status"] = "under_review"
        api.state.changed("stripe")
        return expanded(api, dispute, ask.params.get("expand", []))

    return execute


def refund_charge(api: Api, charge: Body, amount: int | None, reason: str | None, metadata: dict[str, str]) -> Body:
    _refuse_charge(charge)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if amount is None:
        amount = left
    if amount > left:
        wanted, rest = said(amount, charge["currency"]), said(left, charge["currency"])
        message = f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({rest})"
        raise Refusal(400, message, code="amount_too_large", param="amount")
    refund = objects.refund(api.new_id("re"), charge, amount, api.seconds(), reason=reason, metadata=metadata)
    add_refund(api.store, refund)
    api.state.changed("stripe")
    return refund


def add_refund(store: Body, refund: Body) -> None:
    """Store a refund and subtract it from what is left on its charge."""
    store["refunds"][refund["id"]] = refund
    store["refunds_of"].setdefault(refund["payment_intent"], []).append(refund["id"])
    charge = store["charges"][refund["charge"]]
    charge["amount_refunded"] += refund["amount"]
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def _refuse_charge(charge: Body) -> None:
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise Refusal(400, message, code="charge_disputed")
    if charge["refunded"]:
        raise Refusal(400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")


def _charge(api: Api, params: Body) -> Body:
    payment_id, charge_id = params.get("payment_intent"), params.get("charge")
    if not payment_id and not charge_id:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise Refusal(400, message, code="parameter_missing", param="payment_intent")
    if not payment_id:
        return api.find("ch", str(charge_id), param="charge")
    payment = api.find("pi", str(payment_id), param="payment_intent")
    if charge_id and charge_id != payment["latest_charge"]:
        raise Refusal(400, "The charge does not belong to the payment_intent.", param="charge")
    if not payment["latest_charge"]:
        raise Refusal(400, f"This PaymentIntent ({payment_id}) does not have a successful charge to refund.")
    return api.find("ch", payment["latest_charge"], param="charge")


def metadata_of(stated: Any) -> dict[str, str]:
    if stated is None or stated == "":
        return {}
    if not isinstance(stated, dict) or not all(isinstance(value, str) for value in stated.values()):
        raise Refusal(400, "Invalid hash", param="metadata")
    if len(stated) > 50 or any(len(name) > 40 or len(value) > 500 for name, value in stated.items()):
        message = "Metadata holds at most 50 keys of 40 characters with values of 500 characters."
        raise Refusal(400, message, param="metadata")
    return stated
