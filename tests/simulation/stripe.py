"""Play Stripe with its real safety: idempotency keys that last a day and replay failures too, and a charge's limit."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx

from bot.cases import vendor_events
from bot.core.vendor_events import read_stripe
from storage import Store
from tests.simulation.vendors import LAG_S, Answer

if TYPE_CHECKING:
    from tests.simulation.world import World

PAGE = 2  # small, so that look-ups turn pages
KEYS_LAST = timedelta(hours=24)


@dataclass
class Payment:
    payment_id: str
    amount: int
    disputed: bool = False
    refunds: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Kept:
    at: datetime
    content: bytes
    answer: Answer


class Stripe:
    name = "stripe"

    def __init__(self, world: "World") -> None:
        self._world = world
        self._keys: dict[str, Kept] = {}
        self._numbers = 0
        self.payments: dict[str, Payment] = {}

    def add_payment(self, amount: int) -> Payment:
        payment_id = f"pi_{len(self.payments) + 1}"
        self.payments[payment_id] = Payment(payment_id, amount)
        return self.payments[payment_id]

    def fails(self, request: httpx.Request) -> None:
        """Keep a failure after the work began, perhaps, and replay it to every repeat of the key."""
        if self._world.fault_schedule.often(0.3):
            self._keep(request, Answer(500, {"error": {"type": "api_error"}}))

    def answer(self, request: httpx.Request) -> Answer:
        parts, query = request.url.path.removeprefix("/v1/").split("/"), dict(request.url.params)
        match request.method, parts:
            case "GET", ["payment_intents", payment_id]:
                payment = self.payments.get(payment_id)
                return Answer(200, _intent(payment)) if payment else _missing()
            case "GET", ["refunds"]:
                return self._listed(query)
            case "POST", ["refunds"]:
                return self._once(request)
        return _missing()

    def _once(self, request: httpx.Request) -> Answer:
        kept = self._keys.get(request.headers["Idempotency-Key"])
        if kept is None or self._world.now() - kept.at > KEYS_LAST:
            return self._keep(request, self._refund(dict(parse_qsl(request.content.decode()))))
        if kept.content != request.content:
            return Answer(400, {"error": {"type": "idempotency_error", "message": "Other parameters"}})
        return kept.answer

    def _keep(self, request: httpx.Request, answer: Answer) -> Answer:
        self._keys[request.headers["Idempotency-Key"]] = Kept(self._world.now(), request.content, answer)
        return answer

    def _refund(self, form: dict[str, str]) -> Answer:
        payment, amount = self.payments[form["payment_intent"]], int(form["amount"])
        if payment.disputed:
            return Answer(400, {"error": {"code": "charge_disputed", "message": "Disputed"}})
        if amount > payment.amount - sum(refund["amount"] for refund in payment.refunds):
            return Answer(400, {"error": {"code": "amount_too_large", "message": "Too large"}})
        self._numbers += 1
        marks = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        at = self._world.now()
        refund = {
            "id": f"re_{self._numbers}",
            "amount": amount,
            "currency": "usd",
            "created": int(at.timestamp()),
            "status": "succeeded",
            "metadata": marks,
            "listed_at": self._world.later(LAG_S),
        }
        payment.refunds.append(refund)
        paid = {"payment_id": payment.payment_id, "amount_minor": amount, "currency": "USD"}
        self._world.records.add("stripe", "refund", payment.payment_id, **paid)
        if self._world.fault_schedule.often(0.4):
            event = {"type": "refund.created", "data": {"object": _shown(refund)}}
            for _ in range(self._world.fault_schedule.rng.choice((1, 2))):  # a report comes more than once
                self._world.outside(
                    self._report(f"evt_{self._numbers}", event, self._world.fault_schedule.between(0, 20))
                )
        return Answer(200, _shown(refund))

    async def _report(self, event_id: str, event: dict[str, Any], after_s: float) -> None:
        """Report an event until it is taken."""
        report, now = read_stripe(event), self._world.now
        assert report is not None
        await asyncio.sleep(after_s)

        def hear(store: Store) -> list[str]:
            return vendor_events.record_event(
                store, report, vendor_events.concerned(store, report), identity=event_id, now=now()
            )

        told = await self._world.until_taken(hear)
        self._world.tally.counts["reports of stripe that a case was told"] += len(told)

    def _listed(self, query: dict[str, str]) -> Answer:
        now = self._world.now()
        refunds = self.payments[query["payment_intent"]].refunds if "payment_intent" in query else []
        there = [refund for refund in refunds if refund["listed_at"] <= now]
        start = next((n + 1 for n, refund in enumerate(there) if refund["id"] == query.get("starting_after")), 0)
        page = there[start : start + PAGE]
        return Answer(200, {"data": [_shown(refund) for refund in page], "has_more": start + PAGE < len(there)})


def _intent(payment: Payment) -> dict[str, Any]:
    charge = {
        "id": f"ch_{payment.payment_id}",
        "amount": payment.amount,
        "amount_captured": payment.amount,
        "amount_refunded": sum(refund["amount"] for refund in payment.refunds),
        "currency": "usd",
        "created": 1_790_000_000,
        "disputed": payment.disputed,
        "payment_intent": payment.payment_id,
        "status": "succeeded",
    }
    return {"id": payment.payment_id, "status": "succeeded", "latest_charge": charge}


def _shown(refund: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in refund.items() if name != "listed_at"}


def _missing() -> Answer:
    return Answer(404, {"error": {"code": "resource_missing", "message": "No such thing"}})
