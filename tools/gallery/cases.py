"""Make a case of each kind in each state from the sandbox's example calls, with what every system knows of it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from bot.core.cards import wording
from bot.core.model import (
    Action,
    Call,
    CaseFile,
    CaseState,
    Decision,
    Execution,
    ExecutionState,
    Fact,
    Kind,
    Receipt,
    Verdict,
)
from bot.core.money import show
from bot.core.playbooks import PLAYBOOKS
from tests.support.cards import NOW, case_of, decision, execution, proposal_of
from tests.support.kinds import sorted_out, told

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
STATUS = {"status": "open"}


class Look(NamedTuple):
    """Describe a look-up, made when the call states `by`; `{…}` are fields of the call."""

    source: str
    by: str
    sentence: str
    page: str | None = None
    values: Mapping[str, Any] = {}


LOOKS: Mapping[str, Look] = {
    "charge": Look(
        "Stripe",
        "payment_id",
        "{money} paid on 20 Nov 2026, all of it left to refund",
        f"{STRIPE}/payments/{{payment_id}}",
        {"status": "succeeded", "disputed": False},
    ),
    "refunds": Look("Stripe", "payment_id", "Nothing refunded before", f"{STRIPE}/payments/{{payment_id}}"),
    "customer": Look(
        "Stripe", "email", "{customer_name}, {email}", f"{STRIPE}/customers/cus_1", {"customer_id": "cus_1"}
    ),
    "invoice": Look("Stripe", "invoice_number", "Invoice {invoice_number}, open", f"{STRIPE}/invoices/in_1", STATUS),
    "subscription": Look(
        "Stripe",
        "subscription_id",
        "Subscription past due (expired card)",
        f"{STRIPE}/subscriptions/{{subscription_id}}",
        {"subscription_id": "sub_LARKSPUR", "failure": "expired_card"},
    ),
    "transaction": Look(
        "Fidel API",
        "transaction_id",
        "{money} at Harbour Lane Bakery on 20 Nov 2026, card ••5509",
        None,
        {"transaction_id": "5e1d", "card_id": "71c3"},
    ),
    "refund": Look("Fidel API", "transaction_id", "No refund by the shop seen"),
    "brand_name": Look("Fidel API", "brand_name", "No brand is named {brand_name} yet", None, {"taken": False}),
    "brand": Look("Fidel API", "brand_id", "Harbour Lane Bakery, https://harbourlane.example.com/"),
    "books_invoice": Look(
        "QuickBooks", "invoice_number", "Invoice {invoice_number}, open", f"{BOOKS}/invoice?txnId=2", STATUS
    ),
    "books_customer": Look(
        "QuickBooks",
        "email",
        "{customer_name} owes 1,350.00 USD, overdue by 14 days",
        f"{BOOKS}/customerdetail?nameId=58",
        {"customer_id": "58"},
    ),
    "contact": Look(
        "HubSpot",
        "email",
        "{customer_name}, owner ana@acme.example.com",
        "https://app.hubspot.com/contacts/1/record/0-1/60121",
        {"contact_id": "60121"},
    ),
    "document": Look(
        "Google Drive",
        "invoice_number",
        "Stored as {invoice_number}.pdf",
        "https://drive.google.com/file/d/1Pdf/view",
        {"document_id": "1Pdf"},
    ),
}
NO_DEAL = Fact(
    name="deal", source="HubSpot", observed_at=NOW, missing="HubSpot has no open renewal deal of this customer."
)
PAGES = {"stripe": f"{STRIPE}/payments", "quickbooks": BOOKS, "zendesk": "https://acme.zendesk.com/agent/tickets"}
REFUSED = "The record is locked by somebody who edits it (409)."


@lru_cache(maxsize=256)
def real_file(kind: Kind, state: CaseState = CaseState.OPEN, call: str = "") -> CaseFile:
    """Return what triage makes of the example in that state; where options are offered the first was chosen."""
    heard = told(call or CALLS[kind])
    found = looked_up(kind, heard)
    triaged = sorted_out(heard, facts=found)
    assert triaged.kind is kind, (kind, triaged.because)
    chosen = triaged.actions or triaged.options[0].actions
    settled = state not in (CaseState.OPEN, CaseState.EXPIRED)
    version, because = (
        (2, f"“{triaged.options[0].label}” was chosen.") if settled and not triaged.actions else (1, None)
    )
    case = case_of(
        kind,
        state,
        heard.details,
        case_id=f"C-{len(kind)}Q2M9XKD41",
        root=heard.call_id,
        call_id=heard.call_id,
        version=version,
        facts=found,
        channel=triaged.channel,
        urgent=triaged.urgent,
        owner=triaged.owner,
        due_at=triaged.due_at + timedelta(hours=1),
        closing=closing(state, chosen),
    )
    offered = proposal_of(
        kind,
        heard.details,
        case_id=case.case_id,
        version=version,
        actions=chosen if settled else triaged.actions,
        options=triaged.options,
        because=because or triaged.because,
    )
    return CaseFile(
        case=case,
        proposal=offered,
        decisions=tuple(
            one.model_copy(update={"version": version})
            for one in decided(state, half=heard.call_id.endswith("duplicate"))
        ),
        executions=tuple(steps(chosen, state)),
    )


def sensitive_file() -> CaseFile:
    """Return a case whose caller said a card number, which was redacted."""
    return real_file(Kind.REFUND, CaseState.OPEN, "card-number")


def looked_up(kind: Kind, heard: Call) -> tuple[Fact, ...]:
    fields, money = heard.details.fields, heard.details.money
    stated = {name: value for name, value in fields.model_dump().items() if value is not None}
    stated["money"] = show(money) if money else "A sum"
    wanted = PLAYBOOKS[kind].facts
    found = [_found(name, look, stated) for name, look in LOOKS.items() if name in wanted and look.by in stated]
    return (*found, NO_DEAL) if "deal" in wanted else tuple(found)


def _found(name: str, look: Look, stated: Mapping[str, Any]) -> Fact:
    return Fact(
        name=name,
        source=look.source,
        observed_at=NOW,
        sentence=look.sentence.format_map(stated),
        url=look.page.format_map(stated) if look.page else None,
        values={**look.values, "email": stated.get("email"), "vip": stated.get("vip")},
    )


def closing(state: CaseState, actions: tuple[Action, ...]) -> str | None:
    where = wording.system(actions[-1])
    return f"{where} refused step {len(actions)} of {len(actions)}." if state is CaseState.STUCK else None


def decided(state: CaseState, *, half: bool) -> tuple[Decision, ...]:
    """`half`: while it is open one of two has approved."""
    if state is CaseState.REJECTED:
        return (decision(LEA, Verdict.REJECT, "The bank has decided on this charge already."),)
    if state is CaseState.EXPIRED or (state is CaseState.OPEN and not half):
        return ()
    stand_in = decision(LEA).model_copy(update={"stood_in_for": (BEN,)})
    return (decision(ANA),) if state is CaseState.OPEN else (decision(ANA), stand_in)


def steps(actions: tuple[Action, ...], state: CaseState) -> list[Execution]:
    """Return the steps: all done, the second one by hand, or the last one refused."""
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
    page, vendor_id = PAGES.get(action.connector), f"{action.connector[:2]}_8KQ2M9{n}"
    return Receipt(vendor_id=vendor_id, url=f"{page}/{vendor_id}" if page else None)
