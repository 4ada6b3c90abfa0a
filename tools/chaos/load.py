"""Play the world outside while the bot dies again and again: DialNexa repeats its calls, people press buttons."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.world import ANA, BEN, SAM
from tools.bench.cases import Feed
from tools.bench.http import Line, Reply, request
from tools.bench.payloads import click, rejection
from tools.bench.processes import Process
from tools.chaos.plan import PAYMENTS, Intent, Planned, amount, payment_name

JSON = {"Content-Type": "application/json"}
APPROVE, REJECT, STEP_DONE = "case.approve", "case.reject", "case.step_done"
ANSWER_S = 5.0  # how long DialNexa and Slack wait
AGAIN_S = (1.0, 2.5, 5.0)  # DialNexa sends at most three times more
CALL_EVERY_S = (0.01, 0.15)
PRESS_EVERY_S = (0.01, 0.1)
NEXT_ANSWER_S = 1.0
PRESS_AGAIN_S = 2.5  # a person looks at the card before pressing again


@dataclass
class Load:
    """Play callers and people, and count everything they did."""

    sandbox: Process
    bot_port: int
    planned: Sequence[Planned]
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    pressed_at: dict[str, float] = field(default_factory=dict)  # by case id

    def __post_init__(self) -> None:
        self.feed = Feed(self.sandbox)
        self.by_case = {planned.case_id: planned for planned in self.planned}
        self._rng = Random(f"{self.seed}:people")
        self._answer = asyncio.Event()

    async def answered(self) -> None:
        """Return at the next answer of the bot, or after a while without one."""
        self._answer.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answer.wait(), NEXT_ANSWER_S)

    async def make_payments(self) -> None:
        """Make the payments at Stripe before anybody requests a refund."""
        async with Line(self.sandbox.port) as line:
            for number in range(PAYMENTS):
                wanted = {"name": payment_name(number), "amount": amount(number), "currency": "usd"}
                body = json.dumps(wanted).encode()
                reply = await line.ask(request("POST", "/sim/stripe/payments", body, JSON))
                if reply.status != 200:
                    raise SystemExit(f"the sandbox did not make a payment: {reply.status}")

    async def call_all(self) -> None:
        """Deliver every call in its turn, and return when the last repeat is over."""
        rng = Random(f"{self.seed}:calls")
        async with asyncio.TaskGroup() as group:
            for planned in self.planned:
                group.create_task(self._deliver(planned))
                await asyncio.sleep(rng.uniform(*CALL_EVERY_S))

    async def _deliver(self, planned: Planned) -> None:
        for wait in (*AGAIN_S, None):
            self.counts["webhooks"] += 1
            reply = await self._ask(self.bot_port, planned.body)
            if reply is not None and reply.status == 200:
                planned.acknowledged = True
                break
            self.counts["webhooks not acknowledged"] += 1
            if wait is not None:
                await asyncio.sleep(wait)
        if planned.twice:
            await self._ask(self.bot_port, planned.body)
            self.counts["webhooks repeated"] += 1

    async def press_on(self) -> None:
        """Look at the channels and press what is to be pressed, until cancelled."""
        async with Line(self.sandbox.port) as line, asyncio.TaskGroup() as group:
            while True:
                await self.feed.look(line)
                if due := self.due():
                    card, action_id = self._rng.choice(due)
                    self.pressed_at[_case_of(card)] = time.monotonic()
                    group.create_task(self._press(card, action_id))
                await asyncio.sleep(self._rng.uniform(*PRESS_EVERY_S))

    def due(self) -> list[tuple[Mapping[str, Any], str]]:
        """Return cards with a button that their plan wants pressed and that nobody has pressed just now."""
        before = time.monotonic() - PRESS_AGAIN_S
        return [
            (card, action_id)
            for case_id, card in self.feed.cards.items()
            if (action_id := self._wanted(case_id, card)) and self.pressed_at.get(case_id, 0.0) < before
        ]

    def settled(self) -> bool:
        """Return whether every acknowledged call has its card, and no card waits for anybody who will press."""
        shown = all(planned.case_id in self.feed.cards for planned in self.planned if planned.acknowledged)
        return shown and not any(self._waits(case_id, card) for case_id, card in self.feed.cards.items())

    def _waits(self, case_id: str, card: Mapping[str, Any]) -> bool:
        planned = self.by_case[case_id]
        return planned.intent in (Intent.APPROVE, Intent.REJECT) and self._wanted(case_id, card) is not None

    def _wanted(self, case_id: str, card: Mapping[str, Any]) -> str | None:
        planned = self.by_case[case_id]
        offered = {button["action_id"] for button in card["buttons"]}
        if planned.intent is Intent.LEAVE:
            return None
        if planned.intent is Intent.REJECT:
            return REJECT if REJECT in offered else None
        if STEP_DONE in offered and planned.intent is Intent.APPROVE:
            return STEP_DONE
        return APPROVE if APPROVE in offered else None

    async def _press(self, card: Mapping[str, Any], action_id: str) -> None:
        planned = self.by_case[_case_of(card)]
        self.counts["clicks"] += 1
        if planned.intent is Intent.STRANGER:
            await self._click(SAM, card, action_id)
        elif planned.intent is Intent.REJECT:
            await self._reject(card)
        else:
            planned.approved = True
            await self._approve(card, action_id)

    async def _approve(self, card: Mapping[str, Any], action_id: str) -> None:
        """Approve once, or by a delivery that comes twice, or by two people at the same moment."""
        way = self._rng.random()
        if way < 0.15:
            content = self._signed(ANA, card, action_id)
            await asyncio.gather(self._ask(self.bot_port, content), self._ask(self.bot_port, content))
        elif way < 0.3:
            await asyncio.gather(*(self._click(user, card, action_id) for user in (ANA, BEN)))
        else:
            await self._click(self._rng.choice((ANA, BEN)), card, action_id)

    async def _click(self, user: str, card: Mapping[str, Any], action_id: str) -> None:
        if self._rng.random() < 0.5:
            reply = await self._ask(self.bot_port, self._signed(user, card, action_id))
        else:
            reply = await self._ask(self.sandbox.port, _on_the_page(user, card, action_id))
        self.counts["clicks not answered"] += reply is None

    async def _reject(self, card: Mapping[str, Any]) -> None:
        ref = next(button["value"] for button in card["buttons"] if button["action_id"] == REJECT)
        await self._ask(self.bot_port, rejection(BEN, ref, "The caller took it back.", self._trigger()))

    def _signed(self, user: str, card: Mapping[str, Any], action_id: str) -> bytes:
        return click(user, card, action_id, self._trigger(), f"{self.sandbox.url}/hooks/none")

    def _trigger(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"

    async def _ask(self, port: int, content: bytes) -> Reply | None:
        """Send a request and return the reply, None if nobody answered."""
        try:
            async with asyncio.timeout(ANSWER_S), Line(port) as line:
                reply = await line.ask(content)
                if port == self.bot_port:
                    self._answer.set()
                return reply
        except (OSError, TimeoutError):
            return None


def _case_of(card: Mapping[str, Any]) -> str:
    return str(card["metadata"]["event_payload"]["case"])


def _on_the_page(user: str, card: Mapping[str, Any], action_id: str) -> bytes:
    """Return a press in the browser, of which the workspace makes Slack's request."""
    button = next(button for button in card["buttons"] if button["action_id"] == action_id)
    action = {"type": "button", "action_id": action_id, "value": button["value"]}
    content = {"user": user, "action": action, "block_id": button["block_id"]}
    body = json.dumps({**content, "channel": card["channel"], "ts": card["ts"]}).encode()
    return request("POST", "/sim/click", body, JSON)
