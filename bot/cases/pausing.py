"""Nothing of a paused scope is carried out: by an admin's word, or because a vendor does not accept our credentials."""

from datetime import datetime

from bot.cases.running import save
from bot.core.model import Entry
from bot.core.people import EVERYTHING, Pause
from storage import Store

MOST = 500  # waiting cases that are told at once; the others say it when they are drawn again


def pause(store: Store, scope: str, *, by: str, reason: str, now: datetime) -> bool:
    """False where it is paused already. What waits says on its card why it does not go on."""
    entry = Entry(actor=by, what="pause.set", sentence=f"Paused {scope}: {reason}", data={"scope": scope})
    if not store.pause(Pause(scope=scope, since_at=now, by=by, reason=reason), entry=entry):
        return False
    _tell(store, scope, f"Paused: {reason}", now)
    return True


def resume(store: Store, scope: str, *, by: str, now: datetime) -> bool:
    """False where it was not paused."""
    entry = Entry(actor=by, what="pause.ended", sentence=f"Resumed {scope}.", data={"scope": scope})
    if not store.resume(scope, entry=entry, now=now):
        return False
    _tell(store, scope, None, now)
    return True


def _tell(store: Store, scope: str, detail: str | None, now: datetime) -> None:
    connector = None if scope == EVERYTHING else scope
    for execution in store.waiting_executions(connector, MOST):
        case = store.case(execution.case_id, lock=True)
        if case is None or execution.detail == detail:
            continue
        entry = Entry(actor="worker", what="execution.paused" if detail else "execution.resumed")
        store.save_execution(execution.model_copy(update={"detail": detail}), entry=entry, now=now)
        save(store, case, now, Entry(actor="worker", what="case.progress", sentence=detail or "Goes on."))
