"""Let time alone act on a case: once, whatever the number of processes and however often they restart."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, time
from typing import Any

import pytest

from bot.cases import calls, decisions, timers
from bot.cases.calls import CallHistory
from bot.cases.change import change_case
from bot.cases.clicks import Click
from bot.core.model import Call, CaseState, Details, Entry, Fields, Kind
from bot.core.people import Person
from bot.core.policy import Policy, Region
from bot.core.slack_ids import CaseRef
from bot.core.timers import schedule
from bot.core.triage import case_id_of
from bot.jobs import Base, Outside
from bot.jobs.timers import Timers
from bot.slack import Pace, Slack
from storage import Database, RuleBroken, Store, open_database
from tests.support.outside import buttons
from tests.support.rows import DETAILS, WORKED, a_call, held, loaded, open_case, raw
from tests.support.world import ANA, a_world, changed_policy
from tests.unit.test_timers import DAY, FRIDAY, HOUR, MONDAY_9, a_policy

POLICY = a_policy(
    kinds={"refund": {"escalate": ({"after": 26 * HOUR, "to": "leads"},)}},
    time={"reminders": (4 * HOUR, 20 * HOUR), "expires": 4 * DAY, "warn_before_expiry": 4 * HOUR},
)
PROMISED = DETAILS.model_copy(update={"fields": Fields(follow_up_deadline="2026-11-26")})
THURSDAY_9 = MONDAY_9 + 3 * DAY


def a_process(db: Database, now: Callable[[], datetime], policy: Policy = POLICY) -> Timers:
    slack = Slack(token="xoxb-made-up", api_url="http://127.0.0.1:9/", clock=now)  # nothing is sent
    outside = Outside(slack, Pace(0), {})
    return Timers(Base(db=db, outside=outside, policy=policy, owner="w1", clock=now))


async def turn(db: Database, now: datetime, policy: Policy = POLICY) -> None:
    """Do what the lane does with all that is due."""
    jobs = a_process(db, lambda: now, policy)
    for case_id in await jobs.claim(100):
        await jobs.fire(case_id)


async def started(db: Database, policy: Policy = POLICY, **changes: Any) -> None:
    def write(store: Store) -> None:
        open_case(store, opened_at=FRIDAY, **changes)
        store.set_timers(schedule(policy, held(store), FRIDAY))

    await db.write(write)


async def happened(db: Database) -> list[tuple[str, datetime]]:
    """Return what time alone has brought, and when."""
    history = await db.read(lambda store: store.history("C-1"))
    return [(entry.entry.what, entry.at) for entry in history if "timer" in entry.entry.data]


async def planned(db: Database) -> dict[str, datetime]:
    found = await db.read(lambda store: store.timers("C-1"))
    return {timer.name: timer.due_at for timer in found if timer.fired_at is None}


@asynccontextmanager
async def processes(url: str, count: int) -> AsyncIterator[list[Database]]:
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            opened.append(await open_database(url))
            stack.push_async_callback(opened[-1].close)
        yield opened


async def test_each_timer_fires_once_whatever_the_number_of_processes(database_url: str) -> None:
    count = 3 if database_url.startswith("postgresql") else 1  # SQLite takes one process only
    async with processes(database_url, count) as databases:
        await started(databases[0])
        now = FRIDAY + 4 * HOUR
        jobs = [a_process(db, lambda: now) for db in databases for _ in range(3)]
        claimed = await asyncio.gather(*(job.claim(9) for job in jobs))
        assert claimed == [["C-1"]] * len(jobs)  # all of them see it
        await asyncio.gather(*(job.fire("C-1") for job in jobs))
        assert await happened(databases[0]) == [("case.reminded", now)]


async def test_a_whole_life_by_time_alone_in_order_over_many_restarts(database_url: str) -> None:
    async with processes(database_url, 1) as (db,):
        await started(db)
    for half_day in range(14):
        async with processes(database_url, 1) as (db,):
            await turn(db, FRIDAY + HOUR + half_day * DAY / 2)
    async with processes(database_url, 1) as (db,):
        things = [what for what, _ in await happened(db)]
    assert things == ["case.reminded", "case.escalated", "case.warned", "case.expired"]


async def test_every_hour_of_two_weeks_brings_each_thing_at_its_time(database: Database) -> None:
    await started(database, details=PROMISED)
    for hour in range(14 * 24):
        await turn(database, FRIDAY + hour * HOUR)
    assert await happened(database) == [
        ("case.reminded", FRIDAY + 4 * HOUR),
        ("case.escalated", MONDAY_9),  # the second reminder falls on the same opening, and calls nobody twice
        ("case.warned", MONDAY_9 + 22 * HOUR + 2 * HOUR),
        ("case.expired", MONDAY_9 + DAY + 4 * HOUR),
        ("case.follow_up", THURSDAY_9),
    ]
    case = await loaded(database)
    assert (case.state, case.owner) == (CaseState.EXPIRED, "leads")
    assert case.closing == "Nobody decided by Tue 24 Nov, 13:00 CET; nothing was run."


async def test_after_a_week_without_a_worker_the_case_expires_at_once_and_nobody_is_reminded_of_it(
    database: Database,
) -> None:
    await started(database, details=PROMISED)
    back = FRIDAY + 7 * DAY
    await turn(database, back)
    assert await happened(database) == [("case.expired", back), ("case.follow_up", back)]
    assert await planned(database) == {}


async def test_the_database_itself_lets_no_timer_fire_twice(database: Database, database_url: str) -> None:
    await started(database)
    await turn(database, FRIDAY + 4 * HOUR)
    with pytest.raises(Exception, match="timer that fired"):
        raw(database_url, "UPDATE timers SET fired_at = NULL WHERE name = 'reminder:1'")


async def test_a_timer_whose_transaction_fails_stays_due(database: Database) -> None:
    await started(database)

    def fail(store: Store) -> None:
        timers.fire(store, "C-1", policy=POLICY, now=FRIDAY + 4 * HOUR)
        raise RuleBroken("on purpose")

    with pytest.raises(RuleBroken):
        await database.write(fail)
    await turn(database, FRIDAY + 5 * HOUR)
    assert await happened(database) == [("case.reminded", FRIDAY + 5 * HOUR)]


async def entry(db: Database, what: str) -> Entry:
    history = await db.read(lambda store: store.history("C-1"))
    return next(one.entry for one in history if one.entry.what == what)


async def test_a_reminder_says_what_is_missing_and_calls_the_owner_and_who_can_decide(database: Database) -> None:
    policy = a_policy(
        bands=({"quorum": 2, "groups": ("finance", "leads"), "at_least": {"leads": 1}},),
        time={"reminders": (4 * HOUR,)},
    )
    await started(database, policy, owner="admins", due_at=MONDAY_9)
    await turn(database, FRIDAY + 4 * HOUR, policy)
    reminder = await entry(database, "case.reminded")
    assert reminder.sentence is not None
    assert reminder.sentence.endswith("It is due Mon 23 Nov, 09:00 CET.")
    assert reminder.data["mentions"] == ["U0ADMIN001", "@finance", "@leads"]


async def test_an_escalation_makes_the_next_group_or_person_the_owner_and_calls_them(database: Database) -> None:
    policy = a_policy(kinds={"refund": {"escalate": ({"after": HOUR, "to": "leads"}, {"after": DAY, "to": ANA})}})
    await started(database, policy)
    await turn(database, FRIDAY + HOUR, policy)
    assert (await loaded(database)).owner == "leads"
    assert (await entry(database, "case.escalated")).data["mentions"] == ["@leads"]
    await turn(database, MONDAY_9 + DAY, policy)
    second = await loaded(database)
    assert (second.owner, second.state) == (ANA, CaseState.OPEN)


async def settle(db: Database, *versions: Call, now: datetime) -> None:
    def write(store: Store) -> None:
        calls.receive(store, versions[-1], body_sha256=str(len(versions)), now=now)
        calls.settle(
            store, CallHistory("call-1", versions), (), policy=POLICY, available_operations=frozenset(), now=now
        )

    await db.write(write)


async def test_a_call_that_becomes_a_case_sets_its_timers_and_a_change_moves_only_what_it_concerns(
    database: Database,
) -> None:
    told = a_call().model_copy(update={"details": Details(fields=Fields(call_intent="billing_question"))})
    promised = told.model_copy(
        update={"details": Details(fields=Fields(call_intent="billing_question", follow_up_deadline="2026-11-26"))}
    )
    await settle(database, told, now=FRIDAY)
    case_id = case_id_of("call-1")

    async def set_now() -> dict[str, datetime]:
        return {timer.name: timer.due_at for timer in await database.read(lambda store: store.timers(case_id))}

    first = await set_now()
    assert {"reminder:1", "reminder:2", "warning", "expiry"} <= set(first)
    await settle(database, told, promised, now=FRIDAY + HOUR)
    second = await set_now()
    assert second.pop("follow_up").date() == THURSDAY_9.date()
    assert second == first


async def test_another_kind_begins_its_time_anew(database: Database) -> None:
    await started(database)

    def becomes_a_vip_blocker(store: Store) -> None:
        change_case(store, held(store), FRIDAY + HOUR, WORKED, policy=POLICY, kind=Kind.VIP_BLOCKER, urgent=True)

    await database.write(becomes_a_vip_blocker)
    found = await planned(database)
    assert found["escalation:1"] == FRIDAY + HOUR + HOUR / 4
    assert found["reminder:2"] == FRIDAY + 21 * HOUR
    assert found["expiry"] == FRIDAY + HOUR + 4 * DAY


@pytest.mark.parametrize("details", [DETAILS, PROMISED])
async def test_a_decision_stops_everything_but_what_was_promised_to_the_caller(
    database: Database, details: Details
) -> None:
    await started(database, details=details)
    click = Click(person=Person(user_id=ANA, groups=frozenset({"finance"})), ref=CaseRef("C-1", 1), identity="click-1")
    await database.write(lambda store: decisions.reject(store, click, "Not ours.", policy=POLICY, now=FRIDAY))
    promised = {"follow_up": THURSDAY_9} if details is PROMISED else {}
    assert await planned(database) == promised
    await turn(database, FRIDAY + 14 * DAY)
    assert [what for what, _ in await happened(database)] == ["case.follow_up"] * len(promised)


ALWAYS_OPEN = Region(business_days=tuple(range(7)), opens=time.min, closes=time.max)


async def test_people_are_called_in_the_thread_and_an_expired_card_has_no_buttons(database_url: str) -> None:
    policy = changed_policy().model_copy(update={"regions": {"default": ALWAYS_OPEN}})
    async with a_world(database_url, policy=policy) as world:
        _, card = await world.opened("refund-small", "finance-refunds")
        world.clock.let_pass(4 * 3600 + 1)
        await world.thread_line("finance-refunds", card["ts"], "Reminder:")
        story = "\n".join(await world.thread("finance-refunds", card["ts"]))
        assert story.count("Reminder:") == 1
        assert "<!subteam^S0FINANCE1>" in story
        world.clock.let_pass(3 * 86_400)
        card = await world.card("finance-refunds", says="expired")
        assert buttons(card) == {}
