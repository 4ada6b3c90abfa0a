"""Prepare what the machine plays with: people in Slack, calls, look-ups, and the bot over a real database."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar, cast

from hypothesis.stateful import RuleBasedStateMachine, invariant

from bot.cases import calls
from bot.cases.calls import CallHistory
from bot.cases.clicks import Answer, Click
from bot.cases.executions import ClaimedExecution
from bot.core.cards.forms import FormErrors
from bot.core.model import Call, CaseState, Details, Fact, Fields
from bot.core.money import from_major
from bot.core.people import Account, Delegation
from bot.core.policy.file import read_policy
from bot.core.slack_ids import CaseRef
from bot.core.triage import case_id_of
from handlers.context import Context, SlackPort
from storage import Store
from tests.simulation.quorum.oracle import ON_RECORD, Oracle, Telling
from tests.simulation.quorum.reference_model import AT_FIRST, PEOPLE, RULES, START, Hand
from tests.support.inline import InlineDatabase

T = TypeVar("T")
POLICIES = {name: read_policy(rules.toml()) for name, rules in RULES.items()}
SLOTS = (1, 2, 3)  # so many cases are looked after at a time
ABLE = frozenset({"stripe.refund", "stripe.send_receipt", "stripe.stage_evidence", "zendesk.ticket"})  # rest by hand


class SimulatedSlackPort:
    """Answer a handler as Slack does: who is in which group at this moment."""

    def __init__(self) -> None:
        self.members = {user_id: frozenset(groups) for user_id, groups in zip(PEOPLE, AT_FIRST, strict=True)}

    async def groups_of(self, user_id: str, _: object) -> frozenset[str]:
        return self.members[user_id]

    async def account(self, user_id: str) -> Account:
        return Account(user_id=user_id)


class Harness(RuleBasedStateMachine):
    """Carry each rule of the machine to the bot, and tell the oracle of it."""

    def __init__(self) -> None:
        super().__init__()
        self.db, self.runner, self.slack_port = InlineDatabase(), asyncio.Runner(), SimulatedSlackPort()
        self.now, self.clicks, self.looked_at = START, 0, -1
        self.oracle = Oracle()
        self.away: dict[str, Delegation] = {}
        self.slow: dict[str, CallHistory] = {}
        self.on_its_way: list[ClaimedExecution] = []
        self.call_ids = {slot: f"call-{slot}" for slot in SLOTS}
        self.pressed: list[tuple[str, CaseRef, str]] = []
        self.put_in_force("plain")

    def put_in_force(self, name: str) -> None:
        self.policy, self.in_force = POLICIES[name], RULES[name]

    def teardown(self) -> None:
        broken = self.run(lambda store: store.verify().broken)
        self.runner.run(self.db.close())
        self.runner.close()
        assert not broken, f"the history is whole: {broken}"

    @invariant()
    def all_is_right(self) -> None:
        self.now += timedelta(seconds=1)
        written = self.db.changes
        if written != self.looked_at:
            self.run(lambda store: self.oracle.look(store, self.in_force, self.now))
            self.looked_at = written

    def run(self, fn: Callable[[Store], T]) -> T:
        return self.db.run(fn)

    def receive(self, call: Call, amount: str | None) -> None:
        """Receive a call; a job of its own makes an offer of it."""
        sha256 = hashlib.sha256(call.model_dump_json().encode()).hexdigest()
        came = self.run(lambda store: calls.receive(store, call, body_sha256=sha256, now=self.now))
        if came != "duplicate":
            telling = Telling(author=call.author, amount=amount)
            self.oracle.cases[case_id_of(call.call_id)].tellings.append(telling)

    def settle(self, told: CallHistory, facts: str) -> None:
        seen = self.oracle.cases[case_id_of(told.root)]
        seen.settles = len(told.versions)
        seen.looked_up.add(facts)
        found = looked_up(facts, told.details.fields.payment_id, self.now)
        self.run(
            lambda store: calls.settle(store, told, found, policy=self.policy, available_operations=ABLE, now=self.now)
        )
        self.all_is_right()

    def told(self, root: str) -> CallHistory:
        return CallHistory(root, tuple(self.run(lambda store: store.calls_of(root))))

    def root_of(self, slot: int, *, decided: bool = True) -> str:
        """Return the call of this slot; a new one if its case is decided and `decided` is not wanted."""
        case = None if decided else self.oracle.cases[case_id_of(self.call_ids[slot])].case
        if case is not None and case.state is not CaseState.OPEN:
            number = int(self.call_ids[slot].partition("-")[2])
            self.call_ids[slot] = f"call-{number + len(SLOTS)}"
        return self.call_ids[slot]

    def click(self, root: str, user_id: str, ago: int = 0) -> tuple[Click, Hand]:
        """Return a click on a card that was drawn so many versions ago."""
        case = self.run(lambda store: store.case(case_id_of(root)))
        self.clicks += 1
        ref = CaseRef(case_id_of(root), max(case.version - ago, 1) if case else 1)
        return self.as_they_are(user_id, ref, f"click-{self.clicks}", case.revision if case else None)

    def as_they_are(self, user_id: str, ref: CaseRef, identity: str, revision: int | None) -> tuple[Click, Hand]:
        """Return a person's click as a handler sees them, and the person as they really are."""
        ctx = Context(self.db, cast("SlackPort", self.slack_port), self.policy, lambda: self.now)
        person = self.runner.run(ctx.person(user_id))
        lent = [delegation for delegation in self.away.values() if delegation.delegate_id == user_id]
        groups = {
            delegation.user_id: self.slack_port.members[delegation.user_id]
            for delegation in lent
            if delegation.from_at <= self.now < delegation.until_at
        }
        hand = Hand(user_id, self.slack_port.members[user_id], groups, self.now)
        return Click(person=person, ref=ref, identity=identity, revision=revision), hand

    def act(self, click: Click, hand: Hand, fn: Callable[[Store], Answer]) -> bool:
        """Return whether the bot has done it, by somebody who may; an answer with a sentence says it has not."""
        case = self.run(lambda store: store.case(click.ref.case_id))
        try:
            answer = self.run(fn)
        except FormErrors:
            return False
        done = answer.text is None
        if done and case is not None:
            self.oracle.acted(case, hand, self.in_force)
        return done


def details(
    kind: str, amount: str, payment: str, *, email: str | None = None, sure: float | None = None, vip: bool = False
) -> Details:
    """Return what a call or a form states."""
    number, currency = amount.split()
    fields = Fields(
        call_intent=kind,
        amount=number,
        currency=currency,
        payment_id=payment,
        email=email,
        confidence=sure,
        vip=vip or None,
        refund_reason="charged twice",
        dispute_reason="does not know the shop",
        transaction_date="2026-11-02",
    )
    return Details(fields=fields, money=money_of(amount))


def money_of(amount: str) -> Any:
    number, currency = amount.split()
    return from_major(Decimal(number), currency)


def looked_up(facts: str, payment: str | None, now: datetime) -> tuple[Fact, ...]:
    """Return what the vendors say of a payment: all is well, or one thing is wrong; "away": nothing is known."""

    def fact(name: str, **values: Any) -> Fact:
        if facts == "away":
            return Fact(name=name, source="Stripe", observed_at=now, missing="Stripe is away.", failed=True)
        return Fact(name=name, source="Stripe", observed_at=now, values=values)

    left, refunded = (600_00, 400_00) if facts == "refunded" else (1000_00, 0)
    charge = {"payment_id": payment, "currency": "USD", "amount_minor": 1000_00, "left_minor": left}
    return (
        fact("charge", status="succeeded", disputed=facts == "disputed", **charge),
        fact("refunds", count=int(refunded > 0), refunded_minor=refunded),
        fact("customer", email=ON_RECORD),
        fact("contact", vip=facts == "vip"),
    )


def payment_of(payment: str, root: str) -> str:
    return root.replace("call", "pi").replace("-", "_") if payment == "its own" else payment
