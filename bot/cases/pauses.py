"""Pause and resume a connector or everything: by an admin's word, or since a vendor does not accept our credentials."""

from collections.abc import Iterable
from datetime import datetime

from bot.cases.change import change_case
from bot.core.model import Entry
from bot.core.notices import Notice
from bot.core.people import EVERYTHING, Pause
from storage import Store

PAUSED = "Paused: "
WORKER = "worker"  # who pauses where a vendor does not accept our credentials
MOST = 500  # waiting cases that are told at once


def pause(store: Store, scope: str, *, by: str, reason: str, now: datetime) -> bool:
    """Pause a scope; cards of waiting steps say why. False where it is paused already."""
    entry = Entry(actor=by, what="pause.set", sentence=f"Paused {scope}: {reason}", data={"scope": scope})
    if not store.pause(Pause(scope=scope, since_at=now, by=by, reason=reason), entry=entry):
        return False
    _show(store, scope, f"{PAUSED}{reason}", now)
    return True


def pause_for_credentials(store: Store, scope: str, *, reason: str, tell: Iterable[str], now: datetime) -> bool:
    """Pause a connector whose credentials are not accepted. `tell`: recipients of a notice each. False: known already.

    `resume` ends it, by an admin's word or by the worker once the vendor takes the credentials again.
    """
    if not pause(store, scope, by=WORKER, reason=reason, now=now):
        return False
    for recipient in tell:
        notice_id = f"pause/{scope}/{now.isoformat()}/{recipient}"
        text = f"{scope.capitalize()} is paused\n{reason}"
        store.add_notice(Notice(notice_id=notice_id, recipient=recipient, text=text, created_at=now, due_at=now))
    return True


def auth_failed(store: Store) -> dict[str, str]:
    """Return scope -> reason of the connectors whose credentials are not accepted."""
    return {one.scope: one.reason for one in store.pauses() if one.by == WORKER}


def tell_waiting(store: Store, paused: Iterable[Pause], now: datetime) -> None:
    """Show the pause on the card of each step that became due since; of several pauses the first one is shown."""
    for one in paused:
        _show(store, one.scope, f"{PAUSED}{one.reason}", now, again=False)


def resume(store: Store, scope: str, *, by: str, now: datetime) -> bool:
    """Resume a scope; False where it was not paused."""
    entry = Entry(actor=by, what="pause.ended", sentence=f"Resumed {scope}.", data={"scope": scope})
    if not store.resume(scope, entry=entry, now=now):
        return False
    _show(store, scope, None, now)
    return True


def resume_all(store: Store, named: str, *, by: str, now: datetime) -> list[str]:
    """Return the scopes that were resumed: the one that is named, or all of them if the name is empty."""
    scopes = [paused.scope for paused in store.pauses() if named in ("", paused.scope)]
    return [scope for scope in scopes if resume(store, scope, by=by, now=now)]


def _show(store: Store, scope: str, detail: str | None, now: datetime, *, again: bool = True) -> None:
    connector = None if scope == EVERYTHING else scope
    for execution in store.waiting_executions(connector, MOST):
        told = execution.detail == detail or (not again and (execution.detail or "").startswith(PAUSED))
        if told or (case := store.case(execution.case_id, lock=True)) is None:
            continue
        entry = Entry(actor="worker", what="execution.paused" if detail else "execution.resumed")
        store.save_execution(execution.model_copy(update={"detail": detail}), entry=entry, now=now)
        change_case(store, case, now, Entry(actor="worker", what="case.progress", sentence=detail or "Goes on."))
