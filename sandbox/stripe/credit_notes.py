"""Create credit notes: on a paid invoice they return money, on an open one they lower the amount owed."""

from sandbox.stripe import billing
from sandbox.stripe.money import said
from sandbox.stripe.wire import Api, Ask, Body, Refusal, expanded, integer, refuse_unknown
from sandbox.stripe.writes import Execute, metadata_of, refund_charge

REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
BACK = ("refund_amount", "credit_amount", "out_of_band_amount")
PARAMETERS = ("amount", "email_type", "expand", "invoice", "memo", "metadata", "reason", *BACK)


def create_credit_note(api: Api, ask: Ask) -> Execute:
    params = ask.params
    refuse_unknown(params, PARAMETERS)
    amount = integer(params, "amount", least=1)
    if amount is None:
        message = "One of the following params should be provided for this request: amount, lines or shipping_cost."
        raise Refusal(400, message, code="parameter_missing", param="amount")
    if params.get("reason") not in (None, *REASONS):
        raise Refusal(400, f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    back = {name: integer(params, name) or 0 for name in BACK}
    metadata = metadata_of(params.get("metadata"))
    invoice = api.find("in", str(params.get("invoice")), param="invoice")

    def execute() -> Body:
        if invoice["status"] not in ("open", "paid"):
            raise Refusal(400, "You can only create a credit note for a finalized invoice.", param="invoice")
        before = min(amount, invoice["amount_remaining"])
        after = amount - before
        if sum(back.values()) != after:
            message = f"The sum of {', '.join(BACK)} must equal the credit note amount after payment ({after})."
            raise Refusal(400, message)
        _refuse_too_much(api, invoice, after)
        nth = len(api.store["credit_notes"]) + 1
        note = billing.credit_note(api.new_id("cn"), invoice, nth, amount, before, api.seconds())
        note |= {"metadata": metadata, "reason": params.get("reason"), "memo": params.get("memo")}
        if back["refund_amount"]:
            refund = refund_charge(api, _charge(api, invoice), back["refund_amount"], None, {})
            note["refunds"] = [{"amount_refunded": refund["amount"], "refund": refund["id"], "type": "refund"}]
        invoice["pre_payment_credit_notes_amount"] += before
        invoice["post_payment_credit_notes_amount"] += after
        invoice["amount_remaining"] -= before
        api.store["credit_notes"][note["id"]] = note
        api.state.changed("stripe")
        return expanded(api, note, params.get("expand", []))

    return execute


def _refuse_too_much(api: Api, invoice: Body, after: int) -> None:
    """Check that credit notes and bare refunds together do not exceed what was paid."""
    notes = [note for note in api.store["credit_notes"].values() if note["invoice"] == invoice["id"]]
    noted = sum(refund["amount_refunded"] for note in notes for refund in note["refunds"])
    bare = _charge(api, invoice)["amount_refunded"] - noted if after else 0
    left = invoice["amount_paid"] - invoice["post_payment_credit_notes_amount"] - bare
    if after > left:
        rest = said(left, invoice["currency"])
        raise Refusal(400, f"The credit note amount is more than the {rest} that can be credited.", param="amount")


def _charge(api: Api, invoice: Body) -> Body:
    for payment in api.store["invoice_payments"].values():
        if payment["invoice"] == invoice["id"] and payment["status"] == "paid":
            intent = api.find("pi", payment["payment"]["payment_intent"])
            return api.find("ch", intent["latest_charge"])
    raise Refusal(400, "This invoice has no payment to refund.", param="refund_amount")
