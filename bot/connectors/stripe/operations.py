"""List what can be asked of Stripe, and what makes each operation safe to repeat.

Whatever moves money, mails somebody or goes to a bank carries a key, which Stripe keeps for at least 24 hours; we trust
it for 23, so that a retry which starts in time also arrives in time. After that only the look-up decides, and where it
finds nothing a person.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from bot.connectors.base import Operation, Repeat, not_listed
from bot.connectors.stripe import billing, disputes, mails, refunds

KEY_LASTS: Final = timedelta(hours=23)
CHARGES: Final = "Charges and Refunds: write (rak_charge_write, rak_refund_write)"
CREDIT_NOTES: Final = "Credit notes: write (rak_credit_note_write)"
CUSTOMERS: Final = "Customers: write (rak_customer_write)"
DISPUTES: Final = "Disputes: write (rak_dispute_write)"
INVOICES: Final = "Invoices: write (rak_invoice_write)"
PORTAL: Final = "Customer portal: write (rak_customer_portal_write)"
SENDINGS: Final = f"{INVOICES}, Events: read (rak_event_read)"

_keyed = partial(Operation, repeat=Repeat.KEY, key_lasts=KEY_LASTS)
_paying = partial(_keyed, moves_money=True)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "refund": _paying(refunds.RefundPayment, refunds.make_refund, refunds.find_refund, CHARGES),
    "credit_note": _paying(refunds.MakeCreditNote, refunds.make_credit_note, refunds.find_credit_note, CREDIT_NOTES),
    "pay_invoice": _paying(billing.PayInvoice, billing.pay_invoice, billing.find_paid_invoice, INVOICES),
    "send_invoice": _keyed(mails.SendInvoice, mails.send_invoice, mails.find_sent_invoice, SENDINGS),
    "send_receipt": _keyed(mails.SendReceipt, mails.send_receipt, mails.find_sent_receipt, CHARGES),
    "submit_evidence": _keyed(disputes.SubmitEvidence, disputes.submit_evidence, disputes.find_submitted, DISPUTES),
    "stage_evidence": Operation(disputes.StageEvidence, disputes.stage_evidence, disputes.find_staged, DISPUTES),
    "update_address": Operation(billing.UpdateAddress, billing.update_address, billing.find_address, CUSTOMERS),
    # nothing lists sessions, and another link does no harm
    "portal_link": Operation(billing.PortalLink, billing.portal_link, not_listed, PORTAL),
}
