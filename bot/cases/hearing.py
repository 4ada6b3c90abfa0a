"""What a vendor reports later is written into the case it concerns, once, and shows on its card's thread."""

from datetime import datetime

from bot.cases.running import save
from bot.core.hooks import Report
from bot.core.model import Entry
from storage import Store


def heard(store: Store, report: Report, *, identity: str, now: datetime) -> list[str]:
    """The ids of the cases that were told; empty for a repeat and for what concerns none of ours."""
    if not store.first_time(identity, now):
        return []
    case_ids = [report.case_id] if report.case_id else _naming(store, report)
    told: list[str] = []
    for case_id in case_ids:
        case = store.case(case_id, lock=True)
        if case is not None:
            save(store, case, now, Entry(actor="vendor", what=report.what, sentence=report.sentence))
            told.append(case_id)
    return told


def _naming(store: Store, report: Report) -> list[str]:
    """Cases that state the record; one record may have been called about twice."""
    found = [case.case_id for record in report.record_ids for case in store.find_cases(text=record, limit=10)]
    return sorted(set(found))
