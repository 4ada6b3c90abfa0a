"""Act on the sandbox as callers and people do, and look at what its Slack and its vendors show."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")

ANA, BEN, LEA, ADA, SAM = "U0ANA00001", "U0BEN00001", "U0LEA00001", "U0ADMIN001", "U0SAM00001"
PATIENCE_S = 60.0  # a limit on waiting for an event; long, since the machine may be busy with other work


@dataclass
class Outside:
    page: str  # base URL of the sandbox
    http: aiohttp.ClientSession
    sandbox_slack: dict[str, Any]

    async def call(self, name: str, *, fresh: bool = False) -> str:
        """Send a sample call and return its call id."""
        answer = await self.post("/sim/call", name=name, fresh=fresh)
        assert answer["ok"], answer
        return str(answer["call_id"])

    async def sent(self, call_id: str) -> dict[str, Any]:
        """Return the body of a sample call that was sent, to send it again with a change."""
        answer = await self.post("/sim/call", name=call_id.removeprefix("call_demo_").replace("_", "-"), fresh=False)
        body: dict[str, Any] = answer["sent"]
        return body

    async def messages(self, channel: str, user: str = ANA) -> list[dict[str, Any]]:
        channel_id = self.channel_id(channel)
        return list((await self.get("/sim/messages", channel=channel_id, user=user))["messages"])

    async def whispers(self, channel: str, user: str) -> list[str]:
        """Return what only this person sees in the channel."""
        return [message["text"] for message in await self.messages(channel, user) if message["ephemeral"]]

    async def told(self, user: str, words: str, channel: str = "finance-refunds", *, times: int = 1) -> str:
        """Return what only this person sees in the channel, once it holds these words that many times."""

        async def look() -> list[str] | None:
            fitting = [text for text in await self.whispers(channel, user) if words in text]
            return fitting if len(fitting) >= times else None

        fitting = await self.until(look, f"{user} being told {words!r}")
        assert len(fitting) == times or times == 1
        return fitting[0]

    async def cards(self, channel: str) -> list[dict[str, Any]]:
        return [message for message in await self.messages(channel) if message["bot"] and not message["ephemeral"]]

    async def card(self, channel: str, *, says: str = "") -> dict[str, Any]:
        """Return the newest card of the channel, once one shows these words in its notification text."""

        async def look() -> dict[str, Any] | None:
            fitting = [card for card in await self.cards(channel) if says.lower() in card["text"].lower()]
            return fitting[-1] if fitting else None

        return await self.until(look, f"a card in #{channel} that says {says!r}")

    async def thread(self, channel: str, ts: str) -> list[str]:
        channel_id = self.channel_id(channel)
        found = await self.get("/sim/thread", channel=channel_id, ts=ts, user=ANA)
        return [message["text"] for message in found["messages"][1:]]

    async def press(self, user: str, channel: str, card: dict[str, Any], action_id: str) -> dict[str, Any]:
        block_id, element = button(card, action_id)
        action = {"type": "button", "action_id": action_id, "value": element["value"]}
        place = {"channel": self.channel_id(channel), "ts": card["ts"], "block_id": block_id}
        return await self.post("/sim/click", user=user, action=action, **place)

    async def form(self, user: str) -> dict[str, Any]:
        """Return the form that is open for this person."""

        async def look() -> dict[str, Any] | None:
            stack = self.sandbox_slack["stacks"].get(user) or []
            return self.sandbox_slack["views"][stack[-1]]["view"] if stack else None

        return await self.until(look, "an open form")

    async def choose(self, user: str, view: dict[str, Any], block_id: str, value: str) -> dict[str, Any]:
        """Choose in a select that sends each choice at once; return the form as it is redrawn."""
        state = filled(view, {block_id: value})
        ((action_id, chosen),) = state[block_id].items()
        place = {"view_id": view["id"], "block_id": block_id, "state": {"values": state}}
        await self.post("/sim/click", user=user, action={**chosen, "action_id": action_id}, **place)

        async def redrawn() -> dict[str, Any] | None:
            form = await self.form(user)
            return form if form["hash"] != view["hash"] else None

        return await self.until(redrawn, "the form in another order")

    async def submit(self, user: str, view: dict[str, Any], **values: str) -> dict[str, Any]:
        """Fill in the form by block id and submit it."""
        return await self.post("/sim/view/submit", user=user, view_id=view["id"], values=filled(view, values))

    async def command(self, user: str, channel: str, text: str) -> dict[str, Any]:
        return await self.post("/sim/command", user=user, channel=self.channel_id(channel), text=text)

    async def open_home(self, user: str) -> None:
        await self.post("/sim/home/open", user=user)

    async def home(self, user: str) -> dict[str, Any] | None:
        view: dict[str, Any] | None = (await self.get("/sim/home", user=user))["view"]
        return view

    async def fault(self, system: str, fault: str) -> None:
        await self.post("/sim/faults", system=system, fault=fault)

    async def requests(self, system: str) -> dict[str, int]:
        return dict((await self.get("/sim/requests", system=system))["counts"])

    async def panel(self, vendor: str) -> dict[str, Any]:
        """Return what the page shows of a vendor: lists by name."""
        return await self.get(f"/sim/{vendor}")

    async def stripe(self) -> dict[str, Any]:
        return await self.panel("stripe")

    async def refunds_of(self, payment_id: str) -> list[Any]:
        return [refund for refund in (await self.stripe())["refunds"] if refund["payment"] == payment_id]

    async def refund_elsewhere(self, payment_id: str, amount_minor: int) -> None:
        """Refund a part of a payment as somebody does in the vendor's dashboard."""
        refund = {"payment_intent": payment_id, "amount": str(amount_minor)}
        headers = {"Authorization": "Bearer rk_test_sandbox"}
        async with self.http.post(self.page + "/stripe/v1/refunds", data=refund, headers=headers) as answer:
            assert answer.status == 200

    def direct(self, user: str) -> list[str]:
        """Return what the bot told this person alone."""
        return [message["text"] for message in self.sandbox_slack["messages"].get(f"D{user[1:]}", {}).values()]

    async def heard(self, user: str, times: int = 1) -> list[str]:
        """Return what the bot told this person alone, once it is that many messages."""

        async def look() -> list[str] | None:
            return self.direct(user) if len(self.direct(user)) >= times else None

        return await self.until(look, f"{times} direct messages to {user}")

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Wait for what must happen in another task or process; fail by its name when it does not."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    if (found := await look()) is not None:
                        return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never saw {what}") from None

    def channel_id(self, name: str) -> str:
        channels: dict[str, Any] = self.sandbox_slack["channels"]
        return next(key for key, channel in channels.items() if channel["name"] == name)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        async with self.http.get(self.page + path, params=query) as answer:
            return dict(await answer.json())

    async def post(self, path: str, **content: Any) -> dict[str, Any]:
        async with self.http.post(self.page + path, json=content) as answer:
            return dict(await answer.json())


def buttons(card: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return block id and element of every button on a card, by action id."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for block in card["blocks"]:
        for element in [*block.get("elements", []), block.get("accessory", {})]:
            if element.get("type") == "button":
                found[element["action_id"]] = (block["block_id"], element)
    return found


def button(card: dict[str, Any], action_id: str) -> tuple[str, dict[str, Any]]:
    found = buttons(card)
    assert action_id in found, f"no {action_id} among {sorted(found)}"
    return found[action_id]


def filled(view: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    """Return view.state.values: what the form came with, and what the person changed."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        if element["type"] == "static_select":
            chosen = values.get(name) or (element.get("initial_option") or {}).get("value")
            option = next((option for option in element["options"] if option["value"] == chosen), None)
            state[name] = {element["action_id"]: {"type": "static_select", "selected_option": option}}
        else:
            text = values.get(name, element.get("initial_value"))
            state[name] = {element["action_id"]: {"type": element["type"], "value": text or None}}
    return state
