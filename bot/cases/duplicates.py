"""Find the cases about the same charge, of which only one is paid."""

from collections.abc import Iterable
from datetime import datetime

from bot.cases.change import change_case
from bot.core.duplicates import (
    DUPLICATE_WINDOW,
    SAME_SUM_WINDOW,
    customer_key,
    paid_already,
    paid_before,
    records,
    similar,
    sum_key,
)
from bot.core.model import Case, CaseState, Details, Earlier, Entry, Fact, Verdict
from storage import Store

MOST = 10  # earlier cases on one card


def earlier_cases(
    store: Store, case_id: str, details: Details, facts: Iterable[Fact], now: datetime
) -> tuple[Earlier, ...]:
    """Return duplicates and hints, exact ones first, each with what it was approved to pay; later cases count too.

    Of exact ones what was paid comes first: however many calls there are about it, that one is never left out.
    """
    same = _same(store, case_id, details, facts, now)
    near = {other: why for other, why in _near(store, case_id, details, now).items() if other not in same}
    exact = [one for other, why in same.items() if (one := _earlier(store, other, why, exact=True)) is not None]
    hints = [one for other, why in near.items() if (one := _earlier(store, other, why, exact=False)) is not None]
    return (*sorted(exact, key=lambda one: one.paid is None), *hints)[:MOST]


def _same(store: Store, case_id: str, details: Details, facts: Iterable[Fact], now: datetime) -> dict[str, str]:
    words = records(details, facts)
    matching = store.with_keys(words, now - DUPLICATE_WINDOW)
    # by the name that people know: a payment has more names than the one that was stated
    found = {other: next(word for key, word in words.items() if key in keys) for other, keys in matching.items()}
    if (key := sum_key(details)) is not None:
        for other in store.with_keys([key], now - SAME_SUM_WINDOW):
            found.setdefault(other, "the same customer and amount")
    found.pop(case_id, None)
    return found


def _near(store: Store, case_id: str, details: Details, now: datetime) -> dict[str, str]:
    customer = customer_key(details)
    if customer is None or details.money is None:
        return {}
    others = [other for other in store.with_keys([f"customer:{customer}"], now - SAME_SUM_WINDOW) if other != case_id]
    cases = [case for other in others if (case := store.case(other)) is not None]
    alike = [case for case in cases if similar(case.details.money, details.money)]
    return {case.case_id: "the same customer and a similar amount" for case in alike}


def _earlier(store: Store, case_id: str, why: str, *, exact: bool) -> Earlier | None:
    case = store.case(case_id)
    if case is None:
        return None
    paid = next(iter(store.payouts([case_id])), None)
    made = store.decisions(case_id, paid.version) if paid else ()
    return Earlier(
        case_id=case_id,
        kind=case.kind,
        state=case.state,
        opened_at=case.opened_at,
        why=why,
        exact=exact,
        paid=paid.money if paid else None,
        paid_at=paid.approved_at if paid else None,
        paid_by=tuple(one.user_id for one in made if one.verdict is Verdict.APPROVE),
    )


def lock_duplicates(store: Store, details: Details, facts: Iterable[Fact]) -> None:
    """Keep everybody else from opening, approving or changing a duplicate until the transaction ends."""
    one = sum_key(details)
    store.hold_keys([*records(details, facts), *([one] if one else [])])


def paid_elsewhere(store: Store, case: Case, now: datetime) -> str | None:
    """Return a sentence if a duplicate was approved to pay; then this case's card shows it too.

    Locks the duplicates, so that of two approvals at the same moment the second one sees the first.
    """
    lock_duplicates(store, case.details, case.facts)
    return _note_paid(store, case, now)


def notify_paid(store: Store, case: Case, now: datetime) -> None:
    """Show on every open duplicate that this case was approved to pay.

    The duplicates are locked by now. Rows of other cases are locked after them, elsewhere before them: PostgreSQL then
    lets one of the two transactions run again.
    """
    for other in _same(store, case.case_id, case.details, case.facts, now):
        found = store.case(other, lock=True)
        if found is not None and found.state is CaseState.OPEN:
            _note_paid(store, found, now)


def _note_paid(store: Store, case: Case, now: datetime) -> str | None:
    earlier = earlier_cases(store, case.case_id, case.details, case.facts, now)
    paid = paid_already(earlier, now)
    if paid is not None and paid_before(case.earlier) is None:  # a second click tells nothing new
        entry = Entry(actor="worker", what="case.blocked", sentence=paid)
        change_case(store, case, now, entry, earlier=earlier)
    return paid
