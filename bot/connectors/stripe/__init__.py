"""Serve Stripe: money back, invoices sent and paid again, receipts, evidence in disputes, address and customer portal.

idempotent   Idempotency-Key on whatever moves money, mails somebody or goes to a bank; the rest ends in the same
             state. Where a key has run out, or a stored 500 is replayed, the look-up decides, else a person:
             `operations.py` says it for each operation
find         by our key in the metadata of a refund, credit note, charge or dispute, by our key in the event of a
             sending, or by the state that is wanted. Exempt: portal_link, since nothing lists sessions and another
             link does no harm
refusals     `refusal` in client.py, and what is read from the record before anything is sent
secrets      the key is a header of the base's client and nowhere else; the keys we send hold a call id, no
             personal data; sentences hold ids, no addresses
contract     tests/contract/test_stripe.py and `make contract` against Stripe's own OpenAPI file
exempt       POST /v1/charges/{charge} (send_receipt) is not in that file: test_stripe_sdk.py holds it against
             Stripe's own package. Files of evidence and links of checkout are steps for a person
"""

from bot.connectors.base import Connector
from bot.connectors.stripe.client import TITLE, StripeApi, StripeSettings
from bot.connectors.stripe.facts import LOOKUPS
from bot.connectors.stripe.operations import OPERATIONS


class StripeConnector(Connector):
    """Reach Stripe."""

    api: StripeApi
    name = "stripe"
    title = TITLE
    settings = StripeSettings
    client = StripeApi
    table = OPERATIONS
    lookups = LOOKUPS
