"""Redeliver a call: what it replaces is told to those who had approved it, and nothing else is."""

from datetime import timedelta

from bot.core.model import Money
from bot.core.notices import Notice
from storage import Database
from tests.support.kinds import NOW, told
from tests.support.offers import approve, charged, tell
from tests.support.policies import ANA

LATER = NOW + timedelta(minutes=5)


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
