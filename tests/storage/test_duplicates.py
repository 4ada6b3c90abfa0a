"""Test that what a person's approvals paid counts for them, also if somebody approved in their place."""

from datetime import timedelta

import pytest

from bot.core.model import Kind, Money
from storage import Database, Store
from storage.duplicates import Payout
from tests.support.rows import NOW, WORKED, a_case, a_decision, a_proposal

DAY = timedelta(hours=24)
PAYOUT = Payout(
    case_id="C-1",
    version=1,
    kind=Kind.REFUND,
    customer=None,
    money=Money(amount_minor=9000, currency="USD"),
    approved_at=NOW,
)


@pytest.mark.parametrize(
    ("user_id", "minor"),
    [("U0SAM00001", 9000), ("U0ANA00001", 9000), ("U0BEN00001", 9000), ("U0LEA00001", 0), ("U0ANA0000", 0)],
)
async def test_who_is_stood_in_for_spends_what_the_delegate_approves(
    database: Database, user_id: str, minor: int
) -> None:
    def fill(store: Store) -> int:
        store.add_case(a_case(), entry=WORKED, now=NOW)
        store.add_proposal(a_proposal())
        lent = a_decision("U0SAM00001", stood_in_for=("U0ANA00001", "U0BEN00001"))
        store.add_decision(lent, entry=WORKED)
        store.add_payout(PAYOUT)
        return store.approved_by(user_id, "USD", NOW - DAY)

    assert await database.write(fill) == minor
