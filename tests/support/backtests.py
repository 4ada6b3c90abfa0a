"""Make cases for the tests of what another policy would do, by the real transactions and without a world."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.cases import decisions
from bot.cases.calls import CallHistory, settle
from bot.cases.clicks import Answer, Click
from bot.core.backtest import Report, Stored, Trial, add_up, evaluate, part_of
from bot.core.model import Call, Details, Entry, Fact, Fields, Money
from bot.core.policy import Policy
from bot.core.policy.file import read_policy
from bot.core.slack_ids import CaseRef
from bot.core.triage import case_id_of
from storage import Store
from tests.support.inline import InlineDatabase
from tests.support.policies import SHIPPED, person
from tests.support.rows import held

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ABLE = frozenset({"stripe.refund", "quickbooks.refund_receipt", "zendesk.ticket"})
TEXT = SHIPPED.read_text(encoding="utf-8")
OFF = read_policy(TEXT)
ALONE = "refund = { enabled = true"
HEARD = Entry(actor="dialnexa", what="call.received")


def changed(*changes: tuple[str, str]) -> Policy:
    """Read the shipped policy with these words replaced; each has to be there."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_policy(text)


ON = changed(("refund = { enabled = false", ALONE))


def usd(amount: int) -> Money:
    return Money(amount_minor=amount, currency="USD")


def details(amount: int = 1_500, **fields: Any) -> Details:
    stated = {
        "call_intent": "refund_request",
        "email": "dana@example.com",
        "payment_id": f"pi_{amount}",
        "refund_reason": "charged twice",
        "confidence": 0.97,
        "amount": f"{amount / 100:.2f}",
        "currency": "USD",
    }
    return Details(fields=Fields(**(stated | fields)), money=usd(amount))


def facts(about: Details, **charge: Any) -> tuple[Fact, ...]:
    """Make the facts of a payment that is found, whole, and neither refunded nor disputed."""
    amount = about.money.amount_minor if about.money else 0
    values = {
        "payment_id": about.fields.payment_id,
        "status": "succeeded",
        "disputed": False,
        "amount_minor": amount,
        "left_minor": amount,
        "currency": about.fields.currency,
    }
    return (
        Fact(name="charge", source="Stripe", observed_at=START, values=values | charge),
        Fact(name="refunds", source="Stripe", observed_at=START, values={"count": 0, "refunded_minor": 0}),
    )


def tell(store: Store, call: Call, now: datetime, policy: Policy, looked: Iterable[Fact]) -> str:
    """Keep a call, let it open or change its case, and return the case's id."""
    chain = case_id_of(call.call_id)
    body = f"{call.call_id}/{now}/{call.event}"
    store.add_call(call, body_sha256=body, received_at=now, due_at=None, entry=HEARD, chain=chain)
    settle(
        store,
        CallHistory(call.call_id, tuple(store.calls_of(call.call_id))),
        tuple(looked),
        policy=policy,
        available_operations=ABLE,
        now=now,
    )
    return chain


class Past:
    """Hold what happened under one policy, in a database in memory."""

    def __init__(self, policy: Policy = OFF) -> None:
        self.policy = policy
        self.db = InlineDatabase()
        self.now = START
        self.calls = 0

    def call(self, about: Details | None = None, looked: tuple[Fact, ...] | None = None, **fields: Any) -> str:
        about = about or details(**fields)
        self.calls += 1
        call = Call(call_id=f"call_{self.calls}", event="call_ended", details=about)
        known = facts(about) if looked is None else looked
        return self.db.run(lambda store: tell(store, call, self.now, self.policy, known))

    def call_again(self, case_id: str, about: Details) -> None:
        """Let DialNexa tell more about the same call."""
        root = self.db.run(lambda store: held(store, case_id)).root
        call = Call(call_id=root, event="call_ended", details=about)
        self.db.run(lambda store: tell(store, call, self.now, self.policy, facts(about)))

    def person_says(self, case_id: str, **fields: Any) -> None:
        """Complete a case by its form."""

        def say(store: Store) -> str:
            case = held(store, case_id)
            call = Call(call_id=case.root, author="U0BEN00001", event="form", details=Details(fields=Fields(**fields)))
            return tell(store, call, self.now, self.policy, case.facts)

        self.db.run(say)

    def click(self, case_id: str, who: str, *, reject: bool = False) -> Answer:
        def press(store: Store) -> Answer:
            case = held(store, case_id)
            click = Click(
                person=person(who), ref=CaseRef(case_id, case.version), identity=f"{case_id}/{who}/{self.now}"
            )
            if reject:
                return decisions.reject(store, click, "No.", policy=self.policy, now=self.now)
            return decisions.approve(store, click, policy=self.policy, now=self.now)

        return self.db.run(press)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def rows(self, since: datetime = LONG_AGO) -> list[Stored]:
        return self.db.run(lambda store: store.replay(since, "", "~"))

    def tried(self, new: Policy, *, now: Policy | None = None, since: datetime = LONG_AGO) -> Report:
        trial = Trial(now or self.policy, new)
        part = part_of(trial, [evaluate(trial, row) for row in self.rows(since)])
        return add_up(trial, [part], since=since, until=self.now)
