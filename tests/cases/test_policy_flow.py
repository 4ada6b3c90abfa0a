"""Decide by the policy's rules through the transactions on a real database; also where the policy decides alone."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from bot.cases import decisions, executions
from bot.cases.approvals import decide_alone
from bot.cases.clicks import Answer, Click
from bot.core.model import Action, CaseFile, CaseState, Details, Entry, Fact, Fields, Money, Proposal
from bot.core.people import EVERYTHING, Pause, Person
from bot.core.policy import Policy
from bot.core.policy.file import read_policy
from bot.core.slack_ids import CaseRef
from storage import Database, Store
from tests.support.offers import history, look
from tests.support.policies import ANA, BEN, LEA, SAM, SHIPPED, a_refund, person
from tests.support.rows import NOW, WORKED, a_case

TEXT = SHIPPED.read_text(encoding="utf-8")
POLICY = read_policy(TEXT.replace('USD = "500.00"', 'USD = "150.00"'))  # a customer a day
ABLE = frozenset({"stripe.refund", "zendesk.ticket"})
TICKET = Action(name="ticket", connector="zendesk", operation="ticket", sentence="Write the ticket")


def open_case(
    store: Store, number: int, amount: int = 10_000, *, email: str = "dana@example.com", currency: str = "USD"
) -> tuple[str, Proposal]:
    """Add a refund that one of finance may approve."""
    money = Money(amount_minor=amount, currency=currency)
    payment_id = f"pi_{number}"
    details = Details(
        money=money,
        fields=Fields(email=email, payment_id=payment_id, confidence=0.97, amount=f"{amount}", currency=currency),
    )
    charge: dict[str, Any] = {"payment_id": payment_id, "status": "succeeded", "disputed": False}
    facts = (
        _fact("charge", **charge, amount_minor=amount, left_minor=amount, currency=currency),
        _fact("refunds", count=0, refunded_minor=0),
    )
    case = a_case(number, details=details, facts=facts)
    step = a_refund(money, params={"payment_id": payment_id, **money.model_dump()})
    proposal = Proposal(
        case_id=case.case_id, version=1, kind=case.kind, money=money, actions=(step, TICKET), created_at=NOW
    )
    store.add_case(case, entry=WORKED, now=NOW)
    store.add_proposal(proposal)
    return case.case_id, proposal


def _fact(name: str, **values: Any) -> Fact:
    return Fact(name=name, source="Stripe", observed_at=NOW, values=values)


async def opened(database: Database, *numbers: int, amount: int = 10_000, email: str = "dana@example.com") -> None:
    for number in numbers:
        await database.write(lambda store, n=number: open_case(store, n, amount, email=email))  # type: ignore[misc]  # bound


async def approve(
    database: Database, number: int, who: str | Person, *, policy: Policy = POLICY, after: timedelta = timedelta(0)
) -> tuple[Answer, CaseFile]:
    them = person(who) if isinstance(who, str) else who
    now = NOW + after
    click = Click(person=them, ref=CaseRef(f"C-{number}", 1), identity=f"{number}/{them.user_id}/{after}")
    answer = await database.write(lambda store: decisions.approve(store, click, policy=policy, now=now))
    return answer, await look(database, f"C-{number}")


async def said(database: Database, number: int) -> list[Entry]:
    return await history(database, f"C-{number}")


async def test_over_the_limit_of_a_customer_one_more_band_up_decides(database: Database) -> None:
    await opened(database, 1, 2, 3)
    _, first = await approve(database, 1, ANA)
    assert first.case.state is CaseState.APPROVED
    _, second = await approve(database, 2, ANA, after=timedelta(hours=1))
    assert second.case.state is CaseState.OPEN
    assert second.decisions[0].over_limits == ("per_customer_per_day",)
    told = (await said(database, 2))[-2]
    assert told.sentence == (
        "Approved version 1, over the limit of 150.00 USD in 24 hours for this customer. Still waiting for a lead."
    )
    assert told.data["over_limits"] == ["per_customer_per_day"]
    _, settled = await approve(database, 2, LEA, after=timedelta(days=2))  # what was met once stays
    assert settled.case.state is CaseState.APPROVED
    _, later = await approve(database, 3, ANA, after=timedelta(days=3, seconds=1))
    assert later.case.state is CaseState.APPROVED


async def test_another_customer_or_currency_has_a_limit_of_its_own(database: Database) -> None:
    await opened(database, 1)
    await approve(database, 1, ANA)
    await opened(database, 2, email="other@example.com")
    assert (await approve(database, 2, ANA))[1].case.state is CaseState.APPROVED
    await database.write(lambda store: open_case(store, 3, 9_000, currency="EUR"))
    assert (await approve(database, 3, ANA))[1].case.state is CaseState.APPROVED


async def test_over_the_limit_of_an_approver_their_approval_alone_is_not_enough(database: Database) -> None:
    policy = read_policy(TEXT.replace('USD = "5000.00"', 'USD = "150.00"'))
    for number in (1, 2, 3):
        await opened(database, number, email=f"{number}@example.com")
    assert (await approve(database, 1, ANA, policy=policy))[1].case.state is CaseState.APPROVED
    assert (await approve(database, 2, ANA, policy=policy))[1].case.state is CaseState.OPEN
    assert (await approve(database, 3, BEN, policy=policy))[1].case.state is CaseState.APPROVED


async def test_who_acts_by_lent_groups_alone_spends_what_the_other_may_spend(database: Database) -> None:
    policy = read_policy(TEXT.replace('USD = "5000.00"', 'USD = "150.00"'))
    for number in (1, 2):
        await opened(database, number, email=f"{number}@example.com")
    await approve(database, 1, ANA, policy=policy)
    sam = person(SAM, **{ANA: ["finance"]})
    assert (await approve(database, 2, sam, policy=policy))[1].case.state is CaseState.OPEN


async def test_a_person_and_who_stands_in_for_them_count_once(database: Database) -> None:
    await opened(database, 1, amount=20_000)
    await approve(database, 1, LEA, policy=read_policy(TEXT))
    sam = person(SAM, **{LEA: ["leads"]})
    answer, file = await approve(database, 1, sam, policy=read_policy(TEXT))
    assert "counts for this version already" in (answer.text or "")
    assert [one.user_id for one in file.decisions] == [LEA]
    assert (await said(database, 1))[-1].what == "click.refused"


async def test_a_decision_keeps_who_was_stood_in_for(database: Database) -> None:
    await opened(database, 1, amount=20_000)
    await approve(database, 1, ANA, policy=read_policy(TEXT))
    _, file = await approve(database, 1, person(SAM, **{LEA: ["leads"]}), policy=read_policy(TEXT))
    assert file.case.state is CaseState.APPROVED
    made = file.decisions[-1]
    assert (made.user_id, made.in_groups, made.stood_in_for) == (SAM, ("leads",), (LEA,))
    told = next(one for one in reversed(await said(database, 1)) if one.what == "decision.approve")
    assert (told.data["in_groups"], told.data["stood_in_for"]) == (["leads"], [LEA])


async def test_what_an_approval_pays_is_counted_once_when_it_is_complete(database: Database) -> None:
    await opened(database, 1, amount=12_000)
    await approve(database, 1, ANA)
    assert await database.read(lambda store: store.payouts(["C-1"])) == []
    await approve(database, 1, LEA)
    (paid,) = await database.read(lambda store: store.payouts(["C-1"]))
    assert (paid.money.amount_minor, paid.customer, paid.automatic) == (12_000, "email:dana@example.com", False)


UNATTENDED = read_policy(
    TEXT.replace("enabled = false, up_to", "enabled = true, up_to").replace(
        'per_day = { USD = "200', 'per_day = { USD = "35'
    )
)


def settle(store: Store, number: int, gate: threading.Barrier | None = None) -> bool:
    """Do what opening a case does, up to the decision of the policy."""
    case_id, proposal = open_case(store, number, 2_000, email=f"{number}@example.com")
    if gate is not None:
        gate.wait(10)
    case = store.case(case_id)
    assert case is not None
    return decide_alone(store, case, proposal, policy=UNATTENDED, now=NOW)


async def test_a_case_that_the_policy_decides_says_so_everywhere(database: Database) -> None:
    assert await database.write(lambda store: settle(store, 1))
    file = await look(database, "C-1")
    assert (file.case.state, file.case.revision) == (CaseState.APPROVED, 2)
    (made,) = file.decisions
    rule = "automatic: up to 20.00 USD, at most 35.00 USD in 24 hours, 95% certain or more"
    assert (made.user_id, made.rule, made.in_groups) == (f"policy:{UNATTENDED.version}", rule, ())
    assert [one.action.name for one in file.executions] == ["refund", "ticket"]
    told = next(one for one in await said(database, 1) if one.what == "decision.automatic")
    assert told.sentence == f"Approved by the policy without a person: {rule}."
    (paid,) = await database.read(lambda store: store.payouts(["C-1"]))
    assert paid.automatic


async def test_two_cases_at_once_do_not_pass_the_limit_of_a_day(database: Database) -> None:
    gate = threading.Barrier(2) if database.engine == "postgresql" else None  # SQLite has one writer at a time
    decided = await asyncio.gather(*(database.write(lambda store, n=n: settle(store, n, gate)) for n in (1, 2)))  # type: ignore[misc]  # bound
    assert sorted(decided) == [False, True]
    left = await said(database, 1 + decided.index(False))
    assert left[-1].data["why"] == "It is over the limit of 35.00 USD in 24 hours without a person."


async def test_two_approvals_at_once_do_not_pass_the_limit_of_a_customer(database: Database) -> None:
    await opened(database, 1, 2)
    made = await asyncio.gather(approve(database, 1, ANA), approve(database, 2, BEN))
    assert sorted(file.case.state for _, file in made) == [CaseState.APPROVED, CaseState.OPEN]


def pause(store: Store, scope: str) -> None:
    store.pause(Pause(scope=scope, since_at=NOW, by=ANA, reason="a look first"), entry=WORKED)


@pytest.mark.parametrize("scope", [EVERYTHING, "stripe"])
async def test_while_it_is_paused_the_policy_decides_nothing(database: Database, scope: str) -> None:
    await database.write(lambda store: pause(store, scope))
    assert not await database.write(lambda store: settle(store, 1))
    told = (await said(database, 1))[-1]
    assert (told.what, told.data["why"]) == ("case.not_automatic", f"{scope.capitalize()} is paused.")


def claim(store: Store, limit: int = 9) -> list[str]:
    works = executions.claim_executions(
        store, owner="w1", until=NOW + timedelta(minutes=1), now=NOW, limit=limit, available_operations=ABLE
    )
    return [work.execution.key for work in works]


async def test_nothing_is_carried_out_while_everything_is_paused(database: Database) -> None:
    await database.write(lambda store: settle(store, 1))
    await database.write(lambda store: pause(store, EVERYTHING))
    assert await database.write(claim) == []
    await database.write(lambda store: store.resume(EVERYTHING, entry=WORKED, now=NOW))
    assert await database.write(claim) == ["call-1/refund/1"]


async def test_what_is_paused_does_not_stand_in_the_way_of_the_rest(database: Database) -> None:
    await database.write(lambda store: settle(store, 1))
    await opened(database, 2)
    await approve(database, 2, ANA)

    def first_is_done(store: Store) -> None:
        file = store.case_file("C-2")
        assert file is not None
        first, second = file.executions
        store.save_execution(first.model_copy(update={"due_at": None}), entry=WORKED, now=NOW)
        store.save_execution(second.model_copy(update={"due_at": NOW}), entry=WORKED, now=NOW)
        pause(store, "stripe")

    await database.write(first_is_done)
    assert await database.write(lambda store: claim(store, limit=1)) == ["call-2/ticket/1"]
