"""Plan from a seed what is to happen: who calls, what for, and what people will do about it."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from bot.core.triage import case_id_of
from tools.bench.payloads import brand_call, refund_call, webhook

PAYMENTS = 40  # that the refunds are about: some are asked for twice and thrice, and paid once
REFUNDS_MOST = 60


class Intent(StrEnum):
    """Name what people will press on the card of this call, and nothing else."""

    APPROVE = "approve"
    REJECT = "reject"
    STRANGER = "stranger"  # somebody without rights presses Approve
    LEAVE = "leave"


@dataclass
class Planned:
    """Plan one call; it is `acknowledged` once any of its deliveries was answered 200."""

    call_id: str
    brand: str | None  # None: a refund
    payment: str | None  # that is to be refunded
    intent: Intent
    body: bytes
    twice: bool  # DialNexa delivers it again although it was acknowledged
    acknowledged: bool = False
    approved: bool = False  # a click by somebody with rights was sent

    @property
    def case_id(self) -> str:
        return case_id_of(self.call_id)


def payment_name(number: int) -> str:
    return f"CHAOS{number:02d}"


def amount(number: int) -> int:
    """Return the amount of a payment in minor units of USD."""
    return 100 + number


def plan(seed: int, calls: int) -> list[Planned]:
    rng = Random(seed)
    refunds = 0
    planned: list[Planned] = []
    for n in range(calls):
        intent = rng.choices(list(Intent), weights=(70, 10, 10, 10))[0]
        call_id = f"call_chaos_{seed}_{n:04d}"
        refund = refunds < REFUNDS_MOST and rng.random() < 0.2
        refunds += refund
        name, number = f"Chaos {seed} No {n:04d}", rng.randrange(PAYMENTS)
        brand, payment = (None, f"pi_{payment_name(number)}") if refund else (name, None)
        # an amount of its own, since the same customer and amount is a duplicate too
        stated = f"{amount(number) / 100:.2f}"
        content = refund_call(call_id, payment, stated) if payment else brand_call(call_id, name)
        planned.append(Planned(call_id, brand, payment, intent, webhook(content), twice=rng.random() < 0.15))
    return planned
