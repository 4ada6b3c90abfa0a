"""A call that DialNexa tells again takes nothing back of what a person has said since."""

from datetime import timedelta

from bot.cases import calls
from bot.cases.calls import CallHistory
from bot.core.model import Call, Details, Fields, Kind, Money
from bot.core.notices import Notice
from storage import Database, Store
from tests.support.kinds import EVERYTHING, NOW, SHIPPED, told
from tests.support.offers import approve, charged, look, tell
from tests.support.policies import ANA

LATER = NOW + timedelta(minutes=5)


async def test_a_form_that_only_confirms_what_was_stated_counts_although_the_call_comes_again_before_it_is_read(
    database: Database,
) -> None:
    call, facts = told("refund-small", confidence=0.4), (charged(100_000),)
    case_id = await tell(database, call, facts)
    before = await look(database, case_id)
    assert before.case.kind is Kind.REVIEW
    confirmed = Details(fields=Fields(call_intent=call.details.fields.call_intent))
    form = Call(call_id=call.call_id, author=ANA, event="form", details=confirmed)

    def both_come_and_one_job_reads_them(store: Store) -> None:
        calls.receive(store, form, body_sha256="form", now=LATER)
        calls.receive(store, call, body_sha256="again", now=LATER)
        every = CallHistory(call.call_id, tuple(store.calls_of(call.call_id)))
        calls.settle(store, every, facts, policy=SHIPPED, available_operations=EVERYTHING, now=LATER)

    await database.write(both_come_and_one_job_reads_them)
    after = await look(database, case_id)
    assert after.case.details == before.case.details
    assert (after.case.kind, after.case.version, after.proposal.authors) == (Kind.REFUND, 2, (ANA,))


async def test_who_approved_what_is_replaced_is_told_that_it_no_longer_counts(database: Database) -> None:
    call, facts = told("refund-duplicate"), (charged(12_950, "pi_DUPLICATE"),)
    case_id = await tell(database, call, facts)
    await approve(database, case_id, ANA)
    await tell(database, call, facts, minutes=1)
    assert await notices(database) == []  # the same again replaces nothing
    money = Money(amount_minor=12_000, currency="USD")
    less = told("refund-duplicate", amount="120.00").details.model_copy(update={"money": money})
    await tell(database, call.model_copy(update={"details": less}), facts, minutes=2)
    (notice,) = await notices(database)
    assert notice.recipient == ANA
    assert "This is version 2; earlier approvals do not count for it." in notice.text


async def notices(database: Database) -> list[Notice]:
    return await database.write(lambda store: store.due_notices(LATER, 99))
