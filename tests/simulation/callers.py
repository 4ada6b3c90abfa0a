"""Play DialNexa: calls of every kind, corrected, repeated and in any order, until each is acknowledged."""

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

from bot.cases import calls
from bot.core.model import Call, Details, Fields, Money
from bot.core.money import to_major
from storage import Store
from tests.simulation.stripe import Payment

if TYPE_CHECKING:
    from tests.simulation.world import World

SHOP = "00000000-0000-4000-8000-0000000000bb"


class Callers:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = 0
        self.acknowledged: set[str] = set()

    def some(self) -> None:
        """Begin a few calls, each in its own time."""
        for _ in range(self._world.fault_schedule.rng.choice((1, 2, 2, 3))):
            self._numbers += 1
            self._world.outside(self._one(f"call-{self._numbers}"))

    async def _one(self, call_id: str) -> None:
        fault_schedule = self._world.fault_schedule
        await asyncio.sleep(fault_schedule.between(0, 40))
        first = self._details()
        told = [first]
        if fault_schedule.often(0.55):
            told.append(self._corrected(first))
        if fault_schedule.often(0.15):
            told.append(first.model_copy(update={"unmapped": {"heard_by": "another agent"}}))
        for details in told:
            call = Call(call_id=call_id, event="call.completed", details=details)
            self._world.outside(self._deliver(call, fault_schedule.between(0, 60)))
            if fault_schedule.often(0.3):  # the same body once more
                self._world.outside(self._deliver(call, fault_schedule.between(0, 120)))

    async def _deliver(self, call: Call, after_s: float) -> None:
        """Deliver a call until a handler has answered; what it answered for must never be lost."""
        world = self._world
        await asyncio.sleep(after_s)
        sha256 = hashlib.sha256(call.model_dump_json().encode()).hexdigest()

        def receive(store: Store) -> str:
            return calls.receive(store, call, body_sha256=sha256, now=world.now())

        wait_s = 5.0
        while (status := await world.a_process().ask(receive)) is None:
            world.tally.counts["deliveries repeated by DialNexa"] += 1
            await asyncio.sleep(world.fault_schedule.between(1, wait_s))
            wait_s = min(wait_s * 2, 3600)
        world.note(f"dialnexa: {call.call_id} delivered: {status}")
        world.tally.counts[f"deliveries: {status}"] += 1
        self.acknowledged.add(call.call_id)

    def _details(self) -> Details:
        makers = (self._brand, self._brand_change, self._refund, self._dispute, self._unclear)
        return self._world.fault_schedule.rng.choices(makers, (2, 1, 4, 5, 1))[0]()

    def _brand(self) -> Details:
        fault_schedule, name = self._world.fault_schedule, f"Made-up Brand {self._world.fidel.new_id()[-4:]}"
        if fault_schedule.often(0.1):
            self._world.fidel.add_brand(name)
        return _said("brand_create", brand_name=name, website_url=_page(1), logo_url="https://example.com/logo.png")

    def _brand_change(self) -> Details:
        brand_id = self._world.fidel.add_brand(f"Old Brand {self._world.fidel.new_id()[-4:]}")
        return _said("brand_update", brand_id=brand_id, website_url=_page(1))

    def _refund(self) -> Details:
        """Ask for a part of a payment, so that a second refund would fit; some payments are disputed for a while."""
        fault_schedule = self._world.fault_schedule
        amount = fault_schedule.rng.choice((2_400, 9_900, 12_950, 40_000))
        payment = self._a_payment(amount)
        card_id = self._world.fidel.add_card() if fault_schedule.often(0.3) else None
        vip = True if fault_schedule.often(0.1) else None
        self._world.tally.counts["calls of a VIP"] += vip is True
        said = {"payment_id": payment.payment_id, "refund_reason": "charged twice", "card_id": card_id, "vip": vip}
        return _said("refund", amount, **said)

    def _a_payment(self, amount: int) -> Payment:
        """Return a new payment, or one that another call was about already."""
        fault_schedule, payments = self._world.fault_schedule, list(self._world.stripe.payments.values())
        if payments and fault_schedule.often(0.5):
            self._world.tally.counts["calls about a known charge"] += 1
            return fault_schedule.rng.choice(payments)
        payment = self._world.stripe.add_payment(amount * 5)
        payment.disputed = fault_schedule.often(0.1)
        return payment

    def _dispute(self) -> Details:
        fault_schedule = self._world.fault_schedule
        amount = fault_schedule.rng.choice((2_400, 2_400, 2_400, 12_950))
        payment = self._world.stripe.add_payment(amount * 5)
        return _said(
            "dispute",
            amount,
            payment_id=payment.payment_id,
            card_id=self._world.fidel.add_card(),
            location_id=SHOP,
            transaction_date="2026-11-02",
            dispute_reason="does not know the shop",
        )

    def _unclear(self) -> Details:
        return _said("something else", customer_name="Robin Example")

    def _corrected(self, first: Details) -> Details:
        """Return a later version of the same call: more money, or another page."""
        if first.money is not None:
            return _with_money(first, first.money.amount_minor + self._world.fault_schedule.rng.choice((100, 7_500)))
        return first.model_copy(update={"fields": first.fields.model_copy(update={"website_url": _page(2)})})


def _said(intent: str, amount_minor: int | None = None, **fields: Any) -> Details:
    details = Details(summary="A made-up call.", fields=Fields(call_intent=intent, confidence=0.9, **fields))
    return details if amount_minor is None else _with_money(details, amount_minor)


def _with_money(details: Details, amount_minor: int) -> Details:
    money = Money(amount_minor=amount_minor, currency="USD")
    fields = details.fields.model_copy(update={"amount": to_major(money), "currency": "USD"})
    return details.model_copy(update={"fields": fields, "money": money})


def _page(n: int) -> str:
    return f"https://example.com/{n}"
