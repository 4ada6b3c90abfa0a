"""Cases for the tests of what another policy would do: opened and decided by the real transactions, without a world."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.cases import decisions
from bot.cases.calls import CallHistory, settle
from bot.cases.clicks import Answer, Click
from bot.core.backtest import Evaluator, Report, Stored, Trial, add_up, part_of, weigh
from bot.core.model import Call, Case, CaseState, Details, Earlier, Entry, Fact, Fields, Kind, Money, Proposal
from bot.core.policy import Policy
from bot.core.policy.file import read_policy
from bot.core.slack_ids import CaseRef
from bot.core.triage import case_id_of, triage
from storage import Store
from tests.support.inline import InlineDatabase
from tests.support.policies import SHIPPED, person

KINDS = tuple(Kind)
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ABLE = frozenset({"stripe.refund", "quickbooks.refund_receipt", "zendesk.ticket"})
TEXT = SHIPPED.read_text(encoding="utf-8")
OFF = read_policy(TEXT)
ALONE = "refund = { enabled = true"
HEARD = Entry(actor="dialnexa", what="call.received")


def changed(*changes: tuple[str, str]) -> Policy:
    """The shipped policy with these words replaced; each has to be there."""
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
    """Of a payment that is found, whole, and neither refunded nor disputed."""
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
    """The call is kept and becomes, or changes, its case; its id."""
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


def stored(
    about: Details,
    known: tuple[Fact, ...],
    policy: Policy,
    author: str | None,
    available_operations: frozenset[str],
    earlier: tuple[Earlier, ...],
) -> tuple[Stored, Call, Proposal]:
    call = Call(call_id="call_1", author=author, event="form" if author else "call_ended", details=about)
    made = triage(
        "call_1",
        [call],
        about,
        known,
        policy=policy,
        available_operations=available_operations,
        now=START,
        earlier=earlier,
    )
    case = Case(
        case_id=case_id_of("call_1"),
        root="call_1",
        kind=made.kind,
        state=CaseState.OPEN,
        version=1,
        revision=1,
        details=about,
        facts=known,
        earlier=earlier,
        channel=made.channel,
        owner=made.owner,
        due_at=made.due_at,
        opened_by=author or "dialnexa",
        opened_at=START,
        updated_at=START,
    )
    proposal = Proposal(
        case_id=case.case_id,
        version=1,
        kind=made.kind,
        money=about.money,
        actions=made.actions,
        authors=(author,) if author else (),
        created_at=START,
    )
    row = Stored(
        case_id=case.case_id,
        root="call_1",
        opened_at=START,
        case=case.model_dump_json(),
        proposal=proposal.model_dump_json(),
        money=None if about.money is None else (about.money.amount_minor, about.money.currency),
        by_person=author is not None,
        is_open=True,
    )
    return row, call, proposal


class Past:
    """What happened under one policy, in a database in memory."""

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
        """DialNexa tells more about the same call."""
        root = self.db.run(lambda store: store.case(case_id)).root  # type: ignore[union-attr]  # it was opened here
        call = Call(call_id=root, event="call_ended", details=about)
        self.db.run(lambda store: tell(store, call, self.now, self.policy, facts(about)))

    def person_says(self, case_id: str, **fields: Any) -> None:
        """By the form that completes a case."""

        def say(store: Store) -> str:
            case = store.case(case_id)
            assert case is not None
            call = Call(call_id=case.root, author="U0BEN00001", event="form", details=Details(fields=Fields(**fields)))
            return tell(store, call, self.now, self.policy, case.facts)

        self.db.run(say)

    def click(self, case_id: str, who: str, *, reject: bool = False) -> Answer:
        def press(store: Store) -> Answer:
            case = store.case(case_id)
            assert case is not None
            click = Click(
                person=person(who), ref=CaseRef(case_id, case.version), identity=f"{case_id}/{who}/{self.now}"
            )
            if reject:
                return decisions.reject(store, click, "No.", policy=self.policy, now=self.now)
            return decisions.approve(store, click, policy=self.policy, now=self.now)

        return self.db.run(press)

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def tried(self, new: Policy, *, now: Policy | None = None, since: datetime = LONG_AGO) -> Report:
        trial = Trial(now or self.policy, new)
        lenses = Evaluator(trial.now), Evaluator(trial.new)
        rows = self.db.run(lambda store: store.replay(since, "", "~", lenses[0].alone | lenses[1].alone))
        part = part_of(trial, [weigh(*lenses, row) for row in rows])
        return add_up(trial, [part], since=since, until=self.now)
