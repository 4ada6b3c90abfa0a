"""Measure how many stored calls a second `policy backtest` does: `python -m tools.bench.backtest [cases]`.

It is the whole command but the start of Python: starting the processes, reading the rows from SQLite, evaluating each
under both policies, the limits in time order, and the counting. The new policy pays small refunds alone, has another
first band and sends more calls to review, so that nothing can be left out. The target is a year of 100,000 calls in
under a minute.
"""

import asyncio
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli import backtest
from bot.core.backtest import Report, Trial
from bot.core.model import Call, Case, CaseState, Details, Entry, Fact, Fields, Kind, Money, Proposal, Verdict
from bot.core.policy import Policy, payout_of
from bot.core.policy.file import read_policy
from bot.core.triage import triage
from storage import Store, open_database
from storage.duplicates import Payout
from tests.support.cards import case_of, proposal_of
from tests.support.rows import a_decision
from tools.bench.processes import ROOT
from tools.bench.table import row, table

CASES = 20_000
TEMPLATES = 500
BATCH = 2_000
ROUNDS = 3
UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = timedelta(days=90)
ABLE = frozenset({"stripe.refund", "quickbooks.refund_receipt", "zendesk.ticket"})
PEOPLE = [f"U0PERSON{n:02d}" for n in range(12)]
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
STATES = {Verdict.APPROVE: CaseState.DONE, Verdict.REJECT: CaseState.REJECTED, None: CaseState.OPEN}
ENTRY = Entry(actor="worker", what="case.opened", sentence="Case opened.")
SUMMARY = (
    "The caller was charged twice for the same order and asks for the second charge back. They are calm and would like "
    "an answer by e-mail within the day. The agent confirmed the order, the amount and the last digits of the card."
)


def policies() -> Trial:
    shipped = (ROOT / "policy.toml").read_text(encoding="utf-8")
    new = shipped.replace("refund = { enabled = false", "refund = { enabled = true")
    new = new.replace('USD = "100.00", EUR', 'USD = "60.00", EUR').replace(
        "confidence_floor = 0.7", "confidence_floor = 0.8"
    )
    return Trial(read_policy(shipped), read_policy(new))


def details(dice: random.Random) -> Details:
    kind = dice.choices(list(Kind), [45, 10, 3, 4, 6, 8, 5, 5, 2, 2, 8, 2])[0]
    money = Money(amount_minor=int(dice.lognormvariate(8.2, 1.2)), currency=dice.choice(["USD", "USD", "USD", "EUR"]))
    customer = dice.randrange(20_000)
    fields = Fields(
        call_intent=kind.value,
        customer_name=f"Customer {customer}",
        email=f"customer{customer}@example.com",
        account_id=f"cus_{customer}",
        payment_id="pi_bench",
        invoice_number=f"INV-{customer}",
        amount=f"{money.amount_minor / 100:.2f}",
        currency=money.currency,
        refund_reason="charged twice" if dice.random() < 0.9 else None,
        dispute_reason="not recognised",
        escalation_reason="cannot pay",
        promised_next_step="an answer by e-mail",
        website_url="https://example.com",
        confidence=dice.choice([0.6, 0.75, 0.9, 0.96, 0.98]),
        recording_url="https://recordings.example.com/1",
    )
    return Details(summary=SUMMARY, fields=fields, money=money)


def facts(about: Details) -> tuple[Fact, ...]:
    amount = about.money.amount_minor if about.money else 0
    charge = {"payment_id": "pi_bench", "charge_id": "ch_1", "status": "succeeded", "disputed": False}
    found = {
        "charge": {**charge, "amount_minor": amount, "left_minor": amount, "currency": about.fields.currency},
        "refunds": {"count": 0, "refunded_minor": 0},
        "contact": {"vip": False, "contact_id": "123", "email": about.fields.email},
        "books_customer": {"customer_id": "12", "email": about.fields.email},
    }
    return tuple(
        Fact(name=name, source="Stripe", observed_at=UNTIL, values=values, sentence=f"The {name} that was found")
        for name, values in found.items()
    )


def template(dice: random.Random, policy: Policy) -> tuple[Case, Proposal]:
    about = details(dice)
    looked = facts(about)
    call = Call(call_id="call_1", event="call_ended", details=about)
    triaged = triage("call_1", [call], about, looked, policy=policy, available_operations=ABLE, now=UNTIL)
    case = case_of(triaged.kind, details=about, revision=1, facts=looked, channel=triaged.channel, owner=triaged.owner)
    proposal = proposal_of(triaged.kind, about, actions=triaged.actions, options=(), because=None)
    return case, proposal


def store_one(store: Store, dice: random.Random, template: tuple[Case, Proposal], number: int) -> None:
    """Store a case; two of three are decided, nearly all of them by an approval."""
    case_id, root = "C-" + "".join(dice.choices(LETTERS, k=10)), f"call_bench_{number:07d}"
    opened_at = UNTIL - SPAN * dice.random()
    verdict = dice.choices([Verdict.APPROVE, Verdict.REJECT, None], [62, 4, 34])[0] if template[1].actions else None
    case = template[0].model_copy(
        update={"case_id": case_id, "root": root, "call_id": root, "opened_at": opened_at, "state": STATES[verdict]}
    )
    proposal = template[1].model_copy(update={"case_id": case_id})
    call = Call(call_id=root, event="call_ended", details=case.details)
    store.add_call(call, body_sha256=root, received_at=opened_at, due_at=None, entry=ENTRY, chain=case_id)
    store.add_case(case, entry=ENTRY, now=opened_at)
    store.add_proposal(proposal)
    if verdict is None:
        return
    minutes = dice.randrange(1, 600)
    decision = a_decision(
        dice.choice(PEOPLE),
        case_id=case_id,
        verdict=verdict,
        in_groups=("finance",),
        rule="up to 100.00 USD: one person of finance",
        decided_at=opened_at + timedelta(minutes=minutes),
    )
    store.add_decision(decision, entry=ENTRY)
    if verdict is Verdict.APPROVE and (money := payout_of(proposal)) is not None:
        paid = Payout(
            case_id=case_id,
            version=1,
            kind=case.kind,
            customer=f"email:{case.details.fields.email}",
            money=money,
            approved_at=decision.decided_at,
        )
        store.add_payout(paid)


async def fill(url: str, cases: int, policy: Policy) -> None:
    dice = random.Random(7)
    templates = [template(dice, policy) for _ in range(TEMPLATES)]
    db = await open_database(url)

    for first in range(0, cases, BATCH):
        numbers = range(first, min(first + BATCH, cases))
        await db.write(lambda store, numbers=numbers: _batch(store, dice, templates, numbers))  # type: ignore[misc]  # mypy cannot infer a default
    await db.close()


def _batch(store: Store, dice: random.Random, templates: list[tuple[Case, Proposal]], numbers: range) -> None:
    for number in numbers:
        store_one(store, dice, dice.choice(templates), number)


def timed(url: str, trial: Trial, processes: int) -> tuple[float, Report]:
    """Run a backtest; return calls a second, and what it found."""
    began = time.perf_counter()
    found = backtest.backtest(url, trial, since=UNTIL - SPAN, until=UNTIL, processes=processes)
    return found.total.calls / (time.perf_counter() - began), found


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    trial = policies()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        asyncio.run(fill(url, cases, trial.now))
        several, found = zip(*(timed(url, trial, backtest.cores()) for _ in range(ROUNDS)), strict=True)
        alone, same = timed(url, trial, 1)
    print(f"{cases:,} stored calls of 90 days, two policies, {backtest.cores()} cores")
    print(
        table(
            [row("calls a second, all processes", several, "at least 1,700"), row("calls a second, one", [alone], "")]
        )
    )
    total = found[0].total
    print(f"other outcome: {found[0].changed_cases:,}; automatic {total.automatic.now:,} -> {total.automatic.new:,}")
    return 0 if all(report == same for report in found) else 1


if __name__ == "__main__":
    sys.exit(main())
