"""A case of each kind in each state as the example calls of the sandbox make it, with what every system knows of it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from bot.core.model import (
    Action,
    Call,
    Case,
    CaseFile,
    CaseState,
    Decision,
    Execution,
    ExecutionState,
    Fact,
    Kind,
    Proposal,
    Receipt,
    Verdict,
)
from bot.core.playbooks import PLAYBOOKS
from tests.card_samples import NOW, decision, execution
from tests.kind_samples import sorted_out, told

ANA, BEN, LEA = "U0ANA00001", "U0BEN00001", "U0LEA00001"
STRIPE, BOOKS = "https://dashboard.stripe.com/test", "https://app.qbo.intuit.com/app"

CALLS: Mapping[Kind, str] = {
    Kind.REFUND: "refund-duplicate",
    Kind.DISPUTE: "dispute",
    Kind.VIP_BLOCKER: "vip-blocker",
    Kind.COLLECTIONS: "collections",
    Kind.RECEIPT: "receipt-elsewhere",
    Kind.INVOICE_RESEND: "invoice-resend",
    Kind.RENEWAL_FAILED: "renewal-failed",
    Kind.ADDRESS_CORRECTION: "address-correction",
    Kind.BRAND_CREATE: "brand-create",
    Kind.BRAND_UPDATE: "brand-update",
    Kind.BILLING_QUESTION: "billing-question",
    Kind.REVIEW: "two-amounts",
}
# name -> source, page, sentence, values; `{…}` are fields of the call
LOOKED_UP: Mapping[str, tuple[str, str | None, str, dict[str, Any]]] = {
    "charge": ("Stripe", f"{STRIPE}/payments/{{payment_id}}", "{amount} USD paid on 20 Nov 2026, nothing refunded",
               {"status": "succeeded", "disputed": False}),
    "refunds": ("Stripe", f"{STRIPE}/payments/{{payment_id}}", "Nothing refunded before", {"count": 0}),
    "customer": ("Stripe", f"{STRIPE}/customers/cus_1", "{customer_name}, {email}", {"customer_id": "cus_1"}),
    "invoice": ("Stripe", f"{STRIPE}/invoices/in_1", "Invoice {invoice_number}, open", {"status": "open"}),
    "subscription": ("Stripe", f"{STRIPE}/subscriptions/{{subscription_id}}", "Subscription past due (expired card)",
                     {"subscription_id": "sub_LARKSPUR", "failure": "expired_card"}),
    "transaction": ("Fidel API", None, "129.50 USD at Harbour Lane Bakery on 20 Nov 2026, card ••5509, cleared",
                    {"transaction_id": "5e1d", "card_id": "71c3"}),
    "refund": ("Fidel API", None, "No refund by the shop seen", {"refunded": False}),
    "brand_name": ("Fidel API", None, "No brand is named {brand_name} yet", {"taken": False}),
    "brand": ("Fidel API", None, "Harbour Lane Bakery, https://harbourlane.example.com/",
              {"brand_id": "0f5d1f4e-3b0a-4d6e-9f0c-6b1c7e2a9d10"}),
    "books_invoice": ("QuickBooks", f"{BOOKS}/invoice?txnId=238", "Invoice {invoice_number}, overdue by 14 days",
                      {"status": "open"}),
    "books_customer": ("QuickBooks", f"{BOOKS}/customerdetail?nameId=58",
                       "{customer_name} owes 1,350.00 USD, overdue by 14 days", {"customer_id": "58"}),
    "contact": ("HubSpot", "https://app.hubspot.com/contacts/1/record/0-1/60121", "{customer_name}, owner {email}",
                {"contact_id": "60121", "vip": True}),
    "document": ("Google Drive", "https://drive.google.com/file/d/1Pdf/view", "Stored as {invoice_number}.pdf",
                 {"document_id": "1Pdf"}),
}  # fmt: skip
ELSEWHERE: Mapping[Kind, frozenset[str]] = {Kind.DISPUTE: frozenset({"charge", "refunds", "dispute", "books_invoice"})}
MISSING = {"deal": "HubSpot has no open renewal deal of this customer."}

REFUSED = "the ticket form of this group is closed (422 RecordInvalid)."


@lru_cache(maxsize=256)
def real_file(kind: Kind, state: CaseState = CaseState.OPEN, call: str = "") -> CaseFile:
    """What triage makes of the example, brought into that state; where options are offered the first was chosen."""
    heard = told(call or CALLS[kind])
    found = looked_up(kind, heard)
    triaged = sorted_out(heard, facts=found)
    assert triaged.kind is kind, (kind, triaged.because)
    chosen = triaged.actions or triaged.options[0].actions
    settled = state not in (CaseState.OPEN, CaseState.EXPIRED)
    version, because = (
        (2, f"“{triaged.options[0].label}” was chosen.") if settled and not triaged.actions else (1, None)
    )
    case = Case(
        case_id=f"C-{len(kind)}Q2M9XKD41",
        root=heard.call_id,
        call_id=heard.call_id,
        kind=kind,
        state=state,
        version=version,
        revision=3,
        details=heard.details,
        facts=found,
        channel=triaged.channel,
        urgent=triaged.urgent,
        owner=triaged.owner,
        due_at=triaged.due_at + timedelta(hours=1),
        opened_by="dialnexa",
        opened_at=NOW,
        updated_at=NOW,
        closing=closing(state),
    )
    offered = Proposal(
        case_id=case.case_id,
        version=version,
        kind=kind,
        money=heard.details.money,
        actions=chosen if settled else triaged.actions,
        options=triaged.options,
        because=because or triaged.because,
        created_at=NOW,
    )
    return CaseFile(
        case=case,
        proposal=offered,
        decisions=tuple(one.model_copy(update={"version": version}) for one in decided(kind, state)),
        executions=tuple(steps(chosen, state)),
    )


def sensitive_file() -> CaseFile:
    """A card number was said and removed at the door."""
    return real_file(Kind.REFUND, CaseState.OPEN, "card-number")


def looked_up(kind: Kind, heard: Call) -> tuple[Fact, ...]:
    names = [
        name for name in (*LOOKED_UP, *MISSING) if name in PLAYBOOKS[kind].facts - ELSEWHERE.get(kind, frozenset())
    ]
    stated = heard.details.fields.model_dump()
    return tuple(_fact(name, stated) for name in names)


def _fact(name: str, stated: Mapping[str, Any]) -> Fact:
    if name in MISSING:
        return Fact(name=name, source="HubSpot", observed_at=NOW, missing=MISSING[name])
    source, url, sentence, values = LOOKED_UP[name]
    page = url.format_map(stated) if url else None
    values = {**values, "email": stated["email"]}
    return Fact(
        name=name, source=source, observed_at=NOW, sentence=sentence.format_map(stated), url=page, values=values
    )


def closing(state: CaseState) -> str | None:
    return {
        CaseState.STUCK: f"Zendesk refused step 3: {REFUSED}",
        CaseState.DONE: "Every step has its receipt.",
    }.get(state)


def decided(kind: Kind, state: CaseState) -> tuple[Decision, ...]:
    if state is CaseState.REJECTED:
        return (decision(LEA, Verdict.REJECT, "The bank has decided on this charge already."),)
    if state is CaseState.EXPIRED or (state is CaseState.OPEN and kind is not Kind.REFUND):
        return ()
    stand_in = decision(LEA).model_copy(update={"stood_in_for": (BEN,)})
    return (decision(ANA),) if state is CaseState.OPEN else (decision(ANA), stand_in)


def steps(actions: tuple[Action, ...], state: CaseState) -> list[Execution]:
    """All done, the second one by hand, or the last one refused."""
    last = len(actions) - 1
    made = []
    for n, action in enumerate(actions):
        done = execution(n, action, ExecutionState.SUCCEEDED, receipt=receipt(n, action))
        if state is CaseState.APPROVED and n == 1:
            made.append(execution(n, action, ExecutionState.BY_HAND))
        elif state is CaseState.APPROVED and n:
            made.append(execution(n, action, ExecutionState.PENDING))
        elif state is CaseState.STUCK and n == last:
            made.append(execution(n, action, ExecutionState.REFUSED, detail=REFUSED))
        elif state in (CaseState.APPROVED, CaseState.STUCK, CaseState.DONE):
            made.append(done)
    return made


def receipt(n: int, action: Action) -> Receipt:
    if action.by_hand:
        return Receipt(vendor_id=ANA, note="done by hand by")
    return Receipt(vendor_id=f"{action.connector[:2]}_8KQ2M9{n}", url=f"https://{action.connector}.example/r/{n}")
