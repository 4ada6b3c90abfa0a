"""Make cases for the tests of what people see: ordinary, awkward, and with words that try to do harm."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.model import (
    Action,
    Address,
    AuditEntry,
    Case,
    CaseFile,
    CaseState,
    Decision,
    Details,
    Earlier,
    Entry,
    Execution,
    ExecutionState,
    Fact,
    Fields,
    Kind,
    Money,
    Option,
    Proposal,
    Receipt,
    Verdict,
)
from bot.core.policy import Standing
from tests.support.rows import a_case, a_decision, a_proposal, an_execution

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CASE_ID = "C-7Q2M9XKD41"
EVIL = "<!channel> *Approved* by <@U0EVIL0001> <https://evil.example|pay> & :white_check_mark: `x`\n*Stuck*"

REFUND = Action(name="refund", connector="stripe", operation="refund", sentence="Refund 129.50 USD on payment pi_1")
TICKET = Action(name="ticket", connector="zendesk", operation="ticket", sentence="Write the ticket for Dana Whitfield")
STANDING = Standing(
    quorum=2, approvals=1, rule="over 100.00 USD: two people, at least one of leads", missing="waiting for a lead"
)

PLAIN = Details(
    summary="The caller was charged twice for the same order.",
    fields=Fields(
        customer_name="Dana Whitfield",
        email="dana@example.com",
        invoice_number="INV-1042",
        payment_id="pi_1",
        amount="129.50",
        currency="USD",
        refund_reason="charged twice",
        transcript_url="https://calls.example.com/t/1",
        crm_url="https://crm.example.com/c/1",
        confidence=0.93,
    ),
    money=Money(amount_minor=12950, currency="USD"),
)
NOTHING = Details()
EVIL_FIELDS: dict[str, Any] = {
    **dict.fromkeys(("customer_name", "account_id", "email", "phone", "invoice_number", "brand_name"), EVIL),
    **dict.fromkeys(("amount", "call_intent", "follow_up_deadline", "urgency", "sentiment"), EVIL),
}
HOSTILE = Details(
    summary=EVIL * 40,
    fields=Fields(
        **EVIL_FIELDS,
        payment_id="&" * 400,
        refund_reason=EVIL * 20,
        promised_next_step=EVIL * 5,
        billing_address=Address(line1=EVIL, city=EVIL),
        recording_url="javascript:alert(1)",
        crm_url="https://user:pass@crm.example.com/",
        ticket_url="https://ticket.example.com/?a=1&b=<2>|Approve",
        payment_url="https://pay.example.com/" + "x" * 4000,
    ),
    unmapped={f"field {n} <b>": EVIL for n in range(60)},
    from_summary=("amount", "invoice_number", "refund_reason"),
    redactions=tuple(f"card ••{n}" for n in range(4242, 4282)),
    doubts=tuple(f"{EVIL} {n}" for n in range(30)),
)
YEN = PLAIN.model_copy(update={"money": Money(amount_minor=15000, currency="JPY")})
DINAR = PLAIN.model_copy(update={"money": Money(amount_minor=1234567, currency="KWD")})
SENSITIVE = PLAIN.model_copy(
    update={
        "fields": PLAIN.fields.model_copy(update={"sensitive_data_spoken": True}),
        "unmapped": {"notes": "mother's maiden name"},
    }
)
DETAILS = {"plain": PLAIN, "nothing": NOTHING, "hostile": HOSTILE, "yen": YEN, "dinar": DINAR, "sensitive": SENSITIVE}
HOSTILE_FACTS = tuple(
    Fact(name=f"charge {n}", source="Stripe", observed_at=NOW, sentence=EVIL, doubt=EVIL, url="https://x.example/<a>|b")
    for n in range(20)
)


def decision(user_id: str = "U0ANA00001", verdict: Verdict = Verdict.APPROVE, reason: str | None = None) -> Decision:
    who: dict[str, Any] = {"in_groups": ("finance",), "rule": "one person of finance"}
    return a_decision(user_id, case_id=CASE_ID, verdict=verdict, reason=reason, decided_at=NOW, **who)


def execution(position: int, action: Action, state: ExecutionState, **more: Any) -> Execution:
    about: dict[str, Any] = {
        "key": f"call-1/{action.name}/1",
        "case_id": CASE_ID,
        "action": action,
        "fingerprint": "f",
        "due_at": None,
    }
    return an_execution(position=position, state=state, **(about | more))


def case_of(kind: Kind = Kind.REFUND, state: CaseState = CaseState.OPEN, details: Details = PLAIN, **more: Any) -> Case:
    about: dict[str, Any] = {"case_id": CASE_ID, "kind": kind, "state": state, "revision": 3, "details": details}
    times = {"due_at": NOW + timedelta(days=1), "opened_at": NOW, "updated_at": NOW}
    return a_case(**(about | times | more))


def proposal_of(kind: Kind, details: Details, **more: Any) -> Proposal:
    ways = (
        Option(name="refund", label="Refund it", actions=(REFUND, TICKET)),
        Option(name="evidence", label="Stage evidence", actions=(TICKET,)),
    )
    offer: dict[str, Any] = {"actions": () if kind in (Kind.REVIEW, Kind.DISPUTE) else (REFUND, TICKET)}
    offer |= {"options": ways} if kind is Kind.DISPUTE else {}
    offer |= {"because": "Not stated: the invoice number."} if kind is Kind.REVIEW else {}
    usual = {"case_id": CASE_ID, "kind": kind, "money": details.money, "created_at": NOW}
    return a_proposal(**{**usual, **offer, **more})


def file_of(
    kind: Kind = Kind.REFUND,
    state: CaseState = CaseState.OPEN,
    details: Details = PLAIN,
    decisions: tuple[Decision, ...] = (),
    executions: tuple[Execution, ...] = (),
    **case: Any,
) -> CaseFile:
    """Return a file whose state, decisions and steps could stand together in the database."""
    under_way = state in (CaseState.APPROVED, CaseState.DONE, CaseState.STUCK)
    if under_way and not executions:
        second = {CaseState.DONE: ExecutionState.SUCCEEDED, CaseState.STUCK: ExecutionState.REFUSED}
        executions = (
            execution(0, REFUND, ExecutionState.SUCCEEDED, receipt=Receipt(vendor_id="re_1", note="Refunded.")),
            execution(1, TICKET, second.get(state, ExecutionState.RUNNING), detail="The ticket form is closed."),
        )
    if under_way and not decisions:
        decisions = (decision(), decision("U0LEE00001"))
    if state is CaseState.REJECTED and not decisions:
        decisions = (decision(verdict=Verdict.REJECT, reason="The order was never shipped."),)
    return CaseFile(
        case=case_of(kind, state, details, **case),
        proposal=proposal_of(kind, details),
        decisions=decisions,
        executions=executions,
    )


def earlier(n: int = 1, **more: Any) -> Earlier:
    """Return a refund of the same payment that Ana and Lea approved two days before."""
    values: dict[str, Any] = {
        "case_id": f"C-4T1M7WQE{n:02}",
        "kind": Kind.REFUND,
        "state": CaseState.DONE,
        "opened_at": NOW - timedelta(days=3),
        "why": "payment pi_1",
        "exact": True,
        "paid": Money(amount_minor=12950, currency="USD"),
        "paid_at": NOW - timedelta(days=2),
        "paid_by": ("U0ANA00001", "U0LEA00001"),
    }
    return Earlier(**(values | more))


def hostile_file(kind: Kind, state: CaseState) -> CaseFile:
    """Return a case with more of everything than fits a card, in words that try to do harm."""
    steps = tuple(
        execution(n, REFUND.model_copy(update={"sentence": EVIL * 9}), ExecutionState.UNSURE, detail=EVIL * 9)
        for n in range(40)
    )
    offered = tuple(REFUND.model_copy(update={"sentence": EVIL * 9, "name": f"a{n}"}) for n in range(40))
    options = tuple(Option(name=f"o{n}", label=EVIL, actions=offered[n:]) for n in range(1, 4))
    long = dict.fromkeys(("transcript_url", "recording_url"), f"https://calls.example.com/{'x' * 440}")
    # nothing removed at the door: the words that are hidden otherwise are all there
    details = HOSTILE.model_copy(update={"fields": HOSTILE.fields.model_copy(update=long), "redactions": ()})
    begun = state in (CaseState.APPROVED, CaseState.DONE, CaseState.STUCK)
    verdict = Verdict.REJECT if state is CaseState.REJECTED else Verdict.APPROVE
    file = file_of(
        kind,
        state,
        details,
        tuple(decision(f"U0X{n:07}", verdict, EVIL * 9) for n in range(40)),
        steps if begun else (),
        facts=HOSTILE_FACTS,
        earlier=tuple(earlier(n, why=EVIL * 9, exact=n % 2 == 0) for n in range(10)),
        closing=EVIL * 90,
        urgent=True,
        fallen_to_admins=True,
    )
    offer = {"actions": offered, "options": options, "because": EVIL * 20, "version": 9}
    return file.model_copy(update={"proposal": file.proposal.model_copy(update=offer)})


def entry(n: int, sentence: str | None, actor: str = "worker") -> AuditEntry:
    return AuditEntry(
        case_id=CASE_ID, n=n, at=NOW, entry=Entry(actor=actor, what="x", sentence=sentence), previous_hash="a", hash="b"
    )


def every_file() -> Iterator[tuple[str, CaseFile]]:
    for kind in Kind:
        for state in CaseState:
            for name, details in DETAILS.items():
                hostile: dict[str, Any] = (
                    {"facts": HOSTILE_FACTS, "closing": EVIL, "urgent": True} if name == "hostile" else {}
                )
                yield f"{kind}-{state}-{name}", file_of(kind, state, details, **hostile)


def texts(node: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every text object of some blocks, however deep."""
    if isinstance(node, list):
        for item in node:
            yield from texts(item)
    elif isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "plain_text") and isinstance(node.get("text"), str):
            yield node
        for item in node.values():
            yield from texts(item)
