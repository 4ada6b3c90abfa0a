"""Stripe: money back, invoices sent and paid again, receipts, evidence in disputes, the customer's address and page.

idempotent   Idempotency-Key on whatever moves money, mails somebody or goes to a bank; the rest ends in the same
             state. Where a key has run out, or a stored 500 is replayed, the look-up decides, else a person:
             `stripe_operations.py` says it for each operation
find         by our key in the metadata of a refund, credit note, charge or dispute, by our key in the event of a
             sending, or by the state that is wanted. Exempt: portal_link, since nothing lists sessions and another
             link does no harm
refusals     `refusal` in stripe_api.py, and what is read from the record before anything is sent
time-outs    by the base: 5 s to connect, 15 s in all
secrets      the key is a header of the base's client and nowhere else; the keys we send hold a call id, no
             personal data; sentences hold ids, no addresses
contract     tests/contract/test_stripe.py and `make contract` against Stripe's own OpenAPI file
exempt       POST /v1/charges/{charge} (send_receipt) is not in that file: test_stripe_sdk.py holds it against
             Stripe's own package. Files of evidence and links of checkout are steps for a person
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import httpx

from bot.connectors.base import parsed_params
from bot.connectors.stripe import customers, disputes, invoices, mails, refunds
from bot.connectors.stripe import facts as looks
from bot.connectors.stripe.client import TITLE, StripeApi, refusal
from bot.connectors.stripe.operations import OPERATIONS
from bot.core.model import Action, Details, Fact, Receipt
from bot.http.client import TOTAL_S, Http
from bot.http.errors import Refused

VERSION: Final = "2026-10-28.endive"
READ: Final = ("charges", "refunds", "customers", "disputes", "invoices", "subscriptions")  # what look-ups read


@dataclass(frozen=True)
class Way:
    """How one operation is done and found again; both take the operation's own parameters and the key."""

    perform: Callable[[StripeApi, Any, str], Awaitable[Receipt]]
    find: Callable[[StripeApi, Any, str], Awaitable[Receipt | None]]


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "refund": Way(refunds.refund, refunds.find_refund),
        "credit_note": Way(refunds.credit_note, refunds.find_credit_note),
        "send_invoice": Way(mails.send_invoice, mails.find_sent_invoice),
        "send_receipt": Way(mails.send_receipt, mails.find_sent_receipt),
        "pay_invoice": Way(invoices.pay_invoice, invoices.find_paid_invoice),
        "stage_evidence": Way(disputes.stage_evidence, disputes.find_staged),
        "submit_evidence": Way(disputes.submit_evidence, disputes.find_submitted),
        "update_address": Way(customers.update_address, customers.find_address),
        "portal_link": Way(customers.portal_link, customers.find_portal_link),
    }
)


class StripeConnector:
    name = "stripe"
    title = TITLE
    operations = OPERATIONS

    def __init__(
        self,
        key: str,
        base_url: str = "https://api.stripe.com",
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self._live = "_live_" in key
        self._http = Http(
            TITLE,
            base_url,
            {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION},
            refusal,
            key_name="STRIPE_API_KEY",
            request_id_header="Request-Id",
            transport=transport,
            total_s=total_s,
        )
        self._api = StripeApi(self._http)

    async def perform(self, action: Action, key: str) -> Receipt:
        params = parsed_params(TITLE, OPERATIONS, action)
        return await WAYS[action.operation].perform(self._api, params, key)

    async def find(self, action: Action, key: str) -> Receipt | None:
        params = parsed_params(TITLE, OPERATIONS, action)
        return await WAYS[action.operation].find(self._api, params, key)

    async def check(self) -> str:
        for record in READ:
            try:
                await self._http.read(f"/v1/{record}", {"limit": "1"})
            except Refused as no:
                words = f"{TITLE} does not let our key read {record}: add that right to STRIPE_API_KEY."
                raise Refused(words, request_id=no.request_id) from None
        return f"{TITLE} answers and takes the key ({'live' if self._live else 'test'} data, version {VERSION})."

    async def facts(self, details: Details, wanted: frozenset[str], now: datetime) -> tuple[Fact, ...]:
        return await looks.facts(self._api, details, wanted, now)

    async def close(self) -> None:
        await self._http.close()
