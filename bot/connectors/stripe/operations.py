"""List what can be asked of Stripe, and what makes each operation safe to repeat.

Whatever moves money, mails somebody or goes to a bank carries a key, which Stripe keeps for at least 24 hours; we trust
it for 23, so that a retry which starts in time also arrives in time. After that only the look-up decides, and where it
finds nothing a person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from bot.connectors.base import Operation, Repeat, not_listed
from bot.connectors.stripe import billing, disputes, mails, refunds

KEY_LASTS: Final = timedelta(hours=23)
CHARGES: Final = "Charges and Refunds: write (rak_charge_write, rak_refund_write)"
INVOICES: Final = "Invoices: write (rak_invoice_write)"
DISPUTES: Final = "Disputes: write (rak_dispute_write)"

_KEYED: Mapping[str, Operation] = MappingProxyType(
    {
        "refund": Operation(
            refunds.RefundPayment,
            refunds.refund,
            refunds.find_refund,
            Repeat.KEY,
            CHARGES,
            "Stripe answers a repeat of the same Idempotency-Key with the first refund.",
            moves_money=True,
        ),
        "credit_note": Operation(
            refunds.MakeCreditNote,
            refunds.credit_note,
            refunds.find_credit_note,
            Repeat.KEY,
            "Credit notes: write (rak_credit_note_write)",
            "Stripe answers a repeat of the same Idempotency-Key with the first credit note.",
            moves_money=True,
        ),
        "pay_invoice": Operation(
            billing.PayInvoice,
            billing.pay_invoice,
            billing.find_paid_invoice,
            Repeat.KEY,
            INVOICES,
            "A paid invoice is not paid again, and a repeat of the same Idempotency-Key gets the first answer.",
            moves_money=True,
        ),
        "send_invoice": Operation(
            mails.SendInvoice,
            mails.send_invoice,
            mails.find_sent_invoice,
            Repeat.KEY,
            f"{INVOICES}, Events: read (rak_event_read)",
            "Every sending is an event of Stripe's with our key in it, kept for 30 days, and it is looked for first.",
        ),
        "send_receipt": Operation(
            mails.SendReceipt,
            mails.send_receipt,
            mails.find_sent_receipt,
            Repeat.KEY,
            CHARGES,
            "The write that mails the receipt leaves our key on the charge, and it is looked for first.",
        ),
        "submit_evidence": Operation(
            disputes.SubmitEvidence,
            disputes.submit_evidence,
            disputes.find_submitted,
            Repeat.KEY,
            DISPUTES,
            "A dispute takes evidence once, and the write that submits it leaves our key on the dispute.",
        ),
    }
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        **{name: replace(operation, key_lasts=KEY_LASTS) for name, operation in _KEYED.items()},
        "stage_evidence": Operation(
            disputes.StageEvidence,
            disputes.stage_evidence,
            disputes.find_staged,
            Repeat.NATURAL,
            DISPUTES,
            "The text is added once: a text that is there already is not added again, and staging sends nothing.",
        ),
        "update_address": Operation(
            billing.UpdateAddress,
            billing.update_address,
            billing.find_address,
            Repeat.NATURAL,
            "Customers: write (rak_customer_write)",
            "It reads the customer first and sets the whole address: a repeat ends in the same state.",
        ),
        "portal_link": Operation(
            billing.PortalLink,
            billing.portal_link,
            not_listed,  # nothing lists sessions, and another link does no harm
            Repeat.NATURAL,
            "Customer portal: write (rak_customer_portal_write)",
            "A link changes nothing at Stripe; a replayed one may have expired, so every try makes a new one.",
        ),
    }
)
