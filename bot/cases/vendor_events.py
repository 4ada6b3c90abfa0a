"""Record what a vendor reports later in the case it concerns, once; the card's thread shows it."""

from datetime import datetime

from bot.cases.change import change_case
from bot.core.model import Entry
from bot.core.vendor_events import Report
from storage import Store


def record_event(store: Store, report: Report, case_ids: list[str], *, identity: str, now: datetime) -> list[str]:
    """Record the report and return the ids of its cases; none for a repeat and for what concerns none of ours."""
    if not store.first_time(identity, now):
        return []
    told: list[str] = []
    for case_id in case_ids:
        case = store.case(case_id, lock=True)
        if case is not None:
            change_case(store, case, now, Entry(actor="vendor", what=report.what, sentence=report.sentence))
            told.append(case_id)
    return told


def concerned(store: Store, report: Report) -> list[str]:
    """Return the case of our own reference, else those that state the record. A search, so not for a write."""
    if report.case_id:
        return [report.case_id]
    found = [case.case_id for record in report.record_ids for case in store.find_cases(text=record, limit=10)]
    return sorted(set(found))
