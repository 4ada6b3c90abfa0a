"""Make cases with what has become known since, as values: for the tests of what that does to them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.core.model import Action, Call, Details, Earlier, Fact, Fields, Kind, Option
from bot.core.money import to_minor
from bot.core.policy import Known
from bot.core.revise import CallHistory, Revision, propose, revise, with_known
from bot.core.triage import Triaged
from tests.support.policies import LEA, usd
from tests.support.rows import a_case

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


def call(author: str | None = None, event: str = "call_analyzed", because: str | None = None, **stated: Any) -> Call:
    summary = stated.pop("summary", None)
    amount = stated.get("amount")
    money = usd(to_minor(amount, "USD")) if amount else None
    fields = Fields(**stated, **({"currency": "USD"} if amount else {}))
    details = Details(summary=summary, fields=fields, money=money)
    return Call(call_id="call-1", author=author, event=event, details=details, because=because)


def fact(name: str, *, failed: bool = False, source: str = "Stripe", at: datetime = NOW) -> Fact:
    return Fact(name=name, source=source, observed_at=at, failed=failed)


def actions(minor: int, *names: str) -> tuple[Action, ...]:
    params = {"amount_minor": minor, "currency": "USD"}
    return tuple(
        Action(name=name, connector="stripe", operation=name, params=params if name == "refund" else {}, sentence=name)
        for name in names
    )


def triaged(details: Details, ways: tuple[str, ...] = (), **changes: Any) -> Triaged:
    """Offer a refund of what is stated; or, in several ways, nothing before one of them is chosen."""
    minor = details.money.amount_minor if details.money else 0
    offer = Triaged(
        kind=Kind.REFUND,
        because=None,
        actions=() if ways else actions(minor, "refund"),
        options=tuple(Option(name=way, label=way, actions=actions(minor, way, "ticket")) for way in ways),
        channel="refunds",
        owner="finance",
        urgent=False,
        due_at=NOW + timedelta(days=1),
    )
    return replace(offer, **changes)


FIRST = call(amount="50.00", customer_name="Dana", summary="Wants 50.00 USD back.")
AWAY = fact("stripe", failed=True)
CHARGE = fact("charge")
WAYS = ("refund", "evidence")


class Told:
    """Hold a case as it was opened from the first calls, and what a later job knows about it."""

    def __init__(
        self,
        *then: Call,
        before: tuple[Call, ...] = (FIRST,),
        looked_up: tuple[tuple[Fact, ...], tuple[Fact, ...]] = ((), ()),
        ways: tuple[str, ...] = (),
        chosen: int | None = None,
        offered: dict[str, Any] | None = None,
        case: dict[str, Any] | None = None,
        earlier: tuple[Earlier, ...] = (),
        **offer: Any,
    ) -> None:
        opened = CallHistory("call-1", before)
        first = triaged(opened.details, ways)
        times = {"due_at": first.due_at, "opened_at": NOW, "updated_at": NOW}
        self.case = a_case(**{"details": opened.details, "facts": looked_up[0], **times, **(case or {})})
        self.offered = propose(self.case, first, opened.details, opened.authors, NOW, None)
        if chosen is not None:
            option = first.options[chosen]
            choice = {"actions": option.actions, "authors": (LEA,), "because": f"Chosen: {option.label}."}
            self.offered = self.offered.model_copy(update=choice)
        self.offered = self.offered.model_copy(update=offered or {})
        self.history = CallHistory("call-1", (*before, *then))
        facts = with_known(*looked_up) if self.history.details == opened.details else looked_up[1]
        self.known = Known(details=self.history.details, facts=facts, earlier=earlier)
        self.triaged = triaged(self.known.details, offer.pop("now_ways", ways), **offer)

    def revised(self) -> Revision | None:
        return revise(self.case, self.offered, self.history, self.triaged, self.known, LATER)
