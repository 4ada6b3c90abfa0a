"""Check who is told of a change in a direct message: each news once, nobody of their own click."""

from datetime import timedelta
from typing import Any

import pytest

from bot.cases import deliveries
from bot.cases import notices as case_notices
from bot.cases.change import change_case
from bot.cases.notices import NoticeJob
from bot.core.cards import notices, wording
from bot.core.model import CaseState, Details, Entry, Fields
from bot.core.notices import Notice
from storage import Database, Store
from tests.support.outside import button
from tests.support.rows import NOW, a_case, a_decision, held, open_case
from tests.support.world import ANA, BEN, LEA, SAM, World

SECOND = timedelta(seconds=1)
REJECT = "case.reject"


async def change(db: Database, what: str, actor: str = "worker", after: float = 0, **update: Any) -> None:
    def write(store: Store) -> None:
        now = NOW + after * SECOND
        change_case(store, held(store), now, Entry(actor=actor, what=what, sentence="Something came late."), **update)

    await db.write(write)


async def waiting(db: Database, at: float = 60) -> list[Notice]:
    return await db.write(lambda store: store.due_notices(NOW + at * SECOND, 99))


async def opened(db: Database, **changes: Any) -> None:
    """Asked for by Sam, owned by Lea, approved by Ana."""

    def write(store: Store) -> None:
        open_case(store, **{"opened_by": SAM, "owner": LEA, **changes})
        store.add_decision(a_decision(ANA, decided_at=NOW - SECOND), entry=Entry(actor=ANA, what="decision.approve"))

    await db.write(write)


@pytest.mark.parametrize(
    ("what", "actor", "told"),
    [
        ("case.approved", "worker", {SAM, LEA}),
        ("case.rejected", "worker", {SAM, LEA}),
        ("case.expired", "worker", {SAM, LEA}),
        ("case.done", "worker", {SAM, LEA, ANA}),
        ("case.settled", "worker", {SAM, LEA, ANA}),
        ("case.stuck", "worker", {SAM, LEA, ANA}),
        ("case.blocked", "worker", {SAM, LEA, ANA}),
        ("case.retry", ANA, {SAM, LEA}),  # her own click
        ("case.escalated", "worker", {LEA}),
        ("stripe.refund.failed", "vendor", {SAM, LEA, ANA}),
        ("case.progress", "worker", set()),
        ("case.reminded", "worker", set()),
    ],
)
async def test_each_change_is_told_to_those_whom_it_concerns(
    database: Database, what: str, actor: str, told: set[str]
) -> None:
    await opened(database)
    await change(database, what, actor)
    assert {notice.recipient for notice in await waiting(database)} == told


async def test_nobody_is_told_where_only_groups_and_systems_are_concerned(database: Database) -> None:
    await opened(database, opened_by="dialnexa", owner="finance")
    await change(database, "case.rejected")
    assert await waiting(database) == []


async def test_who_had_a_case_hears_that_somebody_took_it(database: Database) -> None:
    await opened(database)

    def taken(store: Store) -> None:
        data = {"from": LEA, "to": BEN}
        change_case(store, held(store), NOW, Entry(actor=BEN, what="case.taken", data=data), owner=BEN)

    await database.write(taken)
    assert [notice.recipient for notice in await waiting(database)] == [LEA]


async def test_a_workflow_that_waits_is_told_the_end_and_nothing_else(database: Database) -> None:
    await opened(database, opened_by="dialnexa", owner="finance", workflow="Fx1")
    await change(database, "case.stuck", after=1)
    await change(database, "case.rejected", after=2, state=CaseState.REJECTED, closing="Not ours.")
    found = [notice for notice in await waiting(database) if notice.recipient.startswith("workflow:")]
    assert [notice.recipient for notice in found] == ["workflow:Fx1"]


async def claimed(db: Database, at: float) -> list[NoticeJob]:
    now = NOW + at * SECOND
    return await db.write(
        lambda store: deliveries.claim(
            store,
            case_notices.due(store, now, 9, frozenset()),
            owner="w1",
            until=now + 60 * SECOND,
            now=now,
            may_post=lambda _: True,
        )
    )


async def test_what_happens_within_three_seconds_is_one_message_and_what_comes_later_another(
    database: Database,
) -> None:
    await opened(database, owner="finance")
    await change(database, "case.approved", state=CaseState.APPROVED)
    assert await claimed(database, 2.9) == []
    await change(database, "case.done", after=2.9, state=CaseState.DONE)
    to_sam = [job.delivery for job in await claimed(database, 3) if job.delivery.recipient == SAM]
    assert [notice.text.split("\n")[1:] for notice in to_sam] == [
        ["Approved; its steps are being carried out.", "Done: every step has its receipt."]
    ]
    await change(database, "refund.updated", "vendor", after=4)  # the message before it is on its way
    await change(database, "refund.failed", "vendor", after=5)
    later = [job.delivery for job in await claimed(database, 8) if job.delivery.recipient == SAM]
    assert [notice.text.split("\n")[1:] for notice in later] == [["Something came late."] * 2]


async def test_a_message_that_may_be_on_its_way_is_left_alone_and_then_looked_for(database: Database) -> None:
    await opened(database, owner="finance")
    await change(database, "case.rejected")
    (job,) = await claimed(database, 3)
    assert not job.look
    assert await claimed(database, 20) == []  # held
    await database.write(lambda store: deliveries.release(store, job, due_at=NOW + 8 * SECOND))
    assert await claimed(database, 20) == []  # too early to look
    (again,) = await claimed(database, 21)
    assert again.look
    assert again.delivery.notice_id == job.delivery.notice_id


async def test_a_job_that_lost_its_notice_writes_nothing(database: Database) -> None:
    await opened(database, owner="finance")
    await change(database, "case.rejected")
    (job,) = await claimed(database, 3)
    await database.write(lambda store: store.release_leases())
    now = NOW + 4 * SECOND
    assert not await database.write(lambda store: deliveries.settle(store, job, sent_at=now))
    assert not await database.write(lambda store: deliveries.begin(store, job, until=now, now=now))
    assert not await database.write(lambda store: case_notices.give_up(store, job, "gone", now))


def test_what_a_caller_said_calls_nobody_and_formats_nothing_in_a_direct_message() -> None:
    fields = Fields(customer_name="<!channel> *Approved* <https://evil.example.com|Stripe>\nDone")
    case = a_case(details=Details(fields=fields), closing="<@U0ANA00001> `said` so")
    entry = Entry(actor="worker", what="case.rejected")
    text = f"{wording.notice_headline(case)}\n{wording.news(case, entry)}"
    notice = Notice(notice_id="C-1/3/U1", recipient="U1", case_id="C-1", text=text, created_at=NOW)
    picture = notices.picture(notice, "https://acme.slack.com/archives/C1/p1")
    shown = picture.text + str(picture.blocks)
    assert text.count("\n") == 1
    for trick in ("<!channel>", "<@U0ANA00001>", "*Approved*", "`said`", "<https://evil"):
        assert trick not in shown
    assert "<https://acme.slack.com/archives/C1/p1|Open the card>" in shown


async def rejected(world: World, invoice: str, *, leaves: bool = False) -> str:
    """Sam asks for an invoice, and perhaps leaves; Ben says no. Returns the case's id."""
    await world.command(SAM, "finance-documents", f"/invoice-resend {invoice} ap@northwind.example")
    card = await world.card("finance-documents", says=invoice)
    world.sandbox_slack["people"][SAM]["deleted"] = leaves
    case_id = str(button(card, REJECT)[1]["value"]).partition(":")[0]
    await world.press(BEN, "finance-documents", card, REJECT)
    await world.submit(BEN, await world.form(BEN), reason=f"{invoice} is not ours")
    await world.state(case_id, "rejected")
    world.clock.let_pass(3)
    return case_id


async def ended(world: World, case_id: str, user: str) -> Notice:
    """Wait until nothing is left to do about the notice of the rejection, and return it."""
    written = [entry.n for entry in await world.history(case_id) if entry.entry.what == "case.rejected"]

    async def look() -> Notice | None:
        found = await world.app.db.read(lambda store: store.notice(f"{case_id}/{written[0]}/{user}"))
        return found if found is not None and found.due_at is None else None

    return await world.until(look, f"the end of the notice to {user}")


async def test_who_asked_hears_of_the_rejection_once_with_the_way_to_the_card(world: World) -> None:
    case_id = await rejected(world, "INV-20418")
    (text,) = await world.heard(SAM, 1)
    assert "INV-20418 is not ours" in text
    message = next(iter(world.sandbox_slack["messages"][f"D{SAM[1:]}"].values()))
    assert "|Open the card>" in str(message["blocks"])
    assert (await ended(world, case_id, SAM)).sent_at is not None
    assert world.direct(BEN) == []  # it was his own click
    world.clock.let_pass(120)
    await world.call("brand-create")
    await world.card("finance-brands")
    assert len(world.direct(SAM)) == 1


async def test_an_answer_that_was_lost_makes_no_second_message(sqlite_world: World) -> None:
    world = sqlite_world
    await rejected(world, "INV-1")
    await world.heard(SAM, 1)  # from here on it is known where Sam's messages are
    case_id = await rejected(world, "INV-2")
    await world.fault("slack", "lost_reply")
    await world.heard(SAM, 2)
    await world.fault("slack", "none")
    world.clock.let_pass(60)
    assert (await ended(world, case_id, SAM)).sent_at is not None
    assert len(world.direct(SAM)) == 2


async def test_a_message_to_somebody_who_left_is_given_up_and_the_history_says_so(sqlite_world: World) -> None:
    world = sqlite_world
    case_id = await rejected(world, "INV-3", leaves=True)
    given_up = await ended(world, case_id, SAM)
    assert given_up.sent_at is None
    assert given_up.detail == "Slack refused conversations.open: user_disabled."
    (entry,) = [one.entry for one in await world.history(case_id) if one.entry.what == "notice.given_up"]
    assert entry.data["recipient"] == SAM
    assert world.direct(SAM) == []


async def test_what_a_closed_channel_should_hear_goes_to_the_fallback(sqlite_world: World) -> None:
    world = sqlite_world
    await world.fault("slack", "archived_channel")
    now = world.clock()
    digest = Notice(notice_id="digest/1", recipient="refunds", text="Three refunds.", created_at=now, due_at=now)
    await world.app.db.write(lambda store: store.add_notice(digest))
    await world.until(lambda: _posted(world), "the digest")


async def _posted(world: World) -> bool | None:
    world.clock.let_pass(1)
    texts = [message["text"] for message in await world.messages("finance-review")]
    return texts == ["Three refunds."] or None
