"""Play people in Slack: with and without rights, hasty, late, twice, and on cards that have changed since."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.cases import amendments, calls, clicks, decisions, delegations
from bot.cases.amendments import Offering
from bot.cases.clicks import Answer, Click
from bot.core.cards.forms import FormErrors
from bot.core.model import Call, CaseState, Details, Fields
from bot.core.money import to_major
from bot.core.people import Delegation, Person
from bot.core.policy import Policy
from bot.core.slack_ids import CHOICES, ActionId, CaseRef
from storage import Store
from tests.simulation.slack import Message

if TYPE_CHECKING:
    from tests.simulation.world import World

ANA, BEN, LEA, LOU, SAM = "U0ANA00001", "U0BEN00001", "U0LEA00001", "U0LOU00001", "U0SAM00001"
GROUPS: dict[str, frozenset[str]] = {
    ANA: frozenset({"finance"}),
    BEN: frozenset({"finance"}),
    LEA: frozenset({"leads"}),
    LOU: frozenset({"finance", "leads"}),
    SAM: frozenset(),
}
LIKED = {
    ActionId.APPROVE: 8,
    ActionId.REJECT: 0.3,
    ActionId.SETTLE: 0.5,
    ActionId.CHOOSE_1: 0.7,
    ActionId.CHOOSE_2: 0.3,
    ActionId.CHOOSE_3: 2,
}
DONE = Answer()
TRIES = 3  # how often a helpful person presses Retry before settling by hand


@dataclass(frozen=True)
class Button:
    action_id: ActionId
    ref: CaseRef
    revision: int


@dataclass(frozen=True)
class Pressed:
    """Record a click that reached a handler; whether it counted, the bot decides."""

    button: Button
    user_id: str
    at: datetime
    lent: Mapping[str, frozenset[str]]  # who is away -> the groups that this person has in their place


class People:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._triggers = 0
        self._tries: dict[str, int] = {}
        self.pressed: list[Pressed] = []
        self.stands_in_for: dict[str, str] = {}  # delegate -> who is away

    async def work(self, until_s: float) -> None:
        """Let somebody press something now and then."""
        loop, fault_schedule = asyncio.get_running_loop(), self._world.fault_schedule
        while loop.time() < until_s:
            await asyncio.sleep(fault_schedule.between(0.5, 6))
            cards = self._world.workspace.cards()
            if cards:
                self._one_of(fault_schedule.rng.choice(cards))
            if cards and fault_schedule.often(0.008):
                self._delete(fault_schedule.rng.choice(cards))

    async def somebody_goes_away(self) -> None:
        """Let a lead go away, who names somebody without rights of their own."""
        world, user_id = self._world, self._world.fault_schedule.rng.choice((LEA, LOU))
        now = world.now()
        until_at = now + timedelta(days=7)
        lent = Delegation(user_id=user_id, delegate_id=SAM, from_at=now, until_at=until_at, set_by=user_id, set_at=now)

        def go(store: Store) -> bool:
            delegations.go_away(store, lent)
            return True

        self.stands_in_for[SAM] = user_id
        await world.until_taken(go)
        world.note(f"{user_id} is away, {SAM} decides in their place")

    def _one_of(self, card: Message) -> None:
        fault_schedule = self._world.fault_schedule
        stale = fault_schedule.often(0.15)
        found = buttons(fault_schedule.rng.choice(card.pictures) if stale else card.pictures[-1])
        if not found:
            return
        self._world.tally.counts["clicks on what may be an old card"] += stale
        button = fault_schedule.rng.choices(found, [LIKED.get(button.action_id, 2) for button in found])[0]
        user = fault_schedule.rng.choices(list(GROUPS), (4, 3, 4, 2, 4 if self.stands_in_for else 1))[0]
        self._triggers += 1
        delay = fault_schedule.between(20, 90) if fault_schedule.often(0.1) else fault_schedule.between(0, 1)
        if button.action_id is ActionId.APPROVE and fault_schedule.often(0.12):
            self._world.outside(self._change_amount(button, user, self._triggers))
            return
        self._world.outside(self._press(button, user, self._triggers, delay))
        if fault_schedule.often(0.15):  # delivered twice
            self._world.tally.counts["clicks repeated"] += 1
            self._world.outside(self._press(button, user, self._triggers, delay + fault_schedule.between(0, 40)))

    def _delete(self, card: Message) -> None:
        card.deleted = True
        self._world.note(f"somebody deletes the card {card.key}")
        self._world.tally.counts["cards deleted by a person"] += 1

    async def _press(self, button: Button, user: str, trigger: int, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        world = self._world
        now = world.now()
        self.pressed.append(Pressed(button, user, now, self._lent(user)))

        def press(store: Store) -> Answer:
            return carried_out(store, button, self._click(store, button, user, trigger), world.policy, now)

        answer = await world.a_process().ask(press)
        said = "the process stopped" if answer is None else answer.text or "done"
        world.note(f"{user} presses {button.action_id} on {button.ref}: {said}")
        world.tally.counts["clicks that changed a case"] += answer == DONE
        world.tally.counts["clicks that were turned down"] += answer not in (None, DONE)
        world.tally.counts["clicks of a delegate that changed a case"] += answer == DONE and user == SAM

    def _lent(self, user: str) -> dict[str, frozenset[str]]:
        who = self.stands_in_for.get(user)
        return {who: GROUPS[who]} if who else {}

    def _click(self, store: Store, button: Button, user: str, trigger: int) -> Click:
        now = self._world.now()
        lent = [
            delegation.user_id
            for delegation in store.delegations(now)
            if delegation.delegate_id == user and delegation.covers(now)
        ]
        person = Person(user_id=user, groups=GROUPS[user], stands_in_for={user_id: GROUPS[user_id] for user_id in lent})
        return Click(person=person, ref=button.ref, identity=f"click:{trigger}", revision=button.revision)

    async def _change_amount(self, button: Button, user: str, trigger: int) -> None:
        """Change the amount to half as much, approved in the same click, or to half as much again."""
        world, now, lowers = self._world, self._world.now(), self._world.fault_schedule.often(0.6)
        offering = Offering(world.policy, world.a_process().jobs.base.outside.available_operations)

        def change(store: Store) -> Answer:
            case = store.case(button.ref.case_id)
            money = case.details.money if case else None
            if money is None:
                return Answer("There is no amount.")
            cents = money.amount_minor // 2 if lowers else money.amount_minor * 3 // 2
            number = to_major(money.model_copy(update={"amount_minor": cents}))
            click = self._click(store, button, user, trigger)
            try:
                return amendments.change_amount(store, click, number, "So agreed.", offering=offering, now=now)
            except FormErrors as faults:
                return Answer(str(faults.errors))

        answer = await world.a_process().ask(change)
        if lowers and answer in (None, DONE):
            approved = replace(button, ref=button.ref._replace(version=button.ref.version + 1))
            self.pressed.append(Pressed(approved, user, now, self._lent(user)))
        said = "the process stopped" if answer is None else answer.text or "done"
        world.note(f"{user} {'lowers' if lowers else 'raises'} the amount of {button.ref}: {said}")
        world.tally.counts[f"amounts {'lowered' if lowers else 'raised'}"] += answer == DONE

    def help(self) -> bool:
        """Do steps by hand and get stuck cases going in a calm run; return whether there was something to do."""
        acted = False
        for card in self._world.workspace.cards():
            for button in buttons(card.pictures[-1]):
                wanted = self._wants(button)
                if wanted:
                    self._triggers += 1
                    self._world.outside(self._press(button, LOU, self._triggers, 0))
                    acted = True
                    break
        return acted

    def _wants(self, button: Button) -> bool:
        tries = self._tries.get(button.ref.case_id, 0)
        if button.action_id is ActionId.RETRY and tries < TRIES:
            self._tries[button.ref.case_id] = tries + 1
            return True
        settles = button.action_id is ActionId.SETTLE and int(button.ref.case_id[-1], 36) % 2 == 0  # some stay stuck
        return button.action_id is ActionId.STEP_DONE or settles


def buttons(picture: dict[str, Any]) -> list[Button]:
    found: list[Button] = []
    for block in picture["blocks"]:
        drawn = re.search(r":r(\d+):", block.get("block_id", ""))
        for element in block.get("elements", []):
            if element["type"] == "button" and drawn is not None:
                ref = CaseRef.parse(element["value"])
                found.append(Button(ActionId(element["action_id"]), ref, int(drawn[1])))
    return found


def carried_out(store: Store, button: Button, click: Click, policy: Policy, now: datetime) -> Answer:
    """Do what the handlers do with a click, or with the form that it opened."""
    match button.action_id:
        case ActionId.APPROVE:
            return decisions.approve(store, click, policy=policy, now=now)
        case ActionId.REJECT:
            return decisions.reject(store, click, "Not this time.", policy=policy, now=now)
        case ActionId.STEP_DONE:
            return decisions.step_done(store, click, policy=policy, now=now)
        case ActionId.RETRY:
            return decisions.retry(store, click, policy=policy, now=now)
        case ActionId.SETTLE:
            return decisions.settle_by_hand(store, click, "Looked after it.", policy=policy, now=now)
        case ActionId.COMPLETE:
            return _completed(store, click, policy, now)
        case choice:
            return decisions.choose(store, click, CHOICES.index(choice) + 1, policy=policy, now=now)


def _completed(store: Store, click: Click, policy: Policy, now: datetime) -> Answer:
    found = clicks.check_open(store, click, policy=policy, state=CaseState.OPEN, now=now)
    if isinstance(found, Answer):
        return found
    given = {"brand_name": f"Brand of {found.case.case_id}", "website_url": "https://example.com/1"}
    fields = Fields(call_intent="brand_create", logo_url="https://example.com/logo.png", **given)
    call = Call(call_id=found.case.root, author=click.user_id, event="form", details=Details(fields=fields))
    calls.receive(store, call, body_sha256=click.identity, now=now)
    return DONE
